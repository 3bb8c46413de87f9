"""The protocol as a value: what the vectors do not tell, on a clock that stands still."""

from __future__ import annotations

import unittest

from countersign import (CANCEL, CLOSE, CONTINUATION, CREDIT, DEADLINE_US, END, GOING_AWAY, HALF_CLOSE, HELLO, ITEM,
                         OPEN, PING, PING_INTERVAL_MS, PONG, TOTAL_LEN, Call, Cancelled, Connection, ConnectionLost,
                         DeadlineExceeded, Frame, Internal, InvalidArgument, Limits, ResourceExhausted, Status,
                         Unavailable, Unimplemented)
from tests.test_vectors import frames_of

ROOMY = Limits(65_536, 1 << 20, 64, 1_024, 65_536)


class Peer:
    """A connection, and the server that a test plays."""

    def __init__(self, limits: Limits = ROOMY, ping_interval_ms: int = 0) -> None:
        self.now = 1000.0
        self.client = Connection(lambda: self.now, ROOMY)
        self.says(Frame(HELLO, 0, [*limits], {PING_INTERVAL_MS: ping_interval_ms}))
        self.heard()

    def says(self, *frames: Frame) -> None:
        self.client.receive(b"".join(frame.to_bytes() for frame in frames))

    def heard(self) -> list[Frame]:
        """What the client has written since."""
        written = b""
        while more := self.client.to_send():
            written += more
        return frames_of(written)

    def open(self, arguments: bytes = b"\xa0", timeout: float | None = None) -> Call:
        call: Call = self.client.open("a.B/c", arguments, Call, True, timeout)
        return call


