"""The list of cases in tests/conformance.json, from here to the server in Rust."""

from __future__ import annotations

import json
import math
import random
import unittest
from typing import Any

from countersign import Client, Status, Stream, connect, encode
from tests.server import ROOT, ServerCase

CASES = json.loads((ROOT / "tests/conformance.json").read_text())


def value(written: Any) -> Any:
    """What is meant: `{"$bytes": 3}` are so many zeros, and so on for what JSON does not have."""
    match written:
        case {"$bytes": size}:
            return bytes(size)
        case {"$hex": digits}:
            return bytes.fromhex(digits)
        case {"$float": text}:
            return float(text)
        case {"$map": entries}:
            return {value(key): value(inner) for key, inner in entries}
        case {"$repeat": [inner, times]}:
            return [value(inner)] * times
        case list():
            return [value(inner) for inner in written]
        case dict():
            return {key: value(inner) for key, inner in written.items()}
    return written


def anything(chance: random.Random) -> dict[str, Any]:
    """Arguments of `conformance.Test/everything`, one of each field."""
    letters = "".join(chance.choices("aé茶🍵\0\n\"", k=chance.randrange(40)))
    floats = [chance.choice([math.nan, math.inf, -0.0, 1.0, 65504.0, 0.1, chance.uniform(-1e300, 1e300)])
              for _ in range(chance.randrange(40))]
    shapes = ["Point", {"Circle": chance.random()}, {"Segment": [1, chance.randrange(2**32)]},
              {"Square": {"side": chance.randrange(2**32)}}]
    return {
        "text": letters, "bytes": chance.randbytes(chance.randrange(400)), "least": chance.randrange(-(2**63), 2**63),
        "greatest": chance.getrandbits(chance.randrange(65)), "float": chance.uniform(-1, 1), "floats": floats,
        "yes": chance.random() < 0.5, "moment": "2026-11-22T19:00:00Z", "day": "0001-01-01",
        "by_name": {str(key): key for key in chance.sample(range(1000), chance.randrange(40))},
        "by_number": {key - 2**31: letters for key in chance.sample(range(2**32), chance.randrange(40))},
        "pair": [chance.randrange(256), letters], "shapes": chance.choices(shapes, k=chance.randrange(40)),
    } | ({"absent": letters} if chance.random() < 0.5 else {})


class Conformance(ServerCase):
    maxDiff = 2000

    async def test_each_case_ends_as_it_should(self) -> None:
        async with await connect(self.server.address, self.server.identity) as client:
            for case in CASES:
                with self.subTest(case["name"]):
                    await self.run_case(client, case)

    async def test_a_hundred_values_of_chance_come_back_as_they_went(self) -> None:
        chance = random.Random(74)
        async with await connect(self.server.address, self.server.identity) as client:
            for _ in range(100):
                sent = anything(chance)
                received = await client.call("conformance.Test/everything", {"everything": sent})
                self.assertEqual(encode(received), encode({"absent": None} | sent))

    async def run_case(self, client: Client, case: Any) -> None:
        arguments, metadata = value(case.get("arguments", {})), value(case.get("metadata", {}))
        timeout = case["timeout_ms"] / 1000 if "timeout_ms" in case else None
        streams = any(word in case for word in ("send", "items", "steps", "response_metadata", "trailing_metadata"))
        procedure = f"conformance.Test/{case['procedure']}"
        try:
            if streams:
                async with client.stream(procedure, arguments, timeout=timeout, metadata=metadata) as stream:
                    await self.run_stream(client, stream, case)
            else:
                self.same(await client.call(procedure, arguments, timeout=timeout, metadata=metadata), case["result"])
            self.assertNotIn("status", case)
        except Status as status:
            self.assertIn("status", case, str(status))
            self.check_status(status, case["status"])
        if "then" in case:
            then = case["then"]
            await client.call(f"conformance.Test/{then['procedure']}", value(then["arguments"]), timeout=20)

    async def run_stream(self, client: Client, stream: Stream, case: Any) -> None:
        for step in case.get("steps", []):
            match step:
                case {"send": item}:
                    self.assertTrue(await stream.send(value(item)))
                case {"receive": item}:
                    self.same(await anext(stream), item)
                case "half_close":
                    stream.half_close()
                case {"call": call}:
                    await client.call(f"conformance.Test/{call['procedure']}", value(call["arguments"]), timeout=20)
                case "cancel":
                    return
        for item in value(case.get("send", [])):
            await stream.send(item)
        if case.get("half_close", True):
            stream.half_close()
        try:
            if "items" in case:
                self.same([item async for item in stream], case["items"])
            self.same(await stream.result(), case["result"])
        finally:
            if "response_metadata" in case:
                self.assertEqual(await stream.response_metadata(), value(case["response_metadata"]))
            if "trailing_metadata" in case:
                self.assertEqual(stream.trailing, value(case["trailing_metadata"]))

    def same(self, found: Any, written: Any) -> None:
        found, expected = encode(found), encode(value(written))
        if found != expected:
            self.fail(f"{found[:200].hex()} is not {expected[:200].hex()}")

    def check_status(self, status: Status, expected: Any) -> None:
        ran = {True: "yes", False: "no", None: "unknown"}
        found: dict[str, Any] = {"code": status.name, "message": status.message, "handler_ran": ran[status.handler_ran],
                                 "retry_after_ms": status.retry_after_ms}
        if "details" in expected:
            found["details"] = status.fault
        if "names" in expected:
            self.assertIn(expected["names"], status.message)
        self.assertEqual({word: found[word] for word in expected if word != "names"},
                         {word: expected[word] for word in expected if word != "names"})


if __name__ == "__main__":
    unittest.main()
