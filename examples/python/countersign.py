#!/usr/bin/env python3
"""A client for Countersign: remote procedure call between two peers who have both proved who they are.

    async with await connect("localhost:7443", "pki/alice") as client:
        print(await client.call("demo.Math/divide", {"dividend": 1, "divisor": 3}))
        async with client.stream("demo.Clock/ticks", {"every_ms": 500}) as ticks:
            async for tick in ticks:
                print(tick)

Written from rpc/proto/SPEC.md alone; `R14` in a comment is the rule of that page for which the line is there. As a
script it lists and calls: `python3 countersign.py call --help`. Needs Python 3.11 or later, and cbor2 6.
"""

from __future__ import annotations

import asyncio
import io
import math
import re
import ssl
import sys
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import cbor2

Check = Callable[[Any], bool]
Metadata = Mapping[str, str | bytes]

# --- Errors ---


class ConnectError(Exception):
    """There is no connection: nobody answered, or one side refused the other."""


class Status(Exception):
    """What a call that failed has ended with; each code has a class of its own."""

    code: ClassVar[int]
    classes: ClassVar[dict[int, type[Status]]] = {}

    def __init_subclass__(cls, code: int | None = None) -> None:
        if code is not None:
            cls.code, cls.classes[code] = code, cls

    def __init__(self, message: str = "", details: bytes = b"", retry_after_ms: int | None = None,
                 handler_ran: bool | None = None) -> None:
        self.name = re.sub(r"\B(?=[A-Z])", "_", self.classes[self.code].__name__).upper()
        super().__init__(f"{self.name}: {message}" if message else self.name)
        self.message, self.details, self.retry_after_ms = message, details, retry_after_ms
        self.handler_ran = handler_ran  # None: nobody knows

    @property
    def fault(self) -> Any:
        """What the service's author declared, such as `{"NoAccount": 18}`."""
        return decode(self.details) if self.details else None


class Cancelled(Status, code=1): """Somebody gave the call up."""
class Unknown(Status, code=2): """Something failed, and so did saying what."""
class InvalidArgument(Status, code=3): """The arguments are wrong, whatever the state of the server."""
class DeadlineExceeded(Status, code=4): """There was no answer in time."""
class NotFound(Status, code=5): """What was asked for is not there."""
class AlreadyExists(Status, code=6): """What was to be made is there already."""
class PermissionDenied(Status, code=7): """This peer may not do this."""
class ResourceExhausted(Status, code=8): """A limit was reached."""
class FailedPrecondition(Status, code=9): """Not in this state of the server."""
class Aborted(Status, code=10): """Another call came in between; begin the whole again."""
class OutOfRange(Status, code=11): """Past the end of what there is."""
class Unimplemented(Status, code=12): """The server does not know how."""
class Internal(Status, code=13): """A bug, on one side or the other."""
class Unavailable(Status, code=14): """Not now; perhaps later."""
class ConnectionLost(Unavailable): """The connection ended before the call did."""
class DataLoss(Status, code=15): """Something is lost or damaged for good."""
class Unauthenticated(Status, code=16): """Who is calling is not known well enough."""


def demand(holds: object, otherwise: str, status: type[Status] = InvalidArgument) -> None:
    """What a rule demands, of the peer or of the application."""
    if not holds:
        raise status(otherwise, handler_ran=False)


# --- Payloads: one CBOR item of a closed profile ---

DEPTH_MAX, ITEMS_MAX = 128, 1 << 20


def read(source: bytes, depth: int) -> tuple[Any, int]:
    """One well-formed item without equal keys in a map, and where it ends (R61, R62)."""
    # Whatever is tagged means nothing here, and cbor2 is to make no date or the like of it.
    tags = defaultdict(lambda: lambda content, immutable: cbor2.undefined)
    stream = io.BytesIO(source)
    decoder = cbor2.CBORDecoder(stream, semantic_decoders=tags, max_depth=depth, allow_duplicate_keys=False)
    try:
        return decoder.decode(), stream.tell()
    except cbor2.CBORDecodeError as error:
        raise InvalidArgument(f"not the CBOR of a peer: {error}") from error


