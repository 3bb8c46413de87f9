"""Several calls at once on one connection, against the server in Rust."""

from __future__ import annotations

import asyncio
import unittest

from countersign import Client, ConnectionLost, Stream, connect
from tests.server import Server, ServerCase


class Stories(ServerCase):
    client: Client

    async def asyncSetUp(self) -> None:
        await super().asyncSetUp()
        self.client = await self.enterAsyncContext(await connect(self.server.address, self.server.identity))

    async def test_many_calls_at_once_each_get_their_own_answer(self) -> None:
        calls = [self.client.call("conformance.Test/option", {"text": str(number)}) for number in range(500)]
        self.assertEqual(await asyncio.gather(*calls), [str(number) for number in range(500)])

    async def test_a_task_that_is_cancelled_stops_its_handler(self) -> None:
        ticket = {"ticket": "task", "count": 1}
        task = asyncio.create_task(self.client.call("conformance.Test/hang", {"ticket": "task"}))
        await self.client.call("conformance.Test/begun", ticket, timeout=20)
        task.cancel()
        await self.client.call("conformance.Test/stopped", ticket, timeout=20)
        with self.assertRaises(asyncio.CancelledError):
            await task

    async def test_a_stream_that_nobody_reads_holds_little_and_stops_nobody(self) -> None:
        async with self.client.stream("conformance.Test/produce", {"sizes": [1000] * 2000}) as unread:
            await unread.until(lambda: unread.granted < 1032)
            self.assertLessEqual(len(unread.items) * 1032, self.client.connection.limits.initial_credit)
            self.assertEqual(await self.client.call("conformance.Test/option", {"text": "here"}), "here")
            self.assertEqual([len(item) async for item in unread], [1000] * 2000)
            self.assertEqual(await unread.result(), 2000)

    async def test_a_server_that_does_not_read_stops_the_sender_and_nobody_else(self) -> None:
        async with self.client.stream("conformance.Test/converse") as stream:
            # The server's own items stop it, and so it stops to read ours.
            talking = asyncio.create_task(talk(stream, [10_000] * 30_000))
            await stream.until(lambda: stream.granted < 10_032 and stream.credit < 64)
            self.assertFalse(talking.done())
            self.assertEqual(await self.client.call("conformance.Test/option", {"text": "here"}), "here")
            talking.cancel()

    async def test_long_messages_both_ways_do_not_stop_a_small_call(self) -> None:
        arguments = {"payload": bytes(4_000_000), "reply": 4_000_000}
        long = [asyncio.create_task(self.client.call("conformance.Test/large", arguments)) for _ in range(3)]
        self.assertEqual(await self.client.call("conformance.Test/option", {"text": "here"}), "here")
        self.assertFalse(any(task.done() for task in long))
        self.assertEqual([len(reply) for reply in await asyncio.gather(*long)], [4_000_000] * 3)

    async def test_a_thousand_calls_that_are_given_up_harm_nobody(self) -> None:
        for _ in range(20):
            tasks = [asyncio.create_task(self.client.call("conformance.Test/hang", {"ticket": "many"}))
                     for _ in range(50)]
            await asyncio.sleep(0)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        self.assertIsNone(await self.client.call("conformance.Test/empty"))

    async def test_a_server_that_ends_fails_what_is_open(self) -> None:
        server = Server()
        client = await connect(server.address, server.identity)
        call = asyncio.create_task(client.call("conformance.Test/hang", {"ticket": "end"}))
        await client.call("conformance.Test/begun", {"ticket": "end", "count": 1}, timeout=20)
        server.process.kill()
        with self.assertRaises(ConnectionLost) as lost:
            await call
        self.assertIsNone(lost.exception.handler_ran)
        server.stop()


async def talk(stream: Stream, numbers: list[int]) -> None:
    for number in numbers:
        await stream.send(number)


if __name__ == "__main__":
    unittest.main()
