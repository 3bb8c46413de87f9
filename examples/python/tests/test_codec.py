"""What a payload may be, and what must be refused."""

from __future__ import annotations

import math
import unittest

from countersign import Internal, InvalidArgument, Status, decode, encode

REFUSED = {
    "a tag": "c074323032362d31312d32325431393a30303a30305a",
    "a tag that cbor2 knows": "c24101",
    "a tag within a map": "a16161d81c01",
    "undefined": "f7",
    "another simple value": "f0",
    "a simple value in two bytes": "f8ff",
    "an integer below the range": "3b8000000000000000",
    "a key that is a float": "a1f93c0001",
    "a key that is true": "a1f501",
    "a key that is bytes": "a1416101",
    "a key that is a list": "a18001",
    "keys of two kinds": "a2616101" "0102",
    "equal keys": "a2616101616102",
    "equal keys in other encodings": "a2010118" "0102",
    "equal keys deep within": "8181a2616101616102",
    "bytes behind the item": "0000",
    "nothing": "",
    "an item cut short": "8201",
    "a reserved length": "1c",
    "text that is not UTF-8": "62c328",
    "text whose chunks are not UTF-8": "7f61c361a9ff",
    "a chunk of another type": "5f6161ff",
    "a break alone": "ff",
    "a length that is not there": "9bffffffffffffffff",
    "bytes that are not there": "5b00000fffffffffff",
}

SAME = {
    "a half float": ("f93e00", 1.5),
    "a double": ("fb3ff8000000000000", 1.5),
    "a long head": ("1b0000000000000007", 7),
    "the least integer": ("3b7fffffffffffffff", -(2**63)),
    "the greatest integer": ("1bffffffffffffffff", 2**64 - 1),
    "text in chunks": ("7f6161626263ff", "abc"),
    "bytes in chunks": ("5f41014102ff", b"\1\2"),
    "a list without length": ("9f01ff", [1]),
    "a map without length, by number": ("bf01f6ff", {1: None}),
    "infinity": ("f97c00", math.inf),
}


class Codec(unittest.TestCase):
    def test_what_the_profile_lacks_is_refused(self) -> None:
        for name, hex in REFUSED.items():
            with self.subTest(name), self.assertRaises(Internal):
                decode(bytes.fromhex(hex))

    def test_any_encoding_of_a_value_is_that_value(self) -> None:
        for name, (hex, value) in SAME.items():
            with self.subTest(name):
                self.assertEqual(decode(bytes.fromhex(hex)), value)

    def test_nesting_ends_at_the_limit(self) -> None:
        self.assertTrue(decode(b"\x81" * 127 + b"\x00"))
        with self.assertRaises(Internal):
            decode(b"\x81" * 129 + b"\x00")
        with self.assertRaises(Internal):
            decode(b"\x81" * 1_000_000)

    def test_what_cannot_travel_is_not_sent(self) -> None:
        for value in (2**64, -(2**63) - 1, {1, 2}, {1.5: 0}, {1: 0, "a": 0}, {True: 0}, object(), 1j):
            with self.subTest(repr(value)), self.assertRaises(InvalidArgument):
                encode([value])

    def test_numbers_take_no_more_than_they_need(self) -> None:
        self.assertEqual(encode([1.5, 24, 0.1, math.nan]).hex(), "84f93e001818fb3fb999999999999af97e00")

    def test_each_status_has_a_class(self) -> None:
        self.assertEqual(sorted(Status.classes), list(range(1, 17)))
        self.assertEqual(len({status.__name__ for status in Status.classes.values()}), 16)
        self.assertEqual(Status.classes[8]("full").name, "RESOURCE_EXHAUSTED")


if __name__ == "__main__":
    unittest.main()