def items_in(value: Any) -> int:
    """How many items a value consists of; refuses what the profile lacks (R60)."""
    match value:
        case None | bool() | float() | str() | bytes():
            return 1
        case int() if -(2**63) <= value < 2**64:
            return 1
        case list() | tuple():
            return 1 + sum(map(items_in, value))
        case dict() if {type(key) for key in value} in (set(), {str}, {int}):
            return 1 + sum(map(items_in, value)) + sum(map(items_in, value.values()))
    raise InvalidArgument(f"{value!r:.60} is nothing that travels")


def decode(payload: bytes) -> Any:
    """The value of a payload. cbor2 by itself would take more than a receiver may."""
    value, end = read(payload, DEPTH_MAX)
    demand(end == len(payload), "there are bytes behind the value")
    demand(items_in(value) <= ITEMS_MAX, f"more than {ITEMS_MAX} items")  # R65
    return value


def encode(value: Any) -> bytes:
    """A payload of None, bool, int, float, str and bytes, and of lists and dicts of them."""
    items_in(value)
    return cbor2.dumps(value, canonical=True)


# --- Frames ---

HELLO, GOING_AWAY, CLOSE, PING, PONG = 1, 3, 5, 7, 9
OPEN, ITEM, CONTINUATION, HALF_CLOSE, CREDIT, END, CANCEL, RESPONSE_METADATA = 11, 13, 15, 17, 19, 21, 23, 25
# Extensions: of hello, of an open, of an end, and of both.
SOFTWARE, INTERFACE_REVISION, PING_INTERVAL_MS, IDLE_LIMIT_MS, AGE_MAX_MS = 2, 4, 6, 8, 10
DEADLINE_US, ASKS_TIMES, METADATA = 1, 2, 3
MESSAGE, RETRY_AFTER_MS, HANDLER_RAN, TRAILING, TIMES, CLAMPED_US = 2, 4, 6, 8, 10, 12
TOTAL_LEN = 5


def uint(value: Any) -> bool:
    return type(value) is int and value >= 0


def text(limit: int) -> Check:
    return lambda value: type(value) is str and len(value.encode()) <= limit


def is_metadata(value: Any) -> bool:
    return type(value) is dict and all(
        type(key) is str and re.fullmatch("[a-z0-9][a-z0-9._-]{0,127}", key) and type(entry) in (str, bytes)
        for key, entry in value.items())


def metadata_len(metadata: Metadata) -> int:
    sizes = (len(key) + len(entry.encode() if isinstance(entry, str) else entry) for key, entry in metadata.items())
    return sum(8 + size for size in sizes)


# What the fields of each type and the extensions that we know must be (R19, R22).
SHAPES: dict[int, tuple[list[Check], dict[int, Check]]] = {
    HELLO: ([uint] * 5, {SOFTWARE: text(128), PING_INTERVAL_MS: uint, IDLE_LIMIT_MS: uint, AGE_MAX_MS: uint,
                         INTERFACE_REVISION: lambda it: type(it) is bytes and len(it) <= 64}),
    GOING_AWAY: ([uint, uint, text(4096)], {}), CLOSE: ([uint, text(4096)], {}), PING: ([uint], {}), PONG: ([uint], {}),
    OPEN: ([text(512)], {DEADLINE_US: uint, ASKS_TIMES: uint, METADATA: is_metadata, TOTAL_LEN: uint}),
    ITEM: ([], {TOTAL_LEN: uint}), CONTINUATION: ([], {}), HALF_CLOSE: ([], {}), CREDIT: ([uint], {}),
    END: ([uint], {MESSAGE: text(4096), RETRY_AFTER_MS: uint, TOTAL_LEN: uint, HANDLER_RAN: uint, CLAMPED_US: uint,
                   TRAILING: is_metadata, TIMES: lambda it: type(it) is list and len(it) > 3 and all(map(uint, it[:4]))}),
    CANCEL: ([], {}), RESPONSE_METADATA: ([], {METADATA: is_metadata}),
}


