"""The guard at real sockets: half heads, half bodies and unread answers go, a class stays."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from liveclass import http_server
from liveclass.http_guard import ConnectionLimits, Guard, Wait, waits_for
from liveclass.http_server import GuardedRunner

HALF_HEAD = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-"
HALF_BODY = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\nhalf"
WHOLE = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
BIG = b"GET /big HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
ANSWER = b"\x00" * (8 << 20)  # more than the kernel takes for somebody who does not read


class Served:
    """A running server and what its guard has counted."""

    def __init__(self, runner: GuardedRunner, guard: Guard, tally: Counter[str]) -> None:
        self.runner, self.guard, self.tally = runner, guard, tally
        self.host, self.port = runner.addresses[0][:2]
        self._writers: list[asyncio.StreamWriter] = []

    async def open(self, text: bytes) -> asyncio.StreamReader:
        """A connection that has sent this and reads a little."""
        reader, writer = await asyncio.open_connection(self.host, self.port, limit=1 << 10)
        writer.write(text)
        self._writers.append(writer)
        return reader

    def sweep(self, now: float) -> None:
        assert self.runner.server is not None
        self.guard.sweep(self.runner.server.connections, now)

    async def until(self, **waits: int) -> None:
        """Until the server has so many connections that wait for this."""
        wanted = {Wait[name.upper()]: count for name, count in waits.items()}
        async with asyncio.timeout(60.0):
            while self._waits() != wanted:  # noqa: ASYNC110 - the server is on this loop
                await asyncio.sleep(0.01)

    def _waits(self) -> Counter[Wait]:
        assert self.runner.server is not None
        found = (waits_for(one) for one in self.runner.server.connections)
        return Counter(wait for wait in found if wait is not None)

    def close(self) -> None:
        for writer in self._writers:
            writer.close()


@pytest.fixture(autouse=True)
def _only_our_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "SWEEP_EVERY", 3_600.0)


@asynccontextmanager
async def served(limits: ConnectionLimits) -> AsyncIterator[Served]:
    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/socket":
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            async for message in socket:
                await socket.send_str(message.data)
            return socket
        await request.read()
        return web.Response(body=ANSWER if request.path == "/big" else b"whole")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    tally: Counter[str] = Counter()
    guard = Guard(limits, tally)
    runner = GuardedRunner(app, guard)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    opened = Served(runner, guard, tally)
    try:
        yield opened
    finally:
        opened.close()
        await runner.cleanup()


async def test_who_dawdles_is_closed_in_its_time_and_sockets_stay() -> None:
    async with served(ConnectionLimits()) as server, aiohttp.ClientSession() as http:
        socket = await http.ws_connect(f"http://{server.host}:{server.port}/socket")
        halves = [await server.open(HALF_HEAD) for _ in range(200)]
        bodies = [await server.open(HALF_BODY) for _ in range(20)]
        idle = await server.open(WHOLE)
        assert (await idle.readuntil(b"whole")).startswith(b"HTTP/1.1 200")
        await server.open(BIG)
        await server.until(head=200, body=20, next=1, reader=1)
        server.sweep(0.0)
        server.sweep(ConnectionLimits().head)
        for one in halves:
            assert await one.read() == b""
        await server.until(body=20, next=1, reader=1)
        server.sweep(ConnectionLimits().next)
        assert await idle.read() == b""
        await server.until(body=20)
        server.sweep(ConnectionLimits().body)
        for one in bodies:
            assert await one.read() == b""
        await server.until()
        await socket.send_str("still here")
        assert await socket.receive_str() == "still here"
    assert server.tally == {"slow_head": 200, "slow_body": 20, "idle": 1, "unread_answer": 1}


async def test_a_flood_of_half_heads_keeps_nobody_out() -> None:
    limits = ConnectionLimits(waiting=50, total=100)
    async with served(limits) as server, aiohttp.ClientSession() as http:
        for _ in range(300):
            await server.open(HALF_HEAD)
        async with http.get(f"http://{server.host}:{server.port}/") as response:
            assert await response.text() == "whole"
        assert server.runner.server is not None
        assert len(server.runner.server.connections) <= limits.total
    assert server.tally["crowded"] >= 250


async def test_the_server_itself_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "SWEEP_EVERY", 0.01)
    async with served(ConnectionLimits(head=0.02)) as server:
        reader = await server.open(HALF_HEAD)
        async with asyncio.timeout(60.0):
            assert await reader.read() == b""
    assert server.tally == {"slow_head": 1}
