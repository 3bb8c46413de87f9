"""`countersign list` and `countersign call`, with the arguments and the output of the command line.

Beside countersign.py, which runs it: an ordinary user of the client there.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import binascii
import json
import math
import os
import re
import sys
import threading
from collections.abc import AsyncIterator
from typing import Any

from countersign import (Cancelled, Client, ConnectError, ConnectionLost, DeadlineExceeded, Internal, NotFound, Status,
                         Stream, connect)

Json = Any
Schema = Any


class Failure(Exception):
    """Why a command failed, a line for each problem, and what to do about it."""

    def __init__(self, *problems: str, remedy: str | None = None, status: Json = None) -> None:
        super().__init__(*problems)
        self.remedy, self.status = remedy, status

    def report(self, as_json: bool) -> None:
        problems = [printable(str(problem)) for problem in self.args]
        if as_json:
            error = {"problems": problems, "try": self.remedy, "status": self.status}
            return print(line_of({"error": error}), file=sys.stderr)
        if self.remedy:
            problems[-1] += f"; try: {self.remedy}"
        for problem in problems:
            print(f"error: {problem}", file=sys.stderr)


def printable(text: str) -> str:
    """Text of a peer without what could lead a terminal, or its reader, astray."""
    return "".join(char if char.isprintable() else f"\\u{{{ord(char):x}}}" for char in text)


# --- JSON for payloads, by their schema (R72) ---

NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def to_payload(value: Json, schema: Schema, root: Schema = None, path: str = "") -> Any:
    """The value that JSON stands for; a ValueError says what does not fit, and where."""
    root = root or schema
    at = f"{path}: " if path else ""
    if not isinstance(schema, dict):
        return value
    if "$ref" in schema:
        return to_payload(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, path)
    for alternatives in (schema[key] for key in ("anyOf", "oneOf") if key in schema):
        return first_that_fits(value, alternatives, root, path)
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    match value:
        case str() if schema.get("format") == "bytes":
            try:
                return base64.b64decode(value, validate=True)
            except binascii.Error as error:
                raise ValueError(f"{at}expected bytes as base64: {error}") from error
        case str() if "string" not in types and "integer" in types and re.fullmatch(r"-?\d+", value):
            return to_payload(int(value), schema, root, path)
        case str() if "string" not in types and "number" in types and value in NON_FINITE:
            return NON_FINITE[value]
        case list():
            fixed = schema.get("prefixItems", [])
            rest = [schema.get("items", True)] * (len(value) - len(fixed))
            value = [to_payload(item, inner, root, f"{path}[{index}]")
                     for index, (item, inner) in enumerate(zip(value, fixed + rest))]
        case dict():
            value = object_to_payload(value, schema, root, path)
    kind = kind_of(value)
    fits = not types or kind in types or kind == "integer" and "number" in types
    width = re.fullmatch(r"(u?)int(\d+)", schema.get("format", ""))
    if fits and width and kind == "integer":
        least = 0 if width[1] else -(1 << int(width[2]) - 1)
        fits = least <= value < least + (1 << int(width[2]))
    if not fits:
        wanted = " or ".join(types) + (f" ({width[1] or 'i'}{width[2]})" if width else "")
        raise ValueError(f"{at}expected {wanted}, found {shown(value)}")
    if "const" in schema and value != schema["const"] or "enum" in schema and value not in schema["enum"]:
        raise ValueError(f"{at}expected {schema.get('const', schema.get('enum'))}, found {shown(value)}")
    least, most = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
    if kind in ("integer", "number") and (value < least or value > most):
        raise ValueError(f"{at}expected {least} to {most}, found {value}")
    return value


def object_to_payload(value: dict[str, Json], schema: Schema, root: Schema, path: str) -> dict[Any, Any]:
    """A record, or a map; its keys are numbers where the schema has a pattern of digits for them."""
    known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    patterns = schema.get("patternProperties", {})
    by_number = next((inner for pattern, inner in patterns.items() if r"\d" in pattern), None)
    fields: dict[Any, Any] = {}
    for name, field in value.items():
        inside = f"{path}.{name}" if path else name
        if by_number is not None and re.fullmatch(r"-?\d+", name):
            fields[int(name)] = to_payload(field, by_number, root, inside)
        elif name not in known and others is False:
            raise ValueError(f"{inside}: unknown field, expected one of {', '.join(known)}")
        else:
            fields[name] = to_payload(field, known.get(name, others), root, inside)
    for name in schema.get("required", []):
        if name not in value:
            raise ValueError(f"{path}.{name}: missing" if path else f"{name}: missing")
    return fields


def first_that_fits(value: Json, alternatives: list[Schema], root: Schema, path: str) -> Any:
    problems = []
    for schema in alternatives:
        try:
            return to_payload(value, schema, root, path)
        except ValueError as error:
            problems.append(str(error))
    # The alternative that was meant is the one that fits furthest down.
    raise ValueError(max(problems, key=lambda problem: len(problem.partition(": ")[0])))


def shown(value: Any) -> str:
    return f"the text {json.dumps(value, ensure_ascii=False)}" if isinstance(value, str) else line_of(value)


def kind_of(value: Any) -> str:
    kinds = {bool: "boolean", int: "integer", float: "number", list: "array", dict: "object", type(None): "null"}
    return kinds.get(type(value), "string")


def to_json(value: Any) -> Json:
    """A value in JSON: bytes as base64, floats that are not finite by their names."""
    match value:
        case bytes():
            return base64.b64encode(value).decode()
        case float() if not math.isfinite(value):
            return next(name for name, other in NON_FINITE.items() if str(other) == str(value))
        case list():
            return [to_json(item) for item in value]
        case dict():
            return {str(key): to_json(item) for key, item in value.items()}
    return value


def line_of(value: Any) -> str:
    return json.dumps(to_json(value), ensure_ascii=False, separators=(",", ":"))


# --- Commands ---

KINDS = {"Unary": "", "ServerStream": "server stream", "ClientStream": "client stream", "BothWays": "both ways"}


async def show_list(client: Client, options: argparse.Namespace) -> None:
    services = await client.call("countersign.Reflection/services", timeout=options.timeout)
    if options.json:
        return print(line_of([
            {"procedure": f"{service['name']}/{procedure['name']}"}
            | {key: procedure[key] for key in ("documentation", "kind", "idempotent")} | {"allowed": True}
            for service in services for procedure in service["procedures"]]))
    paragraphs = []
    for service in services:
        rows = [(f"{service['name']}/{procedure['name']}", KINDS[procedure["kind"]],
                 first_line(procedure["documentation"])) for procedure in service["procedures"]]
        names, kinds = (max(len(row[column]) for row in rows) for column in (0, 1))
        lines = [f"{service['name']}  {first_line(service['documentation'])}"]
        lines += [f"  {name:{names}}  {kind:{kinds}}  {documentation}" for name, kind, documentation in rows]
        paragraphs.append("\n".join(printable(line).rstrip() for line in lines))
    print("\n\n".join(paragraphs))


def first_line(documentation: str) -> str:
    return documentation.partition("\n")[0]


async def make_call(client: Client, options: argparse.Namespace) -> None:
    service_name, slash, method = options.procedure.partition("/")
    if not slash:
        raise Failure(f"`{options.procedure}` is not a procedure: expected SERVICE/METHOD")
    try:
        named = {"service": service_name}
        service = await client.call("countersign.Reflection/describe", named, timeout=options.timeout)
    except NotFound:
        raise Failure(f"{options.address} has no service {service_name} for this identity") from None
    procedure = next((each for each in service["procedures"] if each["name"] == method), None)
    if procedure is None:
        known = ", ".join(each["name"] for each in service["procedures"])
        raise Failure(f"{service_name} has no procedure {method}, but {known}")
    try:
        arguments = to_payload(options.written, procedure["arguments"])
    except ValueError as error:
        raise Failure(str(error)) from error
    sends, takes = procedure["items_in"] is not None, procedure["items_out"] is not None
    if options.items and not sends:
        raise Failure(f"{options.procedure} takes no items")
    if sends and (options.items or "-") == options.arguments == "-":
        raise Failure("standard input cannot hold both the arguments and the items", remedy="--items FILE")
    deadline_ms = procedure["deadline_ms"]
    timeout = options.deadline if options.deadline is not None else deadline_ms and deadline_ms / 1000
    try:
        async with client.stream(options.procedure, arguments, sends=sends, takes=takes, timeout=timeout,
                                 metadata=dict(options.metadata)) as stream:
            await converse(stream, procedure, options)
    except Status as status:
        raise failure_of(status) from status


async def converse(stream: Stream, procedure: Json, options: argparse.Namespace) -> None:
    """Sends what is written, a line for each item, and shows what comes."""
    failures: list[Failure] = []

    async def talk(place: str) -> None:
        try:
            async for at, line in lines_of(place):
                try:
                    item = to_payload(json.loads(line), procedure["items_in"])
                except ValueError as error:
                    not_json = "not JSON: " if isinstance(error, json.JSONDecodeError) else ""
                    raise Failure(f"{at}: {not_json}{error}") from error
                if not await stream.send(item):
                    return
            stream.half_close()
        except Failure as failure:
            failures.append(failure)
            stream.cancel(Cancelled(str(failure)))

    talking = asyncio.create_task(talk(options.items or "-")) if stream.sends else None
    is_stream = procedure["kind"] != "Unary"
    try:
        async for item in stream:
            print(line_of({"item": item} if options.json else item), flush=True)
        result = await stream.result()
    except Status:
        if failures:
            raise failures[0] from None
        raise
    finally:
        if talking:
            talking.cancel()
    if options.json:
        print(line_of({"result": result} if is_stream else result))
    elif not is_stream:
        print(json.dumps(to_json(result), ensure_ascii=False, indent=2))
    elif result is not None:
        print(line_of(result))


async def lines_of(path: str) -> AsyncIterator[tuple[str, str]]:
    """The lines of a file, or of standard input, each with its place; read apart, since reading cannot be given up."""
    loop, lines = asyncio.get_running_loop(), asyncio.Queue[tuple[str, str] | Failure | None](1)
    place = "standard input" if path == "-" else path

    def pass_on(line: tuple[str, str] | Failure | None) -> None:
        asyncio.run_coroutine_threadsafe(lines.put(line), loop).result()

    def read() -> None:
        try:
            with open(0 if path == "-" else path, encoding="utf-8", closefd=path != "-") as source:
                for number, line in enumerate(source, 1):
                    if line.strip():
                        pass_on((f"{place}, line {number}", line))
            pass_on(None)
        except (OSError, UnicodeDecodeError) as error:
            pass_on(Failure(f"{place}: cannot be read: {getattr(error, 'strerror', error)}"))

    threading.Thread(target=read, daemon=True).start()
    while (line := await lines.get()) is not None:
        if isinstance(line, Failure):
            raise line
        yield line


def failure_of(status: Status) -> Failure:
    ran = {None: "unknown", True: "yes", False: "no"}[status.handler_ran]
    try:
        fault = to_json(status.fault)
    except Internal:
        fault = None
    problem = str(status) + ("" if fault is None else f"; fault: {line_of(fault)}")
    return Failure(problem, status={"code": status.name, "message": status.message, "fault": fault,
                                    "handler_ran": ran, "retry_after_ms": status.retry_after_ms})


def seconds(text: str) -> float:
    if not (match := re.fullmatch(r"(\d+(?:\.\d+)?)(us|ms|s|m|h)", text)):
        raise argparse.ArgumentTypeError("expected a time with its unit, such as 5s or 500ms")
    return float(match[1]) * {"us": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}[match[2]]


def key_and_value(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError("expected KEY=VALUE")
    return key, value


def written(arguments: str) -> Json:
    """The arguments as they are written on the command line, in a file, or on standard input."""
    try:
        if arguments == "-":
            return json.load(sys.stdin)
        if arguments.startswith("@"):
            with open(arguments[1:], encoding="utf-8") as file:
                return json.load(file)
        return json.loads(arguments)
    except OSError as error:
        raise Failure(f"{arguments[1:]}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        remedy = "an object of the parameters by name, such as '{\"ms\": 20}' for demo.Clock/sleep"
        raise Failure(f"the arguments: not JSON: {error}", remedy=remedy) from error


def parsed() -> argparse.Namespace:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("address", metavar="HOST:PORT", help="the server's address")
    common.add_argument("--identity", metavar="DIR/NAME", default=os.environ.get("COUNTERSIGN_IDENTITY"),
                        help="the folder with the certificate and the key to show, and whom to trust")
    common.add_argument("--expect-peer", metavar="SPIFFE-ID", help="expect the server with this ID, not with the host")
    common.add_argument("--timeout", metavar="TIME", type=seconds, default=10.0, help="how long connecting may take")
    common.add_argument("--json", action="store_true", help="print JSON, for machines; errors too")
    parser = argparse.ArgumentParser(prog="countersign.py", description="A client for Countersign.")
    commands = parser.add_subparsers(required=True)
    listing = commands.add_parser("list", parents=[common], help="list what a server can do")
    listing.set_defaults(run=show_list)
    calling = commands.add_parser("call", parents=[common], help="call a procedure")
    calling.set_defaults(run=make_call)
    calling.add_argument("procedure", metavar="PROCEDURE", help="what to call, such as demo.Math/divide")
    calling.add_argument("arguments", metavar="JSON|@FILE|-", nargs="?", default="{}", help="the arguments by name")
    calling.add_argument("--items", metavar="FILE|-",
                         help="where the items to send are, if the procedure takes any: one JSON value a line")
    calling.add_argument("--deadline", metavar="TIME", type=seconds, help="how long the call may take")
    calling.add_argument("--metadata", metavar="KEY=VALUE", type=key_and_value, action="append", default=[],
                         help="text to send beside the arguments")
    options = parser.parse_args()
    if options.identity is None:
        parser.error("--identity is missing")
    return options


async def run(options: argparse.Namespace) -> None:
    try:
        client = await connect(options.address, options.identity, expect=options.expect_peer, timeout=options.timeout)
    except ConnectError as error:
        raise Failure(str(error)) from error
    async with client:
        try:
            await options.run(client, options)
        except asyncio.CancelledError:  # by Ctrl+C; the call was cancelled, and this is answered when that was read
            try:
                await client.call("countersign.Health/get", timeout=1)
            except (ConnectionLost, DeadlineExceeded):
                raise Failure("the call was given up, and the server may not know") from None
            raise Failure("the call was given up, and the server was told") from None


def main() -> int:
    options = parsed()
    try:
        if hasattr(options, "arguments"):
            options.written = written(options.arguments)
        asyncio.run(run(options))
    except Failure as failure:
        failure.report(options.json)
        return 1
    except Status as status:
        failure_of(status).report(options.json)
        return 1
    except KeyboardInterrupt:
        return 1
    return 0