@dataclass
class Frame:
    """One frame: `[kind, id, *fields, extensions]`, and the payload behind it."""

    kind: int
    id: int
    fields: list[Any] = field(default_factory=list)
    extensions: dict[int, Any] = field(default_factory=dict)
    payload: bytes = b""
    alien: bool = False  # it holds what must be understood, and we do not (R23)

    def header(self) -> bytes:
        extensions = [self.extensions] if self.extensions else []
        return cbor2.dumps([self.kind, self.id, *self.fields, *extensions], canonical=True)  # R17

    def to_bytes(self) -> bytes:
        content = self.header() + self.payload
        return b"Z" + len(content).to_bytes(4) + content

    @classmethod
    def parse(cls, content: bytes) -> Frame | None:
        """What is behind the head of a frame, in any encoding (R18); None is to be ignored (R24)."""
        header, end = read(content, depth=12)
        demand(type(header) is list and len(header) > 1 and uint(header[0]) and uint(header[1]), "this is no header")
        kind, id, *fields = header
        if kind not in SHAPES:
            return cls(kind, id, alien=True) if kind % 2 else None
        checks, known = SHAPES[kind]
        extensions = fields.pop() if len(fields) == len(checks) + 1 and type(fields[-1]) is dict else {}
        demand((kind < OPEN) == (id == 0), f"type {kind} with the id {id}")  # R16
        demand(len(fields) == len(checks) and all(check(value) for check, value in zip(checks, fields))
               and all(uint(key) and (key not in known or known[key](value)) for key, value in extensions.items()),
               f"a frame of type {kind} has another shape")
        alien = any(key % 2 and key not in known for key in extensions)
        return cls(kind, id, fields, extensions, content[end:], alien)


# --- The protocol as a value ---


class Limits(NamedTuple):
    """What one side accepts, as its hello says it."""

    frame_len: int = 65_536
    message_len: int = 4 << 20
    calls_open: int = 64
    metadata_len: int = 16_384
    initial_credit: int = 131_072


PIPELINED = Limits(65_536, 32_768, 64, 8_192, 16_384)  # what every server takes before its own hello
PING_INTERVAL_S, PINGS_FORGIVEN = 5, 8  # how often we may be asked
ASK_AFTER_S, GIVE_UP_AFTER_S = 20, 40  # of silence
MESSAGE_COST = 32  # of credit, beside the bytes of the message
PART_LEN = 32_768  # of a long message, until other calls have their turn (R84); with this much
METADATA_LEN_MAX = 16_384  # it fits a frame


@dataclass(eq=False)
class Call:
    """One call: what has come of it, what is still to be sent, and how it ended."""

    id: int
    takes_items: bool
    deadline: float
    credit: int  # what we may send
    granted: int  # what the server may send
    owed: int = 0  # what the application has taken, and the server was not granted again
    outbox: deque[Frame] = field(default_factory=deque)  # the first may be what is left of a message
    incoming: Frame | None = None  # how the message began of which a part has come,
    content: bytearray = field(default_factory=bytearray)  # the part,
    beyond: int = 0  # and the credit that it was granted beyond the window
    items: deque[tuple[bytes, int]] = field(default_factory=deque)
    metadata: Metadata | None = None
    trailing: Metadata = field(default_factory=dict)
    times: list[int] | None = None  # the server's own, if it was asked: decode, queue, handler, encode
    outcome: bytes | Status | None = None
    changed: Callable[[], None] = lambda: None

    @property
    def sent(self) -> bool:
        return not (self.outbox and self.outbox[0].kind == OPEN)


