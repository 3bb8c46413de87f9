"""Whom a client must refuse."""

from __future__ import annotations

import shutil
import tempfile
import unittest
from pathlib import Path

from countersign import ConnectError, connect
from tests.server import ServerCase

REFUSALS = {
    "sound": "without a goodbye",  # nothing is wrong with it but that it hangs up
    "expired": "certificate has expired",
    "not valid yet": "certificate is not yet valid",
    "for clients": "certificate purpose",
    "without usages": "no extended key usage",
    "without key usage": "may not sign",
    "an authority": "that of an authority",
    "without an ID": "not one SPIFFE ID",
    "two IDs": "not one SPIFFE ID",
    "an ID and another URI": "not one SPIFFE ID",
    "an ID without a path": "not one SPIFFE ID",
    "an ID in capitals": "not one SPIFFE ID",
    "another trust domain": "not of the trust domain",
    "an unknown authority": "unable to get local issuer certificate",
    "another protocol": "no_application_protocol",
    "no protocol": "does not speak countersign/1",
}


class Identity(ServerCase):
    forged: Path  # an identity of another authority, which trusts that one

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.forged = Path(cls.server.said["spoilt"]["folder"]) / "alice"

    async def test_a_client_refuses_each_server_for_what_is_wrong_with_it(self) -> None:
        servers = self.server.said["spoilt"]["servers"]
        self.assertEqual(sorted(servers), sorted(REFUSALS))
        for name, address in servers.items():
            with self.subTest(name), self.assertRaises(ConnectError) as refused:
                await connect(address, self.forged)
            self.assertIn(REFUSALS[name], str(refused.exception))

    async def test_a_file_that_is_missing_is_named(self) -> None:
        with tempfile.TemporaryDirectory() as folder, self.assertRaisesRegex(ConnectError, "cert.pem: no such file"):
            await connect(self.server.address, folder)

    async def test_a_client_refuses_a_server_for_another_host(self) -> None:
        address = self.server.said["spoilt"]["servers"]["sound"].replace("localhost", "127.0.0.1")
        with self.assertRaisesRegex(ConnectError, "127.0.0.1"):
            await connect(address, self.forged)

    async def test_a_client_may_expect_an_id_in_place_of_a_host(self) -> None:
        ours = "spiffe://conformance.internal/server"
        async with await connect(self.server.address, self.server.identity, expect=ours) as client:
            self.assertEqual(client.server, ours)
        with self.assertRaisesRegex(ConnectError, "is not spiffe://conformance.internal/other"):
            await connect(self.server.address, self.server.identity, expect="spiffe://conformance.internal/other")

    async def test_a_client_that_is_refused_says_what_it_heard(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for name in ("cert.pem", "key.pem"):
                shutil.copy(self.forged / name, folder)
            shutil.copy(self.server.identity / "ca.pem", folder)
            with self.assertRaisesRegex(ConnectError, "refused us: unknown_ca; probably"):
                await connect(self.server.address, folder)


if __name__ == "__main__":
    unittest.main()
