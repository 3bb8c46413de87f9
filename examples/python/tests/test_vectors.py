"""The vectors of the specification, as far as they concern a client."""

from __future__ import annotations

import json
import unittest
from pathlib import Path
from typing import Any

from countersign import (ASKS_TIMES, CANCEL, CLOSE, DEADLINE_US, HALF_CLOSE, HELLO, ITEM, METADATA, OPEN, PING,
                         SOFTWARE, TOTAL_LEN, Call, Cancelled, Connection, Frame, Limits, Status)

VECTORS = Path(__file__).parents[3] / "rpc/proto/vectors"
FRAMES = json.loads((VECTORS / "frames.json").read_text())
EXCHANGES = json.loads((VECTORS / "exchanges.json").read_text())


def bytes_of(pieces: str) -> bytes:
    """`78*129` is a byte so many times."""
    pairs = (piece.partition("*") for piece in pieces.split())
    return b"".join(bytes.fromhex(digits) * int(times or 1) for digits, _, times in pairs)


HELLO_OF_CLIENT, HELLO_OF_SERVER = (bytes_of(vector["hex"]) for vector in FRAMES[:2])


def frames_of(written: bytes) -> list[Frame]:
    frames = []
    while written:
        end = 5 + int.from_bytes(written[1:5])
        frame = Frame.parse(written[5:end])
        assert frame is not None
        frames.append(frame)
        written = written[end:]
    return frames


class Player:
    """A client that announces what the vectors say, on a clock that stands still until it is told to move."""

    def __init__(self, hello_of_client: bytes = HELLO_OF_CLIENT) -> None:
        self.now = 0.0
        hello, = frames_of(hello_of_client)
        self.connection = Connection(lambda: self.now, Limits(*hello.fields), hello.extensions[SOFTWARE])
        self.calls: dict[int, Call] = {}
        self.written = b""

    def says(self, frame: Frame) -> None:
        """Does what makes a client write this frame."""
        match frame.kind:
            case n if n == OPEN:
                deadline_us = frame.extensions.get(DEADLINE_US)
                self.connection._next = frame.id  # ids may skip
                call = self.connection.open(
                    frame.fields[0], frame.payload.ljust(frame.extensions.get(TOTAL_LEN, 0), b"\0"), Call, True,
                    metadata=frame.extensions.get(METADATA), times=ASKS_TIMES in frame.extensions,
                    timeout=None if deadline_us is None else deadline_us / 1_000_000)
                self.calls[call.id] = call
            case n if n == ITEM:
                self.connection.send(self.calls[frame.id], frame.payload)
            case n if n == HALF_CLOSE:
                self.connection.send(self.calls[frame.id], None)
            case n if n == CANCEL:
                self.connection.cancel(self.calls[frame.id], Cancelled("the test gave up"))
            case n if n == CLOSE:
                self.connection.close(*frame.fields)
            case n if n == PING:
                self.now += 20
                self.connection.tick()

    def collect(self) -> bytes:
        while more := self.connection.to_send():
            self.written += more
        return self.written

    def expects(self, hex: str) -> None:
        """Writes this next, of its own accord or since it is made to."""
        expected = bytes_of(hex)
        if not self.collect().startswith(expected):
            for frame in frames_of(expected):
                self.says(frame)
        assert self.collect().startswith(expected), f"{self.written.hex()} in place of {hex}"
        self.written = self.written[len(expected):]

    def verdict(self) -> tuple[str, str | None]:
        """What has come of it, as the vectors write it."""
        closes = [frame for frame in frames_of(self.collect()) if frame.kind == CLOSE]
        if closes:
            return "connection error", Status.classes[closes[0].fields[0]]().name
        failed = [call.outcome for call in self.calls.values() if isinstance(call.outcome, Status)
                  and not isinstance(call.outcome, Cancelled)]
        return ("call error", failed[0].name) if failed and not self.connection.closed else ("ok", None)


class Vectors(unittest.TestCase):
    maxDiff = None

    def test_each_frame_for_a_client_has_its_verdict(self) -> None:
        for vector in FRAMES:
            if vector["to"] == "client":
                with self.subTest(vector["name"], why=vector["why"]):
                    hello = frames_of(HELLO_OF_CLIENT)[0]
                    if vector.get("limits") == "roomy":
                        hello.fields[1] = 1 << 20
                    player = Player(hello.to_bytes())
                    player.expects(hello.to_bytes().hex())
                    if vector["state"] != "new":
                        player.connection.receive(HELLO_OF_SERVER)
                    if vector["state"] == "calling":
                        player.says(Frame(OPEN, 1, ["demo.Echo/record"]))
                        player.collect()
                    player.written = b""
                    player.connection.receive(bytes_of(vector["hex"]))
                    self.assertEqual(player.verdict(), (vector["verdict"], vector.get("code")))

    def test_each_golden_frame_of_a_client_is_what_we_write(self) -> None:
        for vector in FRAMES:
            if vector.get("golden"):
                with self.subTest(vector["name"], why=vector["why"]):
                    frame, = frames_of(bytes_of(vector["hex"]))
                    self.assertEqual(frame.to_bytes(), bytes_of(vector["hex"]))
                    if vector["to"] == "server" and frame.kind in (HELLO, OPEN, CANCEL, CLOSE, PING):
                        player = Player()
                        if frame.kind != HELLO:
                            player.expects(HELLO_OF_CLIENT.hex())
                            player.connection.receive(HELLO_OF_SERVER)
                        if frame.kind == CANCEL:
                            player.says(Frame(OPEN, 1, ["demo.Echo/record"]))
                            player.collect()
                            player.written = b""
                        player.expects(vector["hex"])

    def test_each_exchange_of_a_client_goes_as_it_is_written(self) -> None:
        for exchange in EXCHANGES:
            if "client" in exchange.get("plays", ["client"]):
                with self.subTest(exchange["name"], why=exchange["why"]):
                    hello = next(step["hex"] for step in exchange["steps"] if step["from"] == "client")
                    player = Player(bytes_of(hello))
                    for step in exchange["steps"]:
                        player.now += step.get("after_us", 0) / 1_000_000
                        player.connection.tick()
                        if step["from"] == "client":
                            player.expects(step["hex"])
                        else:
                            player.connection.receive(bytes_of(step["hex"]))
                    self.assertEqual(player.verdict(), (exchange["verdict"], exchange.get("code")))
                    if exchange["verdict"] != "connection error":
                        self.assertEqual(player.written, b"", "it writes more than it should")

    def test_any_split_of_the_bytes_gives_the_same(self) -> None:
        for exchange in EXCHANGES:
            received = b"".join(bytes_of(step["hex"]) for step in exchange["steps"] if step["from"] == "server")
            with self.subTest(exchange["name"]):
                whole, split = Player(), Player()
                for player in (whole, split):
                    player.says(Frame(OPEN, 1, ["demo.Echo/record"]))
                    player.says(Frame(OPEN, 3, ["demo.Echo/record"]))
                    player.collect()
                whole.connection.receive(received)
                for byte in received:
                    split.connection.receive(bytes([byte]))
                self.assertEqual(state_of(split), state_of(whole))


def state_of(player: Player) -> Any:
    return [player.collect(), [(call.id, repr(call.outcome), call.items) for call in player.calls.values()]]


if __name__ == "__main__":
    unittest.main()
