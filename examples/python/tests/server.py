"""The server in Rust that the tests talk to: `conformance`, a binary of the package countersign-tests."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import unittest
from pathlib import Path

ROOT = Path(__file__).parents[3]


class Server:
    """The server, until it is told to stop."""

    def __init__(self) -> None:
        command = os.environ.get("COUNTERSIGN_CONFORMANCE")
        if command is None:
            subprocess.run(["cargo", "build", "--quiet", "--package", "countersign-tests", "--bin", "conformance"],
                           cwd=ROOT, check=True)
            command = str(Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug/conformance")
        self.command_line = Path(command).with_name("countersign")  # if that was built too
        self.process = subprocess.Popen([command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env=os.environ | {"RUST_BACKTRACE": "0"})
        assert self.process.stdout
        self.said = json.loads(self.process.stdout.readline())
        self.address, self.identity = self.said["address"], Path(self.said["folder"]) / "alice"

    def stop(self) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class ServerCase(unittest.IsolatedAsyncioTestCase):
    """Tests that share one server."""
    server: Server

    @classmethod
    def setUpClass(cls) -> None:
        cls.server = Server()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.server.stop()

    async def asyncSetUp(self) -> None:
        # How fast this machine is just now is not our subject.
        asyncio.get_running_loop().slow_callback_duration = 60