class Connection:
    """A client's side of a connection, without socket and tasks.

    `receive`, `tick` and `lost` are the world speaking, `to_send` is our answer, and the rest is the application.
    What comes of a call shows in its `Call`, which says when it has `changed`.
    """

    def __init__(self, clock: Callable[[], float], limits: Limits = Limits(), software: str = "countersign.py/1"):
        self.limits, self.peer, self.greeted, self.closed = limits, PIPELINED, False, False
        self.calls: dict[int, Call] = {}
        self.refusal: Status | None = None  # why there can be no other calls
        self._clock, self._heard, self._asked, self._asked_until = clock, clock(), False, clock()
        self._next_id, self._inbox, self._outbox = 1, bytearray(), bytearray()
        self._turns: dict[int, Call] = {}  # calls that may have something to send, in their order
        self._write(HELLO, 0, *limits, extensions={SOFTWARE: software, PING_INTERVAL_MS: PING_INTERVAL_S * 1000})

    def open(self, procedure: str, arguments: bytes, *, takes_items: bool = False, timeout: float | None = None,
             metadata: Metadata | None = None, times: bool = False) -> Call:
        """Begins a call, unless that would exceed what the server takes (R36)."""
        if self.refusal is not None:
            raise self.refusal
        metadata = dict(metadata or {})
        demand(len(self.calls) < self.peer.calls_open, f"{len(self.calls)} calls are open", ResourceExhausted)
        demand(is_metadata(metadata), "metadata is text or bytes, by keys of a-z, 0-9, `.`, `_` and `-`")
        demand(metadata_len(metadata) <= min(self.peer.metadata_len, METADATA_LEN_MAX), "more metadata than is taken", ResourceExhausted)
        extensions: dict[int, Any] = {METADATA: metadata} if metadata else {}
        extensions |= {ASKS_TIMES: 1} if times else {}
        extensions |= {} if timeout is None else {DEADLINE_US: min(max(0, math.ceil(timeout * 1e6)), 2**64 - 1)}  # R40
        deadline = math.inf if timeout is None else self._clock() + timeout
        call = Call(self._next_id, takes_items, deadline, self.peer.initial_credit, self.limits.initial_credit)
        self._queue(call, Frame(OPEN, call.id, [procedure], extensions, arguments))
        self.calls[call.id] = call
        self._next_id += 2
        return call

    def send(self, call: Call, item: bytes | None) -> None:
        """Queues an item, on its way when the call's outbox is empty; None says that no others follow."""
        self._queue(call, Frame(HALF_CLOSE, call.id) if item is None else Frame(ITEM, call.id, payload=item))

    def take(self, call: Call) -> bytes:
        """The next item; the server may send as much again."""
        item, cost = call.items.popleft()
        call.owed += cost
        if call.owed * 2 >= self.limits.initial_credit:
            self._grant(call, call.owed)
            call.owed = 0
        return item

    def cancel(self, call: Call, reason: Status) -> None:
        """Gives a call up."""
        if call.outcome is None:
            if call.sent:
                self._write(CANCEL, call.id)
            self._end(call, reason)

    def close(self, code: int = 0, message: str = "") -> None:
        """Says goodbye; what is open has failed."""
        if not self.closed:
            self._write(CLOSE, 0, code, message)
            self.lost(message or "we closed it")

    def receive(self, received: bytes) -> None:
        """Takes what has come, however it was split (R15)."""
        self._heard, self._asked = self._clock(), False
        self._inbox += received
        try:
            while not self.closed and (content := self._next_frame()) is not None:
                if (frame := Frame.parse(content)) is not None or not self.greeted:
                    self._handle(frame)
        except Status as violation:
            self.close(violation.code, violation.message)  # R58

    def tick(self) -> float:
        """Does what is due, and says when something will be next."""
        now = self._clock()
        for call in [call for call in self.calls.values() if call.deadline <= now]:
            self.cancel(call, DeadlineExceeded("there was no answer in time"))
        if now >= self._heard + GIVE_UP_AFTER_S:
            self.close(Unavailable.code, "the peer is silent")  # R52
        elif now >= self._heard + ASK_AFTER_S and not self._asked:
            self._asked = True
            self._write(PING, 0, 1)
        silence = GIVE_UP_AFTER_S if self._asked else ASK_AFTER_S
        return min([self._heard + silence, *(call.deadline for call in self.calls.values())])

    def lost(self, reason: str) -> None:
        """The connection has ended, and with it every call (R35)."""
        self.closed, self.refusal = True, Unavailable(reason, handler_ran=False)
        for call in list(self.calls.values()):
            self._end(call, ConnectionLost(reason, handler_ran=None if call.sent else False))

    def to_send(self) -> bytes:
        """What is to be written next; calls with long messages take turns. To be called until it is empty."""
        while self._turns and len(self._outbox) < PART_LEN:
            call = self._turns.pop(next(iter(self._turns)))
            if self._write_part(call):
                self._turns[call.id] = call
        written, self._outbox = bytes(self._outbox), bytearray()
        return written

    def _next_frame(self) -> bytes | None:
        demand(self._inbox[:1] in (b"Z", b""), "these bytes are no frame")  # R13
        end = 5 + int.from_bytes(self._inbox[1:5])
        demand(len(self._inbox) < 5 or end <= 5 + self.limits.frame_len, "a frame too long", ResourceExhausted)  # R14
        if len(self._inbox) < end:
            return None
        content = bytes(self._inbox[5:end])
        del self._inbox[:end]
        return content

    def _handle(self, frame: Frame) -> None:
        kind, id = frame.kind, frame.id
        demand((kind == HELLO) != self.greeted, "a hello comes first, and once")  # R26
        demand(not frame.alien or id, f"we do not know all of a frame of type {kind}", Unimplemented)
        demand(kind not in (OPEN, HALF_CLOSE, CANCEL), f"a server sends no frame of type {kind}")  # R30
        demand(id == 0 or id % 2 and id < self._next_id, f"call {id} was never opened")  # R31
        if id == 0:
            self._handle_control(kind, *frame.fields)
        elif id in self.calls:  # or else it has ended, and this is late (R32)
            self._handle_call(self.calls[id], frame)

    def _handle_control(self, kind: int, *fields: Any) -> None:
        if kind == HELLO:
            self.greeted, self.peer = True, Limits(*fields)
            sound = self.peer.frame_len >= PIPELINED.frame_len and self.peer.initial_credit >= PIPELINED.initial_credit
            demand(sound, "a hello that grants too little")  # R27, R28
            for call in self.calls.values():
                call.credit += self.peer.initial_credit - PIPELINED.initial_credit
        elif kind == GOING_AWAY:
            self.refusal = Unavailable(fields[2] or "the server goes away", handler_ran=False)
            for call in [call for call in self.calls.values() if call.id > fields[0]]:
                self._end(call, self.refusal)  # R56
        elif kind == CLOSE:
            self.lost(f"the server closed the connection: {fields[1] or 'without a reason'} ({fields[0]})")
        elif kind == PING:
            self._asked_until = max(self._asked_until, self._clock()) + PING_INTERVAL_S
            too_far = self._clock() + PING_INTERVAL_S * (PINGS_FORGIVEN + 1)
            demand(self._asked_until <= too_far, "too many pings", ResourceExhausted)  # R55
            self._write(PONG, 0, *fields)  # R51

    def _handle_call(self, call: Call, frame: Frame) -> None:
        kind, said = frame.kind, frame.extensions
        fail = self._end if kind == END and TOTAL_LEN not in said else self.cancel
        metadata = said.get(TRAILING if kind == END else METADATA, {})
        if frame.alien:
            fail(call, Unimplemented(f"we do not know all of a frame of type {kind}"))
        elif kind in (END, RESPONSE_METADATA) and metadata_len(metadata) > self.limits.metadata_len:
            fail(call, ResourceExhausted(f"more than {self.limits.metadata_len} bytes of metadata"))
        elif kind == CREDIT:
            call.credit = min(call.credit + frame.fields[0], 2**64 - 1)
            self._turns[call.id] = call
        elif kind == RESPONSE_METADATA:
            demand(call.metadata is None and call.granted == self.limits.initial_credit, "metadata that is not first")
            call.metadata = metadata
            call.changed()
        elif kind == END and frame.fields[0]:
            demand(TOTAL_LEN not in said, "a status that is cut")  # R80
            status, handler_ran = Status.classes.get(frame.fields[0], Unknown), {0: False, 1: True}  # R46
            call.trailing, call.times = metadata, said.get(TIMES)
            self._end(call, status(said.get(MESSAGE, ""), frame.payload, said.get(RETRY_AFTER_MS),
                                   handler_ran.get(said.get(HANDLER_RAN))))
        else:
            self._handle_message(call, frame)

    def _handle_message(self, call: Call, frame: Frame) -> None:
        """An item, a result, or a part of one."""
        begins, part = frame.kind != CONTINUATION, frame.payload
        demand(begins == (call.incoming is None), "a message within a message, or more of none")
        first = call.incoming or frame
        total = first.extensions.get(TOTAL_LEN, len(first.payload))
        missing = total - len(call.content) - len(part)
        demand(missing >= 0 and (part or begins), "a part of a message that is empty, or too long")
        if first.kind == ITEM and not call.takes_items:
            return self.cancel(call, Internal("the server sent an item, and the call takes none"))
        if total > self.limits.message_len:
            fail = self.cancel if missing or first.kind == ITEM else self._end
            return fail(call, ResourceExhausted(f"a message of {total} bytes"))
        if first.kind == ITEM or TOTAL_LEN in first.extensions:
            call.granted -= len(part) + MESSAGE_COST * begins
            demand(call.granted >= 0, f"call {call.id} sends more than it was granted", ResourceExhausted)
            if begins and missing > call.granted:
                # What has begun can end, whoever reads: memory is bounded by the calls that we have open.
                call.beyond = missing - call.granted
                self._grant(call, call.beyond)
        call.content += part
        call.incoming = first if missing else None
        if missing:
            return
        content, call.content = bytes(call.content), bytearray()
        if first.kind == END:
            call.trailing, call.times = first.extensions.get(TRAILING, {}), first.extensions.get(TIMES)
            return self._end(call, content)
        call.items.append((content, total + MESSAGE_COST - call.beyond))
        call.beyond = 0
        call.changed()

    def _end(self, call: Call, outcome: bytes | Status) -> None:
        del self.calls[call.id]
        self._turns.pop(call.id, None)
        call.outbox.clear()
        call.outcome = outcome
        call.changed()

    def _write(self, kind: int, id: int, *fields: Any, extensions: dict[int, Any] | None = None) -> None:
        self._outbox += Frame(kind, id, list(fields), extensions or {}).to_bytes()

    def _grant(self, call: Call, credit: int) -> None:
        if call.outcome is None:
            call.granted += credit
            self._write(CREDIT, call.id, credit)

    def _queue(self, call: Call, frame: Frame) -> None:
        demand(len(frame.payload) <= self.peer.message_len, "a message longer than is taken", ResourceExhausted)
        if call.outcome is None:
            call.outbox.append(frame)
            self._turns[call.id] = call

    def _write_part(self, call: Call) -> bool:
        """Writes a message or a part of one, unless there is none or it waits for credit."""
        if not call.outbox:
            return False
        frame = call.outbox[0]
        payload, extra = frame.payload, MESSAGE_COST if frame.kind != CONTINUATION else 0
        whole = len(payload) <= PART_LEN
        cost = 0 if whole and frame.kind in (OPEN, HALF_CLOSE) else len(payload) + extra
        if cost > call.credit and (call.credit <= extra or extra and cost * 2 <= self.peer.initial_credit):
            return False
        if whole and cost <= call.credit:
            call.outbox.popleft()
        else:
            frame.extensions |= {TOTAL_LEN: len(payload)} if extra else {}
            part_len = min(call.credit - extra, PART_LEN)
            frame = Frame(frame.kind, call.id, frame.fields, frame.extensions, payload[:part_len])
            call.outbox[0] = Frame(CONTINUATION, call.id, payload=payload[part_len:])
            cost = part_len + extra
        call.credit -= cost
        self._outbox += frame.to_bytes()
        call.changed()
        return True


