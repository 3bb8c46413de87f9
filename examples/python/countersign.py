#!/usr/bin/env python3
"""A client for Countersign: remote procedure call between two peers who have both proved who they are.

    async with await connect("localhost:7443", "pki/alice") as client:
        print(await client.call("demo.Math/divide", {"dividend": 1, "divisor": 3}))
        async with client.stream("demo.Clock/ticks", {"interval_ms": 500}) as ticks:
            async for tick in ticks:
                print(tick)

Written from rpc/proto/SPEC.md alone, whose rules are the `R14` in comments. Needs Python 3.11 or later, and cbor2 6.
"""

from __future__ import annotations

import asyncio
import io
import math
import re
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import cbor2
from identity import explained, server_id, tls_settings

Check = Callable[[Any], bool]
Metadata = Mapping[str, str | bytes]


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


def read(source: bytes, depth: int) -> tuple[Any, int]:
    """One well-formed item without equal keys in a map, and where it ends (R61, R62)."""
    # Whatever is tagged means nothing here, and cbor2 is to make no date or the like of it.
    tags: dict[int, Any] = defaultdict(lambda: lambda content, immutable: cbor2.undefined)
    stream = io.BytesIO(source)
    decoder = cbor2.CBORDecoder(stream, semantic_decoders=tags, max_depth=depth, allow_duplicate_keys=False)
    try:
        return decoder.decode(), stream.tell()
    except cbor2.CBORDecodeError as error:
        raise InvalidArgument(f"not the CBOR of a peer: {error}") from error


def items_in(value: Any) -> int:
    """How many items a payload consists of; refuses what its profile lacks (R60)."""
    match value:
        case None | int() | float() | str() | bytes() if not isinstance(value, int) or -(2**63) <= value < 2**64:
            return 1
        case list() | tuple():
            return 1 + sum(map(items_in, value))
        case dict() if {type(key) for key in value} in (set(), {str}, {int}):
            return 1 + sum(map(items_in, value)) + sum(map(items_in, value.values()))
    raise InvalidArgument(f"{value!r:.60} is nothing that travels")


def decode(payload: bytes) -> Any:
    """The value that a server has sent. cbor2 by itself would take more than a receiver may."""
    try:
        value, end = read(payload, depth=128)
        demand(end == len(payload), "there are bytes behind the value")
        demand(items_in(value) <= 1 << 20, "there are too many items")  # R65
        return value
    except InvalidArgument as error:
        raise Internal(f"this cannot be read: {error.message}") from error


def encode(value: Any) -> bytes:
    """A payload of None, bool, int, float, str and bytes, and of lists and dicts of them."""
    items_in(value)
    return cbor2.dumps(value, canonical=True)


HELLO, GOING_AWAY, CLOSE, PING, PONG = 1, 3, 5, 7, 9
OPEN, ITEM, CONTINUATION, HALF_CLOSE, CREDIT, END, CANCEL, RESPONSE_METADATA = 11, 13, 15, 17, 19, 21, 23, 25
# Extensions: of a hello, of an open, and of an end; total_len is in both, and in an item.
SOFTWARE, INTERFACE_REVISION, PING_INTERVAL_MS, IDLE_LIMIT_MS, AGE_MAX_MS = 2, 4, 6, 8, 10
DEADLINE_US, ASKS_TIMES, METADATA = 1, 2, 3
MESSAGE, RETRY_AFTER_MS, TOTAL_LEN, HANDLER_RAN, TRAILING, TIMES, CLAMPED_US = 2, 4, 5, 6, 8, 10, 12
KEY = re.compile("[a-z0-9][a-z0-9._-]{0,127}")  # of metadata


def uint(value: Any, least: int = 0) -> bool:
    return type(value) is int and value >= least

def text(limit: int) -> Check:
    return lambda value: type(value) is str and len(value.encode()) <= limit

def is_metadata(value: Any) -> bool:
    return type(value) is dict and all(type(key) is str and KEY.fullmatch(key) and type(entry) in (str, bytes)
                                       for key, entry in value.items())

def are_times(value: Any) -> bool:
    return type(value) is list and len(value) >= 4 and all(map(uint, value[:4]))

