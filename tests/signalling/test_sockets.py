"""The WebSocket under Engine.IO, by a client that offers what browsers offer."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from engineio.async_drivers import aiohttp as driver

from signalling.app import SERVER
from signalling.sockets import PlainSocket
from tests.support.sio_client import ClassServer, class_server, connected

DEFLATE = 15


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ClassServer]:
    async with class_server(tmp_path) as running:
        running.app[SERVER].eio.ping_interval = 0  # its task outlives the socket by so much
        yield running


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def address(server: ClassServer) -> str:
    return f"{server.url}/socket.io/?EIO=4&transport=websocket"


def test_the_driver_has_the_place_for_the_class() -> None:
    assert driver._async["websocket"] is driver.WebSocket


async def test_sockets_are_not_compressed(server: ClassServer, http: aiohttp.ClientSession) -> None:
    async with http.ws_connect(address(server), compress=DEFLATE) as socket:
        assert not socket.compress
        assert (await socket.receive_str()).startswith("0{")


async def test_a_socket_that_ends_is_freed_by_reference_counts(
    server: ClassServer, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    freed, watched = asyncio.Event(), []
    wait = PlainSocket.wait

    async def watching(self: PlainSocket) -> str | bytes | None:
        watched.append(weakref.ref(self, lambda _: freed.set()))
        return await wait(self)

    monkeypatch.setattr(PlainSocket, "wait", watching)
    gc.collect()
    gc.disable()
    try:
        async with http.ws_connect(address(server)) as socket:
            await socket.receive_str()
        async with asyncio.timeout(10):
            await freed.wait()
    finally:
        gc.enable()
    assert watched


async def test_the_request_that_opened_a_socket_is_forgotten(server: ClassServer) -> None:
    async with connected(server, "ravi"):
        sockets = server.app[SERVER]
        assert list(sockets.environ.values()) == [{}]
        assert len(sockets.eio.sockets) == 1
