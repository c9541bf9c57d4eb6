"""The WebSocket under Engine.IO, by a client that offers what browsers offer."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web, web_protocol

from liveclass.classes import SERVER
from signalling.socket.websocket import ByteLimit, PlainSocket
from tests.support.sio_client import ClassServer, class_server, joined

DEFLATE = 15


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ClassServer]:
    async with class_server(tmp_path) as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def address(server: ClassServer) -> str:
    return f"{server.url}/socket.io/?EIO=4&transport=websocket"


def test_aiohttp_keeps_the_parser_where_the_limit_is_put() -> None:
    assert "_payload_parser" in web_protocol.RequestHandler.__slots__, (
        "aiohttp keeps a connection's parser elsewhere: adapt signalling/socket/websocket.py"
    )


class Parser:
    """Keeps what it is fed."""

    def __init__(self) -> None:
        self.fed = b""
        self.is_over = False

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        self.fed += data
        return False, b""

    def feed_eof(self) -> None:
        self.is_over = True


def test_bytes_beyond_the_limit_are_not_parsed() -> None:
    parser, told = Parser(), list[bool]()
    limit = ByteLimit(parser, 10, lambda: told.append(True))
    limit.feed_data(b"12345")
    limit.feed_data(b"67890")
    assert (parser.fed, told) == (b"1234567890", [])
    assert limit.feed_data(b"x" * 500_000) == (False, b"")
    assert (len(parser.fed), told) == (10, [True])
    limit.feed_eof()
    assert parser.is_over


async def test_the_limit_stands_before_the_parser_until_it_is_lifted(
    http: aiohttp.ClientSession,
) -> None:
    told = asyncio.Event()

    async def serve(request: web.Request) -> web.StreamResponse:
        socket = PlainSocket()
        await socket.open(request, 100, told.set)
        assert (await socket.receive()).data == "first"
        if request.query.get("lift"):
            socket.lift()
            await socket.send("go on")
        await socket.send(str(len((await socket.receive()).data or "")))
        return socket.response

    app = web.Application()
    app.router.add_get("/", serve)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    async with http.ws_connect(f"{url}?lift=1") as ws:
        await ws.send_str("first")
        assert await ws.receive_str() == "go on"
        await ws.send_str("x" * 1_000)
        assert await ws.receive_str() == "1000"
    assert not told.is_set()
    # The server reads no more, so that nothing answers this end's close frame.
    async with http.ws_connect(url, timeout=aiohttp.ClientWSTimeout(ws_close=0.01)) as ws:
        await ws.send_str("first")
        await ws.send_str("x" * 1_000)
        async with asyncio.timeout(10):
            await told.wait()
    await runner.cleanup()


async def test_sockets_are_not_compressed(server: ClassServer, http: aiohttp.ClientSession) -> None:
    async with http.ws_connect(address(server), compress=DEFLATE) as socket:
        assert not socket.compress
        assert (await socket.receive_str()).startswith("0{")


@contextmanager
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def test_a_socket_that_ends_is_freed_by_reference_counts(
    server: ClassServer, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    freed, watched = asyncio.Event(), []
    receive = PlainSocket.receive

    async def watching(self: PlainSocket) -> aiohttp.WSMessage:
        watched.append(weakref.ref(self, lambda _: freed.set()))
        return await receive(self)

    monkeypatch.setattr(PlainSocket, "receive", watching)
    with no_collector():
        async with http.ws_connect(address(server)) as socket:
            await socket.receive_str()
        async with asyncio.timeout(10):
            await freed.wait()
    assert watched


async def test_a_joined_socket_its_session_and_its_request_are_freed_by_reference_counts(
    server: ClassServer,
) -> None:
    freed: list[str] = []
    all_freed = asyncio.Event()

    def note(name: str) -> None:
        freed.append(name)
        if len(freed) == 3:
            all_freed.set()

    with no_collector():
        async with joined(server, "ravi") as (client, _):
            sio = server.app[SERVER]
            (socket,) = sio.eio.sockets.values()
            (environ,) = sio.environ.values()
            parts = {"socket": socket, "request": environ["aiohttp.request"], "queue": socket.queue}
            for name, part in parts.items():
                weakref.finalize(part, note, name)
            del socket, environ, parts, part
            assert await client.say("chat-message", text="hi")
        async with asyncio.timeout(10):
            await all_freed.wait()
    assert sorted(freed) == ["queue", "request", "socket"]