class Rules(unittest.TestCase):
    def test_a_call_ends_exactly_once(self) -> None:
        peer = Peer()
        call = peer.open()
        peer.heard()
        peer.says(Frame(END, 1, [0], payload=b"\x01"), Frame(END, 1, [5]))
        peer.client.cancel(call, Cancelled())
        peer.client.lost("gone")
        self.assertEqual(call.outcome, b"\x01")
        self.assertEqual(peer.heard(), [])

    def test_what_is_open_when_the_connection_ends_has_failed(self) -> None:
        peer = Peer()
        sent, unsent = peer.open(), None
        peer.heard()
        unsent = peer.open()
        peer.client.lost("gone")
        assert isinstance(sent.outcome, ConnectionLost) and isinstance(unsent.outcome, ConnectionLost)
        self.assertEqual((sent.outcome.handler_ran, unsent.outcome.handler_ran), (None, False))
        with self.assertRaises(Unavailable) as refused:
            peer.open()
        self.assertEqual(refused.exception.handler_ran, False)

    def test_what_would_exceed_the_servers_limits_is_never_started(self) -> None:
        peer = Peer(Limits(65_536, 64, 2, 64, 16_384))
        for begin in (lambda: peer.open(bytes(65)),
                      lambda: peer.client.open("a.B/c", b"\xa0", Call, True, metadata={"k": "x" * 56})):
            with self.assertRaises(ResourceExhausted) as refused:
                begin()
            self.assertEqual(refused.exception.handler_ran, False)
        first, _ = peer.open(), peer.open()
        with self.assertRaises(ResourceExhausted):
            peer.open()
        with self.assertRaises(ResourceExhausted):
            peer.client.send(first, bytes(65))
        self.assertEqual([frame.kind for frame in peer.heard()], [OPEN, OPEN])

    def test_a_deadline_is_rounded_up_and_counts_on_both_sides(self) -> None:
        peer = Peer()
        call = peer.open(timeout=0.000_000_1)
        self.assertEqual(peer.heard()[0].extensions, {DEADLINE_US: 1})
        peer.now = peer.client.tick()
        peer.client.tick()
        assert isinstance(call.outcome, DeadlineExceeded)
        self.assertEqual(call.outcome.handler_ran, None)
        self.assertEqual([frame.kind for frame in peer.heard()], [CANCEL])
        for endless in (1e300, float("inf")):
            peer.open(timeout=endless)
        self.assertEqual([frame.extensions for frame in peer.heard()], [{DEADLINE_US: 2**64 - 1}, {}])

    def test_a_call_that_was_never_sent_is_not_cancelled(self) -> None:
        peer = Peer()
        peer.client.cancel(peer.open(), Cancelled())
        self.assertEqual(peer.heard(), [])

    def test_long_messages_take_turns(self) -> None:
        peer = Peer(Limits(initial_credit=1 << 20))
        for _ in range(3):
            peer.open(bytes(100_000))
        ids = [frame.id for frame in peer.heard()]
        self.assertEqual(ids[:6], [1, 3, 5, 1, 3, 5])

    def test_a_short_message_waits_for_credit_and_a_long_one_begins(self) -> None:
        peer = Peer(Limits(initial_credit=16_384))
        call = peer.open()
        peer.client.send(call, bytes(16_000))
        self.assertEqual([frame.kind for frame in peer.heard()], [OPEN, ITEM])
        peer.client.send(call, bytes(8_000))
        self.assertEqual(peer.heard(), [])
        peer.says(Frame(CREDIT, 1, [8_032 - 352]))
        self.assertEqual([len(frame.payload) for frame in peer.heard()], [8_000])
        peer.client.send(call, bytes(8_161))
        peer.says(Frame(CREDIT, 1, [33]))
        begun, = peer.heard()
        self.assertEqual((begun.extensions, len(begun.payload)), ({TOTAL_LEN: 8_161}, 1))
        peer.says(Frame(CREDIT, 1, [8_160]))
        self.assertEqual([(frame.kind, len(frame.payload)) for frame in peer.heard()], [(CONTINUATION, 8_160)])

    def test_a_half_close_needs_no_credit_and_keeps_its_place(self) -> None:
        peer = Peer(Limits(initial_credit=16_384))
        call = peer.open()
        peer.client.send(call, bytes(16_352))
        peer.client.send(call, b"")
        peer.client.send(call, None)
        self.assertEqual([frame.kind for frame in peer.heard()], [OPEN, ITEM])
        peer.says(Frame(CREDIT, 1, [32]))
        self.assertEqual([frame.kind for frame in peer.heard()], [ITEM, HALF_CLOSE])

    def test_credit_comes_back_as_items_are_taken_and_none_is_lost(self) -> None:
        peer = Peer()
        call, credit = peer.open(), ROOMY.initial_credit
        peer.heard()
        for round in range(200):
            size = round * 37 % 20_000
            while credit < size + 32:
                peer.client.take(call)
                credit += sum(frame.fields[0] for frame in peer.heard())
            peer.says(Frame(ITEM, 1, payload=bytes(size)))
            credit -= size + 32
        while call.items:
            peer.client.take(call)
        credit += sum(frame.fields[0] for frame in peer.heard())
        self.assertGreaterEqual(credit, ROOMY.initial_credit // 2)
        self.assertEqual(credit + call.owed, ROOMY.initial_credit)

    def test_a_long_message_is_granted_to_its_end_and_the_window_is_as_before(self) -> None:
        peer = Peer()
        call = peer.open()
        peer.heard()
        for _ in range(5):
            first = call.granted - 32
            peer.says(Frame(ITEM, 1, [], {TOTAL_LEN: 500_000}, bytes(first)))
            grant, = peer.heard()
            self.assertEqual((grant.kind, grant.fields), (CREDIT, [500_000 - first]))
            left = 500_000 - first
            while left:
                part = min(left, 60_000)
                peer.says(Frame(CONTINUATION, 1, payload=bytes(part)))
                left -= part
            self.assertEqual(call.granted, 0)
            self.assertEqual(len(peer.client.take(call)), 500_000)
            self.assertEqual(call.granted + call.owed, ROOMY.initial_credit)
            peer.heard()

    def test_an_item_for_a_call_that_takes_none_ends_it_as_a_bug(self) -> None:
        peer = Peer()
        call: Call = peer.client.open("a.B/c", b"\xa0", Call, False)
        other = peer.open()
        peer.heard()
        peer.says(Frame(ITEM, 1, payload=b"\x01"))
        self.assertIsInstance(call.outcome, Internal)
        self.assertEqual([(frame.kind, frame.id) for frame in peer.heard()], [(CANCEL, 1)])
        self.assertIsNone(other.outcome)

    def test_a_silent_peer_is_asked_once_and_then_given_up(self) -> None:
        peer = Peer()
        call = peer.open()
        peer.heard()
        for seconds, kinds in [(19, []), (1, [PING]), (10, []), (9, []), (1, [CLOSE])]:
            peer.now += seconds
            peer.client.tick()
            self.assertEqual([frame.kind for frame in peer.heard()], kinds)
        self.assertIsInstance(call.outcome, ConnectionLost)

    def test_a_trickle_of_bytes_is_a_sign_of_life(self) -> None:
        peer = Peer()
        for byte in Frame(END, 1, [0], payload=bytes(9)).to_bytes()[:-1]:
            peer.now += 19
            peer.client.receive(bytes([byte]))
            peer.client.tick()
        self.assertEqual(peer.heard(), [])

    def test_a_peer_is_not_asked_more_often_than_it_announced(self) -> None:
        peer = Peer(ping_interval_ms=60_000)
        peer.now += 59
        peer.client.tick()
        self.assertEqual(peer.heard(), [])
        peer.now += 1
        peer.client.tick()
        self.assertEqual([frame.kind for frame in peer.heard()], [PING])

    def test_a_peer_that_asks_too_often_is_cut_off(self) -> None:
        peer = Peer()
        for _ in range(20):
            peer.now += 5
            peer.says(Frame(PING, 0, [7]))
        self.assertEqual({frame.kind for frame in peer.heard()}, {PONG})
        for _ in range(10):
            peer.says(Frame(PING, 0, [7]))
        last = peer.heard()[-1]
        self.assertEqual((last.kind, last.fields[0]), (CLOSE, ResourceExhausted.code))

    def test_frames_that_move_nothing_forward_are_not_borne_without_end(self) -> None:
        for fruitless in (Frame(PONG, 0, [1]), Frame(CREDIT, 1, [0]), Frame(64, 9)):
            peer = Peer()
            peer.open()
            peer.heard()
            peer.says(*[fruitless] * 15_000)
            self.assertEqual(peer.heard(), [])
            peer.now += 1
            peer.says(*[fruitless] * 1_500)
            self.assertEqual(peer.heard(), [])
            peer.says(*[fruitless] * 1_000)
            self.assertEqual([frame.fields[0] for frame in peer.heard()], [ResourceExhausted.code])

    def test_a_server_that_goes_away_finishes_what_it_has(self) -> None:
        peer = Peer()
        calls = [peer.open() for _ in range(3)]
        peer.heard()
        peer.says(Frame(GOING_AWAY, 0, [3, 14, "maintenance"]))
        self.assertIsInstance(calls[2].outcome, Unavailable)
        self.assertEqual([call.outcome for call in calls[:2]], [None, None])
        with self.assertRaisesRegex(Unavailable, "maintenance"):
            peer.open()
        peer.says(Frame(END, 3, [0], payload=b"\x01"), Frame(END, 1, [0], payload=b"\x02"))
        self.assertEqual([call.outcome for call in calls[:2]], [b"\x02", b"\x01"])

    def test_nothing_but_a_hello_comes_first(self) -> None:
        for frame in (Frame(PING, 0, [1]), Frame(64, 0), Frame(END, 1, [0])):
            client = Connection(lambda: 0.0)
            client.to_send()
            client.receive(frame.to_bytes())
            self.assertEqual([frame.fields[0] for frame in frames_of(client.to_send())], [InvalidArgument.code])

    def test_bytes_that_are_no_frame_end_the_connection(self) -> None:
        def framed(content: str) -> bytes:
            return b"Z" + (len(content) // 2).to_bytes(4) + bytes.fromhex(content)

        for name, received in {
            "a short head": bytes.fromhex("4482150100"), "another first byte": b"\x83", "nothing": framed(""),
            "a map": framed("a0"), "too short": framed("8115"), "a type that is text": framed("8361610100"),
            "an id that is negative": framed("83152000"), "a type that is true": framed("83f50100"),
            "cut short": framed("831501"), "a tag": framed("d9d9f783150100"),
        }.items():
            with self.subTest(name):
                peer = Peer()
                peer.open()
                peer.heard()
                peer.client.receive(received)
                close, = peer.heard()
                self.assertEqual((close.kind, close.fields[0]), (CLOSE, InvalidArgument.code))

    def test_what_we_must_understand_and_do_not_ends_its_call_or_the_connection(self) -> None:
        peer = Peer()
        call, cut = peer.open(), peer.open()
        peer.heard()
        peer.says(Frame(ITEM, 1, [], {7: True}, b"\x01"), Frame(END, 3, [0], {7: True, TOTAL_LEN: 9}, b"\x01"))
        self.assertEqual([type(each.outcome) for each in (call, cut)], [Unimplemented, Unimplemented])
        self.assertEqual([(frame.kind, frame.id) for frame in peer.heard()], [(CANCEL, 1), (CANCEL, 3)])
        peer.says(Frame(33, 0))
        self.assertEqual([frame.fields[0] for frame in peer.heard()], [Unimplemented.code])

    def test_a_call_behind_our_hello_gets_the_credit_of_the_servers(self) -> None:
        client = Connection(lambda: 0.0)
        call: Call = client.open("a.B/c", b"\xa0", Call, True)
        self.assertEqual(call.credit, 16_384)
        client.receive(Frame(HELLO, 0, [*ROOMY]).to_bytes())
        self.assertEqual(call.credit, ROOMY.initial_credit)

    def test_credit_has_its_end(self) -> None:
        peer = Peer()
        call = peer.open()
        peer.says(*[Frame(CREDIT, 1, [2**64 - 1])] * 3)
        self.assertEqual(call.credit, 2**64 - 1)

    def test_a_status_comes_with_all_that_was_said(self) -> None:
        peer = Peer()
        for said, ran in [({6: 0}, False), ({6: 1}, True), ({6: 2}, None), ({}, None)]:
            call = peer.open()
            peer.heard()
            peer.says(Frame(END, call.id, [14], said | {2: "later", 4: 250, 8: {"k": b"v"}}, b"\x61a"))
            assert isinstance(call.outcome, Unavailable)
            status = call.outcome
            self.assertEqual((str(status), status.retry_after_ms, status.fault), ("UNAVAILABLE: later", 250, "a"))
            self.assertEqual((status.handler_ran, call.trailing), (ran, {"k": b"v"}))

    def test_headers_are_written_in_one_way(self) -> None:
        peer = Peer()
        peer.client.open("a.B/c", b"\xa0", Call, False, 1, {"bb": "2", "b": "1", "a": "0"})
        written = peer.client.to_send()
        self.assertEqual(written[5:-1].hex(), "840b0165612e422f63" "a2011a000f424003a3616161306162613162626261" "32")

    def test_metadata_of_a_call_is_checked_before_it_is_sent(self) -> None:
        peer = Peer()
        for key in ("", "Text", "ключ", ".a", "a" * 129):
            with self.subTest(key), self.assertRaises(InvalidArgument):
                peer.client.open("a.B/c", b"\xa0", Call, False, metadata={key: "x"})
        self.assertEqual(peer.heard(), [])

    def test_each_code_is_raised_as_its_class(self) -> None:
        peer = Peer()
        for code in range(1, 18):
            call = peer.open()
            peer.heard()
            peer.says(Frame(END, call.id, [code]))
            self.assertIs(type(call.outcome), Status.classes.get(code, Status.classes[2]))


if __name__ == "__main__":
    unittest.main()
