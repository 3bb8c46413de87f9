"""countersign.py as a script: what it is told, what it says, and how it ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import unittest
from pathlib import Path
from typing import Any

from countersign import connect
from tests.server import ServerCase

SCRIPT = Path(__file__).parents[1] / "countersign.py"


class Script(ServerCase):
    def command(self, name: str, *arguments: str) -> list[str]:
        return [sys.executable, str(SCRIPT), name, self.server.address, *arguments,
                "--identity", str(self.server.identity)]

    def run_script(self, name: str, *arguments: str, items: str = "") -> tuple[int, str, str]:
        done = subprocess.run(self.command(name, *arguments), input=items, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout, done.stderr

    def test_list_shows_services_and_procedures(self) -> None:
        code, out, err = self.run_script("list")
        self.assertEqual((code, err), (0, ""))
        self.assertIn("conformance.Test  What another implementation is measured by.", out)
        self.assertRegex(out, r"  conformance\.Test/empty +Nothing there, and nothing back\.\n")
        self.assertRegex(out, r"  conformance\.Test/converse +both ways +For each number an item")

    def test_list_prints_json_for_machines(self) -> None:
        code, out, _ = self.run_script("list", "--json")
        listed: Any = json.loads(out)
        kinds = {each["procedure"]: each["kind"] for each in listed}
        self.assertEqual(code, 0)
        self.assertEqual(kinds["conformance.Test/converse"], "BothWays")

    def test_call_takes_json_by_the_servers_schema(self) -> None:
        everything = {
            "text": "чай", "bytes": "AP8=", "least": "-9223372036854775808", "greatest": 18446744073709551615,
            "float": 1, "floats": ["NaN", "-Infinity", 0.5], "yes": True, "moment": "2026-11-22T19:00:00.5Z",
            "day": "2026-02-28", "by_name": {"a": 1}, "by_number": {"-1": "less"}, "pair": [1, "one"],
            "shapes": ["Point", {"Circle": 0.5}, {"Segment": [1, 2]}, {"Square": {"side": 4}}],
        }
        code, out, err = self.run_script("call", "conformance.Test/everything", json.dumps({"everything": everything}))
        self.assertEqual((code, err), (0, ""))
        self.assertEqual(json.loads(out), everything | {"least": -(2**63), "absent": None})

    def test_arguments_that_do_not_fit_are_named_before_anything_is_sent(self) -> None:
        for arguments, named in [('{"fault": {"Left": "x"}}', "fault.Left"), ('{"fault": {"Left": -1}}', "fault.Left"),
                                 ('{"dry_run": 1}', "dry_run"), ("{}", "fault: missing"), ("{", "not JSON")]:
            with self.subTest(arguments):
                code, out, err = self.run_script("call", "conformance.Test/fault", arguments)
                self.assertEqual((code, out), (1, ""))
                self.assertIn(named, err)

    def test_a_fault_is_shown_with_its_contents(self) -> None:
        code, out, err = self.run_script("call", "conformance.Test/fault", '{"fault": {"Left": 3}}')
        self.assertEqual((code, out), (1, ""))
        self.assertEqual(err, 'error: FAILED_PRECONDITION: only 3 left; fault: {"Left":3}\n')
        code, _, err = self.run_script("call", "conformance.Test/fault", '{"fault": "Nothing"}', "--json")
        self.assertEqual(json.loads(err)["error"]["status"], {
            "code": "NOT_FOUND", "message": "there is nothing", "fault": "Nothing", "handler_ran": "yes",
            "retry_after_ms": None})

    def test_items_go_in_and_come_out_a_line_each(self) -> None:
        code, out, err = self.run_script("call", "conformance.Test/converse", items="3\n0\n")
        self.assertEqual((code, out, err), (0, '"AAAA"\n""\n2\n', ""))
        code, out, err = self.run_script("call", "conformance.Test/sizes", "--json", items='"AAAA"\n\n"AA=="\n')
        self.assertEqual((code, out, err), (0, '{"result":[[3,1],4]}\n', ""))

    def test_an_item_that_does_not_fit_ends_the_call(self) -> None:
        code, out, err = self.run_script("call", "conformance.Test/converse", items='3\n"x"\n')
        self.assertEqual(code, 1)
        self.assertIn("error: standard input, line 2: expected integer (u32), found the text", err)
        code, _, err = self.run_script("call", "conformance.Test/converse", items="{\n")
        self.assertEqual(code, 1)
        self.assertIn("error: standard input, line 1: not JSON: ", err)
        code, _, err = self.run_script("call", "conformance.Test/converse", "--items", "none.jsonl")
        self.assertEqual((code, err), (1, "error: none.jsonl: cannot be read: No such file or directory\n"))
        code, _, err = self.run_script("call", "conformance.Test/peer", "--items", "-")
        self.assertEqual((code, err), (1, "error: conformance.Test/peer takes no items\n"))

    def test_items_are_marked_for_machines(self) -> None:
        code, out, _ = self.run_script("call", "conformance.Test/produce", '{"sizes": [1, 0]}', "--json")
        self.assertEqual((code, out), (0, '{"item":"AA=="}\n{"item":""}\n{"result":2}\n'))

    def test_the_command_line_in_rust_says_the_same(self) -> None:
        if not self.server.command_line.exists():
            self.skipTest("`cargo build --package countersign-cli` makes it")
        for words, items in [
            (["list"], ""), (["list", "--json"], ""),
            (["call", "conformance.Test/peer"], ""), (["call", "conformance.Test/empty", "--json"], ""),
            (["call", "conformance.Test/large", '{"payload": "AAEC", "reply": 3}'], ""),
            (["call", "conformance.Test/fault", '{"fault": {"Left": 3}}'], ""),
            (["call", "conformance.Test/fault", '{"fault": "Nothing"}', "--json"], ""),
            (["call", "conformance.Test/status", '{"code": 14, "message": "busy\\u001b"}'], ""),
            (["call", "conformance.Test/produce", '{"sizes": [1, 0]}'], ""),
            (["call", "conformance.Test/produce_and_fail", '{"sizes": [1]}', "--json"], ""),
            (["call", "conformance.Test/converse"], "3\n0\n"), (["call", "conformance.Test/converse", "--json"], "3\n"),
            (["call", "conformance.Test/sizes"], '"AA=="\n'), (["call", "conformance.Test/converse", "-"], "{}"),
        ]:
            with self.subTest(" ".join(words)):
                command = [str(self.server.command_line), *self.command(*words)[2:]]
                done = subprocess.run(command, input=items, capture_output=True, text=True, timeout=60)
                ours = self.run_script(*words, items=items)
                self.assertEqual(ours, (done.returncode, done.stdout, done.stderr))

    async def test_an_interrupt_cancels_at_the_server(self) -> None:
        # Whoever started us in the background may have had SIGINT ignored, which a child would take over.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for procedure, arguments in [("hang", {"ticket": "interrupt"}), ("hang_while", {"ticket": "interrupt while"})]:
            with self.subTest(procedure):
                command = self.command("call", f"conformance.Test/{procedure}", json.dumps(arguments))
                script = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
                async with await connect(self.server.address, self.server.identity) as client:
                    await client.call("conformance.Test/begun", arguments | {"count": 1}, timeout=20)
                    script.send_signal(signal.SIGINT)
                    await client.call("conformance.Test/stopped", arguments | {"count": 1}, timeout=20)
                self.assertEqual(script.wait(20), 1)
                assert script.stdin and script.stderr
                self.assertEqual(script.stderr.read(), b"error: the call was given up, and the server was told\n")
                script.stdin.close()
                script.stderr.close()

    def test_a_server_that_is_not_there_is_an_error_in_one_line(self) -> None:
        command = self.command("list")
        command[3] = "127.0.0.1:1"
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"\Aerror: 127\.0\.0\.1:1: .*\n\Z")


if __name__ == "__main__":
    unittest.main()