def metadata_len(metadata: Metadata) -> int:
    return sum(8 + len(key) + len(it if isinstance(it, bytes) else it.encode()) for key, it in metadata.items())

# What the fields of each type and the extensions that we know must be (R19, R22, R27, R28).
SHAPES: dict[int, tuple[list[Check], dict[int, Check]]] = {
    HELLO: ([lambda it: uint(it, 65_536), uint, uint, uint, lambda it: uint(it, 16_384)],
            {SOFTWARE: text(128), PING_INTERVAL_MS: uint, IDLE_LIMIT_MS: uint, AGE_MAX_MS: uint,
             INTERFACE_REVISION: lambda it: type(it) is bytes and len(it) <= 64}),
    GOING_AWAY: ([uint, uint, text(4096)], {}), CLOSE: ([uint, text(4096)], {}), PING: ([uint], {}), PONG: ([uint], {}),
    OPEN: ([text(512)], {DEADLINE_US: uint, ASKS_TIMES: uint, METADATA: is_metadata, TOTAL_LEN: uint}),
    ITEM: ([], {TOTAL_LEN: uint}), CONTINUATION: ([], {}), HALF_CLOSE: ([], {}), CREDIT: ([uint], {}),
    END: ([uint], {MESSAGE: text(4096), RETRY_AFTER_MS: uint, TOTAL_LEN: uint, HANDLER_RAN: uint, CLAMPED_US: uint,
                   TRAILING: is_metadata, TIMES: are_times}),
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

    def to_bytes(self) -> bytes:
        extensions = {key: value for key, value in self.extensions.items() if value is not None}
        header = [self.kind, self.id, *self.fields, *([extensions] if extensions else [])]
        content = cbor2.dumps(header, canonical=True) + self.payload  # R17
        return b"Z" + len(content).to_bytes(4) + content

    @classmethod
    def parse(cls, content: bytes) -> Frame:
        """What is behind the head of a frame, in any encoding (R18)."""
        header, end = read(content, depth=12)
        demand(type(header) is list and len(header) > 1 and all(map(uint, header[:2])), "this is no header")
        kind, id, *fields = header
        if kind not in SHAPES:
            return cls(kind, id, alien=kind % 2 == 1)
        checks, known = SHAPES[kind]
        extensions = fields.pop() if len(fields) == len(checks) + 1 and type(fields[-1]) is dict else {}
        demand((kind < OPEN) == (id == 0), f"type {kind} with the id {id}")  # R16
        demand(len(fields) == len(checks) and all(check(value) for check, value in zip(checks, fields))
               and all(uint(key) and (key not in known or known[key](value)) for key, value in extensions.items()),
               f"a frame of type {kind} has another shape")
        alien = any(key % 2 and key not in known for key in extensions)
        return cls(kind, id, fields, extensions, content[end:], alien)


class Limits(NamedTuple):
    """What one side accepts, as its hello says it."""
    frame_len: int = 65_536
    message_len: int = 4 << 20
    calls_open: int = 64
    metadata_len: int = 16_384
    initial_credit: int = 131_072


PIPELINED = Limits(65_536, 32_768, 64, 8_192, 16_384)  # what every server takes before its own hello
PING_INTERVAL_S, PINGS_AHEAD_S = 5, 45  # how often we may be asked, and that eight times ahead
FRUITLESS_PER_S, FRUITLESS_AHEAD_S = 1000, 16  # and how often with frames that move nothing forward
SILENCE_S, ANSWER_S = 20, 20  # until we ask, and from then until we give up
MESSAGE_COST, PART_LEN = 32, 32_768  # in credit, beside the bytes; and what a call writes in its turn (R84)


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
    sent: bool = False  # the open is on its way, or a part of it
    incoming: Frame | None = None  # a message of which a part has come,
    beyond: int = 0  # and the credit that it was granted beyond the window
    items: deque[tuple[bytes, int]] = field(default_factory=deque)
    metadata: Metadata | None = None
    trailing: Metadata = field(default_factory=dict)
    times: list[int] | None = None  # the server's own, if it was asked: decode, queue, handler, encode
    outcome: bytes | Status | None = None

    def changed(self) -> None:
        """Something has come of it, or was sent."""


class Connection:
    """A client's side of a connection, without socket and tasks: `receive`, `tick` and `lost` are the world speaking,
    `to_send` is our answer, and the rest is the application."""

    def __init__(self, clock: Callable[[], float], limits: Limits = Limits(), software: str = "countersign.py/1"):
        self.limits, self.peer, self.greeted, self.closed = limits, PIPELINED, False, False
        self.calls: dict[int, Call] = {}
        self.refusal = ""  # why there can be no other calls
        self._clock, self._heard, self._answered, self._borne = clock, clock(), clock(), clock() - FRUITLESS_AHEAD_S
        self._asked, self._quiet, self._next, self._inbox, self._outbox = False, SILENCE_S, 1, bytearray(), bytearray()
        self._write(HELLO, 0, *limits, extensions={SOFTWARE: software, PING_INTERVAL_MS: PING_INTERVAL_S * 1000})

    def open(self, procedure: str, arguments: bytes, kind: type[Any], takes_items: bool, timeout: float | None = None,
             metadata: Metadata | None = None, times: bool = False) -> Any:
        """Begins a call, unless that would exceed what the server takes (R36)."""
        demand(not self.refusal, self.refusal, Unavailable)
        metadata, room = dict(metadata or {}), min(self.peer.metadata_len, 16_384)  # so much fits a frame in any case
        demand(len(self.calls) < self.peer.calls_open, f"{len(self.calls)} calls are open", ResourceExhausted)
        demand(len(arguments) <= self.peer.message_len, "arguments longer than is taken", ResourceExhausted)
        demand(is_metadata(metadata), "metadata is text or bytes, by keys of a-z, 0-9, `.`, `_` and `-`")
        demand(metadata_len(metadata) <= room, f"more than {room} bytes of metadata", ResourceExhausted)
        seconds = math.inf if timeout is None else max(0.0, timeout)
        deadline_us = min(math.ceil(seconds * 1e6), 2**64 - 1) if seconds < math.inf else None  # R40
        window, deadline = self.limits.initial_credit, self._clock() + seconds
        call = kind(self._next, takes_items, deadline, self.peer.initial_credit, window)
        extensions = {DEADLINE_US: deadline_us, ASKS_TIMES: 1 if times else None, METADATA: metadata or None}
        call.outbox.append(Frame(OPEN, call.id, [procedure], extensions, arguments))
        self.calls[call.id] = call
        self._next += 2
        return call

    def send(self, call: Call, item: bytes | None) -> None:
        """Queues an item, on its way when the call's outbox is empty; None says that no others follow."""
        demand(len(item or b"") <= self.peer.message_len, "an item longer than is taken", ResourceExhausted)
        if call.outcome is None:
            call.outbox.append(Frame(HALF_CLOSE if item is None else ITEM, call.id, payload=item or b""))

    def take(self, call: Call) -> bytes:
        """The next item; the server may send as much again."""
        item, cost = call.items.popleft()
        call.owed += cost
        if call.owed * 2 >= self.limits.initial_credit:  # R89
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
            while self._inbox and not self.closed:
                demand(self._inbox[0] == 0x5A, "these bytes are no frame")  # R13
                length = int.from_bytes(self._inbox[1:5]) if len(self._inbox) >= 5 else 0
                demand(length <= self.limits.frame_len, f"a frame of {length} bytes", ResourceExhausted)  # R14
                if len(self._inbox) < 5 + length:
                    break
                content = bytes(self._inbox[5:5 + length])
                del self._inbox[:5 + length]
                self._handle(Frame.parse(content))
        except Status as violation:
            self.close(violation.code, violation.message)  # R58

    def tick(self) -> float:
        """Does what is due, and says when something will be next."""
        now = self._clock()
        for call in [call for call in self.calls.values() if call.deadline <= now]:
            self.cancel(call, DeadlineExceeded("there was no answer in time", handler_ran=None if call.sent else False))
        if now >= self._heard + self._quiet + ANSWER_S:
            self.close(Unavailable.code, "the peer is silent")  # R52
        elif now >= self._heard + self._quiet and not self._asked:
            self._asked = True
            self._write(PING, 0, 1)
        deadlines = (call.deadline for call in self.calls.values())
        return min(self._heard + self._quiet + ANSWER_S * self._asked, *deadlines, math.inf)

    def lost(self, reason: str) -> None:
        """The connection has ended, and with it every call (R35)."""
        self.closed, self.refusal = True, self.refusal or reason
        for call in list(self.calls.values()):
            self._end(call, ConnectionLost(reason, handler_ran=None if call.sent else False))

    def to_send(self) -> bytes:
        """What is to be written next: a part of each long message in turn. To be called until it is empty."""
        for call in self.calls.values():
            self._write_part(call)
        written, self._outbox = bytes(self._outbox), bytearray()
        return written

    def _handle(self, frame: Frame) -> None:
        kind, id = frame.kind, frame.id
        demand((kind == HELLO) != self.greeted, "a hello comes first, and once")  # R26
        self._borne += (kind == PONG or kind not in SHAPES or kind == CREDIT and frame.fields[0] < 32) / FRUITLESS_PER_S
        demand(self._borne <= self._clock(), "too many fruitless frames", ResourceExhausted)  # R98
        if kind not in SHAPES and not frame.alien:
            return  # R24
        demand(id or not frame.alien, f"we do not know all of a frame of type {kind}", Unimplemented)
        demand(kind not in (OPEN, HALF_CLOSE, CANCEL), f"a server sends no frame of type {kind}")  # R30
        demand(id == 0 or id % 2 and id < self._next, f"call {id} was never opened")  # R31
        if id == 0:
            self._handle_control(kind, frame.fields, frame.extensions)
        elif id in self.calls:  # or else it has ended, and this is late (R32)
            self._handle_call(self.calls[id], frame)

    def _handle_control(self, kind: int, fields: list[Any], extensions: dict[int, Any]) -> None:
        if kind == HELLO:
            self.greeted, self.peer = True, Limits(*fields)
            self._quiet = max(SILENCE_S, min(extensions.get(PING_INTERVAL_MS, 0) / 1000, 300))  # R54
            for call in self.calls.values():
                call.credit += self.peer.initial_credit - PIPELINED.initial_credit
        elif kind == GOING_AWAY:
            self.refusal = fields[2] or "the server goes away"
            for call in [call for call in self.calls.values() if call.id > fields[0]]:
                self._end(call, Unavailable(self.refusal, handler_ran=False))  # R56
        elif kind == CLOSE:
            self.lost(f"the server closed the connection: {fields[1] or 'without a reason'} ({fields[0]})")
        elif kind == PING:
            self._answered = max(self._answered, self._clock()) + PING_INTERVAL_S
            demand(self._answered <= self._clock() + PINGS_AHEAD_S, "too many pings", ResourceExhausted)  # R55
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
            call.credit = min(call.credit + frame.fields[0], 2**64 - 1)  # R88
        elif kind == RESPONSE_METADATA:
            demand(call.metadata is None, "response metadata comes once, and first")  # R96
            call.metadata = metadata
            call.changed()
        elif kind == END and frame.fields[0]:
            demand(TOTAL_LEN not in said, "a status that is cut")  # R80
            call.trailing, call.times = metadata, said.get(TIMES)
            handler_ran = {0: False, 1: True}.get(said.get(HANDLER_RAN, 2))
            status = Status.classes.get(frame.fields[0], Unknown)  # R46
            self._end(call, status(said.get(MESSAGE, ""), frame.payload, said.get(RETRY_AFTER_MS), handler_ran))
        else:
            self._handle_message(call, frame)

    def _handle_message(self, call: Call, frame: Frame) -> None:
        """An item, a result, or a part of one."""
        begins, part, message = frame.kind != CONTINUATION, frame.payload, call.incoming or frame
        demand(begins == (call.incoming is None), "a message within a message, or more of none")  # R77, R78
        message.payload = part if begins else message.payload + part
        total = message.extensions.get(TOTAL_LEN, len(message.payload))
        missing = total - len(message.payload)
        demand(missing >= 0 and (part or begins), "a part of a message that is empty, or too long")  # R78, R79
        if message.kind == ITEM and not call.takes_items:
            return self.cancel(call, Internal("the server sent an item, and the call takes none"))  # R101
        if total > self.limits.message_len:
            fail = self.cancel if missing or message.kind == ITEM else self._end
            return fail(call, ResourceExhausted(f"a message of {total} bytes"))  # R82
        if message.kind == ITEM or TOTAL_LEN in message.extensions:
            call.granted -= len(part) + MESSAGE_COST * begins
            demand(call.granted >= 0, f"call {call.id} sends more than it was granted", ResourceExhausted)  # R86
        if begins:  # what is missing is granted at once (R90): memory is bounded by the calls that we have open
            call.beyond = max(0, missing - call.granted)
            self._grant(call, call.beyond)
        call.incoming, call.metadata = message if missing else None, call.metadata or {}
        if message.kind == END and not missing:
            call.trailing, call.times = message.extensions.get(TRAILING, {}), message.extensions.get(TIMES)
            self._end(call, message.payload)
        elif not missing:
            call.items.append((message.payload, total + MESSAGE_COST - call.beyond))
            call.changed()

    def _end(self, call: Call, outcome: bytes | Status) -> None:
        del self.calls[call.id]
        call.outcome = outcome
        call.outbox.clear()
        call.changed()

    def _write(self, kind: int, id: int, *fields: Any, extensions: dict[int, Any] | None = None) -> None:
        self._outbox += Frame(kind, id, list(fields), extensions or {}).to_bytes()

    def _grant(self, call: Call, credit: int) -> None:
        if credit and call.outcome is None:
            call.granted += credit
            self._write(CREDIT, call.id, credit)

    def _write_part(self, call: Call) -> None:
        """Writes a message or a part of one, unless there is none or it waits for credit."""
        frame = call.outbox[0] if call.outbox else Frame(CONTINUATION, call.id)
        payload, extra = frame.payload, MESSAGE_COST if frame.kind != CONTINUATION else 0
        whole = len(payload) <= PART_LEN
        cost = 0 if whole and frame.kind in (OPEN, HALF_CLOSE) else len(payload) + extra
        waits = cost > call.credit and (call.credit <= extra or extra and cost * 2 <= self.peer.initial_credit)  # R87
        if waits or not call.outbox:
            return
        if whole and cost <= call.credit:
            call.outbox.popleft()
        else:
            part_len = min(call.credit - extra, PART_LEN)
            extensions = frame.extensions | ({TOTAL_LEN: len(payload)} if extra else {})
            frame = Frame(frame.kind, call.id, frame.fields, extensions, payload[:part_len])
            call.outbox[0] = Frame(CONTINUATION, call.id, payload=payload[part_len:])
            cost = part_len + extra
        call.credit, call.sent = call.credit - cost, True  # R85
        self._outbox += frame.to_bytes()
        call.changed()


async def connect(address: str, identity: str | Path, *, expect: str | None = None, timeout: float = 10) -> Client:
    """Connects as the identity in a folder, to the host or else to whoever has the SPIFFE ID that is expected (R12)."""
    (host, _, port), client = address.rpartition(":"), None
    try:
        async with asyncio.timeout(timeout):
            context, domain = tls_settings(Path(identity), expect)
            client, host = Client(domain, expect), host.strip("[]")
            loop = asyncio.get_running_loop()
            await loop.create_connection(lambda: client, host, int(port), ssl=context, server_hostname=host)
            await client.greeted
            return client
    except (OSError, ValueError) as error:
        raise ConnectError(f"{address}: {explained(error)}") from error
    finally:
        if client and client.transport and not client.connection.greeted:
            client.transport.abort()


class Client(asyncio.Protocol, AbstractAsyncContextManager["Client"]):
    """A connection at work. Leaving its `async with` closes it."""

    def __init__(self, domain: str, expect: str | None) -> None:
        self._expected, self._loop = (domain, expect), asyncio.get_running_loop()
        self.connection, self.greeted = Connection(self._loop.time), self._loop.create_future()
        self._gone, self._timer = asyncio.Event(), self._loop.call_later(0, lambda: None)
        self.transport: asyncio.Transport | None = None

    async def call(self, procedure: str, arguments: Mapping[str, Any] | None = None, **options: Any) -> Any:
        """A unary call. What it raises is a `Status`; cancelling it cancels the handler."""
        async with self.stream(procedure, arguments, sends=False, takes=False, **options) as call:
            return await call.result()

    def stream(self, procedure: str, arguments: Mapping[str, Any] | None = None, *,
               sends: bool = True, takes: bool = True,
               timeout: float | None = None, metadata: Metadata | None = None, times: bool = False) -> Stream:
        """A call with items, in one direction or both. Leaving its `async with` cancels what has not ended."""
        call: Stream = self.connection.open(procedure, encode(arguments or {}), Stream, takes, timeout, metadata, times)
        call.client, call.sends = self, sends
        self.settle()
        return call

    async def __aexit__(self, *_: object) -> None:
        self.connection.close()
        self.settle()
        await self._gone.wait()

    def settle(self) -> None:
        """Passes on what the protocol wants written, which credit bounds, and when it wants to be woken."""
        self._timer.cancel()
        if self.transport is not None and not self._gone.is_set():
            self._timer = self._loop.call_at(self.connection.tick(), self.settle)
            while (written := self.connection.to_send()):
                self.transport.write(written)
            if self.connection.closed:
                self.transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        try:
            self.server = server_id(transport.get_extra_info("ssl_object"), *self._expected)  # its SPIFFE ID
            self.settle()
        except OSError as error:
            self.greeted.set_exception(error)

    def data_received(self, received: bytes) -> None:
        self.connection.receive(received)
        if self.connection.greeted and not self.greeted.done():
            self.greeted.set_result(None)
        self.settle()

    def connection_lost(self, error: Exception | None) -> None:
        self.connection.lost(f"the connection ended: {error or 'without a goodbye'}")
        if not self.greeted.done():
            self.greeted.set_exception(error or ConnectionError(self.connection.refusal))
        self._gone.set()
        self.settle()


@dataclass(eq=False)
class Stream(Call, AsyncIterator[Any], AbstractAsyncContextManager["Stream"]):
    """A call of any kind, as its caller holds it."""
    client: Client = field(init=False, repr=False)
    sends: bool = False  # there may be other items
    pulse: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, item: Any) -> bool:
        """Sends an item; returns when it is on its way. False: the server has ended the call without it."""
        self.client.connection.send(self, encode(item))
        await self.until(lambda: not self.outbox)
        return self.outcome is None

    def half_close(self) -> None:
        """Says that no items follow."""
        if self.sends:
            self.sends = False
            self.client.connection.send(self, None)
            self.client.settle()

    async def result(self) -> Any:
        """What the call returns when all items are sent; those of the server that were not read are dropped."""
        self.half_close()
        async for _ in self:
            pass
        assert isinstance(self.outcome, bytes)
        return decode(self.outcome)

    async def response_metadata(self) -> Metadata:
        """What the server says before its first item."""
        await self.until(lambda: self.metadata is not None)
        return self.metadata or {}

    async def __anext__(self) -> Any:
        await self.until(lambda: self.items)
        if self.items:
            item = self.client.connection.take(self)
            self.client.settle()
            return decode(item)
        if isinstance(self.outcome, Status):
            raise self.outcome
        raise StopAsyncIteration

    async def until(self, holds: Callable[[], object]) -> None:
        """Waits until something holds, or the call has ended."""
        self.client.settle()
        while not holds() and self.outcome is None:
            self.pulse.clear()
            await self.pulse.wait()

    def changed(self) -> None:
        self.pulse.set()

    def cancel(self, reason: Status) -> None:
        self.client.connection.cancel(self, reason)
        self.client.settle()

    async def __aexit__(self, *_: object) -> None:
        self.cancel(Cancelled("the caller left"))


if __name__ == "__main__":
    from command_line import main

    raise SystemExit(main())