# --- A connection at work ---

ALPN = "countersign/1"
SPIFFE_ID = re.compile(r"spiffe://([a-z0-9._-]{1,255})(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._-]+)+")


async def connect(address: str, identity: str | Path, *, expect: str | None = None, timeout: float = 10.0,
                  limits: Limits = Limits()) -> Client:
    """Connects as the identity in a folder; returns when the server has accepted us (R12).

    The server is one whose certificate names the host, or else the one with the SPIFFE ID that is expected.
    """
    host, _, port = address.rpartition(":")
    loop, host = asyncio.get_running_loop(), host.strip("[]")
    try:
        async with asyncio.timeout(timeout):
            context, domain = tls_settings(Path(identity), expect)
            _, client = await loop.create_connection(lambda: Client(domain, expect, limits), host, int(port),
                                                     ssl=context, server_hostname=host)
            await client.greeted
            return client
    except TimeoutError as error:
        raise ConnectError(f"{address}: no answer within {timeout} s") from error
    except (OSError, ValueError) as error:  # an alert of the server is among them, as OpenSSL calls it
        raise ConnectError(f"{address}: {error}") from error


def tls_settings(folder: Path, expect: str | None) -> tuple[ssl.SSLContext, str]:
    """Settings that show the identity, and the trust domain whose roots they believe, and no others (R7)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3  # R1
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.check_hostname = expect is None  # R11
    context.set_alpn_protocols([ALPN])
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    pem = re.search("-+BEGIN CERTIFICATE-+.*?-+END CERTIFICATE-+", (folder / "cert.pem").read_text(), re.S)
    # The certificate is our own: a search is enough to find its name.
    own = re.search(rb"spiffe://([a-z0-9._-]+)/", ssl.PEM_cert_to_DER_cert(pem[0]) if pem else b"")
    if own is None:
        raise ValueError(f"{folder}/cert.pem: no SPIFFE ID")
    context.load_verify_locations(folder / "ca.pem")
    return context, own[1].decode()


def server_id(tls: ssl.SSLObject, domain: str, expect: str | None) -> str:
    """Who the server is; the chain and the host were verified with the handshake."""
    leaf = tls.getpeercert(binary_form=True) or b""
    names = (tls.getpeercert() or {}).get("subjectAltName", ())
    ids = [SPIFFE_ID.fullmatch(name) for kind, name in names if kind == "URI"]
    judge = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    judge.load_verify_locations(cadata=leaf)
    for holds, otherwise in [
        (tls.selected_alpn_protocol() == ALPN, f"the server does not speak {ALPN}"),  # R2
        (len(ids) == 1 and ids[0], "the server's certificate has not one SPIFFE ID"),  # R6
        (ids and ids[0] and ids[0][1] == domain, f"the server is not of the trust domain {domain}"),  # R7
        (judge.cert_store_stats()["x509_ca"] == 0, "the server's certificate is that of an authority"),  # R8
        # OpenSSL demands serverAuth where there is an extended key usage, and not that there is one.
        (bytes.fromhex("0603551d25") in leaf, "the server's certificate has no extended key usage"),  # R10
        (expect is None or ids[0][0] == expect, f"the server is not {expect}"),  # R11
    ]:
        if not holds:
            raise ConnectionError(otherwise)
    return ids[0][0]


class Client(asyncio.Protocol, AbstractAsyncContextManager["Client"]):
    """A connection at work. Leaving its `async with` closes it."""

    def __init__(self, domain: str, expect: str | None, limits: Limits) -> None:
        self.server = ""  # the SPIFFE ID
        self._expected, self._loop = (domain, expect), asyncio.get_running_loop()
        self._connection = Connection(self._loop.time, limits)
        self.greeted, self._gone = self._loop.create_future(), asyncio.Event()
        self._writable, self._timer = True, self._loop.call_later(0, lambda: None)

    async def call(self, procedure: str, arguments: Mapping[str, Any] | None = None, *, timeout: float | None = None,
                   metadata: Metadata | None = None) -> Any:
        """A unary call. What it raises is a `Status`; cancelling it cancels the handler."""
        async with Stream(self, procedure, arguments, False, timeout, metadata) as call:
            return await call.result()

    def stream(self, procedure: str, arguments: Mapping[str, Any] | None = None, *, timeout: float | None = None,
               metadata: Metadata | None = None) -> Stream:
        """A call with items, in one direction or both. Leaving its `async with` cancels what has not ended."""
        return Stream(self, procedure, arguments, True, timeout, metadata)

    async def close(self) -> None:
        self._connection.close()
        self.settle()
        await self._gone.wait()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def settle(self) -> None:
        """Passes on what the protocol wants written, and when it wants to be woken."""
        self._timer.cancel()
        if not self._gone.is_set():
            self._timer = self._loop.call_at(self._connection.tick(), self.settle)
            while self._writable and (written := self._connection.to_send()):
                self._transport.write(written)
            if self._connection.closed:
                self._transport.close()

    def connection_made(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        try:
            self.server = server_id(transport.get_extra_info("ssl_object"), *self._expected)
            self.settle()
        except OSError as error:
            self.greeted.set_exception(error)
            transport.abort()

    def data_received(self, received: bytes) -> None:
        self._connection.receive(received)
        if self._connection.greeted and not self.greeted.done():
            self.greeted.set_result(None)
        self.settle()

    def connection_lost(self, error: Exception | None) -> None:
        self._connection.lost(f"the connection ended: {error or 'without a goodbye'}")
        if not self.greeted.done():
            self.greeted.set_exception(error or ConnectionError(self._connection.refusal))
        self._gone.set()
        self.settle()

    def pause_writing(self) -> None:
        self._writable = False

    def resume_writing(self) -> None:
        self._writable = True
        self.settle()


class Stream(AbstractAsyncContextManager["Stream"]):
    """One call, whatever its kind."""

    def __init__(self, client: Client, procedure: str, arguments: Mapping[str, Any] | None, items: bool,
                 timeout: float | None, metadata: Metadata | None) -> None:
        self._client, self._changed, self._sends = client, asyncio.Event(), items
        self._connection = client._connection
        self._call = self._connection.open(procedure, encode(arguments or {}), takes_items=items, timeout=timeout,
                                           metadata=metadata)
        self._call.changed = self._changed.set
        client.settle()

    async def send(self, item: Any) -> bool:
        """Sends an item; returns when it is on its way. False: the server has ended the call without it."""
        self._connection.send(self._call, encode(item))
        await self._until(lambda: not self._call.outbox)
        return self._call.outcome is None

    def half_close(self) -> None:
        """Says that no items follow."""
        if self._sends:
            self._sends = False
            self._connection.half_close(self._call)
            self._client.settle()

    async def result(self) -> Any:
        """What the call returns when all items are sent; those of the server that were not read are dropped."""
        self.half_close()
        async for _ in self:
            pass
        assert isinstance(self._call.outcome, bytes)
        return decode(self._call.outcome)

    async def metadata(self) -> Metadata:
        """What the server says before its first item."""
        await self._until(lambda: self._call.metadata is not None or self._call.items)
        return self._call.metadata or {}

    @property
    def trailing(self) -> Metadata:
        """What the server said with the end."""
        return self._call.trailing

    def __aiter__(self) -> Stream:
        return self

    async def __anext__(self) -> Any:
        await self._until(lambda: self._call.items)
        if self._call.items:
            item = self._connection.take(self._call)
            self._client.settle()
            return decode(item)
        if isinstance(self._call.outcome, Status):
            raise self._call.outcome
        raise StopAsyncIteration

    async def _until(self, holds: Callable[[], object]) -> None:
        """Waits until something holds, or the call has ended."""
        self._client.settle()
        while not holds() and self._call.outcome is None:
            self._changed.clear()
            await self._changed.wait()

    async def __aexit__(self, *_: object) -> None:
        self._connection.cancel(self._call, Cancelled("the caller left"))
        self._client.settle()


if __name__ == "__main__":
    from command_line import main

    sys.exit(main())
