"""The queue before a socket, beside asyncio's own; and what Engine.IO asks of it."""

import asyncio
import inspect
import re
from pathlib import Path

import aiohttp
import pytest
from engineio.async_socket import AsyncSocket

from signalling.app import SERVER
from signalling.socket_queue import SocketQueue
from tests.support.sio_client import class_server


async def test_items_come_in_their_order_however_they_are_taken() -> None:
    queue = SocketQueue()
    for item in range(4):
        await queue.put(item)
    assert queue.qsize() == 4
    assert [await queue.get(), queue.get_nowait(), await queue.get(), queue.get_nowait()] == [
        *range(4)
    ]
    with pytest.raises(asyncio.QueueEmpty):
        queue.get_nowait()


async def test_those_who_wait_are_served_in_their_order() -> None:
    queue = SocketQueue()
    first, second = queue.get(), queue.get()
    queue.put_nowait("a")
    queue.put_nowait(None)
    assert (await first, await second) == ("a", None)
    assert queue.qsize() == 0


async def test_who_gave_up_takes_nothing() -> None:
    queue = SocketQueue()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(queue.get(), 0.001)
    given_up, waits = queue.get(), queue.get()
    given_up.cancel()
    queue.put_nowait("a")
    assert await waits == "a"
    queue.get().cancel()
    queue.put_nowait("b")
    assert queue.get_nowait() == "b"


async def test_giving_up_again_and_again_leaves_nothing_behind() -> None:
    queue = SocketQueue()
    for _ in range(100):
        queue.get().cancel()
    assert len(queue._getters) == 1


async def test_join_waits_until_all_is_dealt_with() -> None:
    queue = SocketQueue()
    await queue.join()
    queue.put_nowait("a")
    queue.put_nowait("b")
    gave_up, joining = (asyncio.create_task(queue.join()) for _ in range(2))
    await asyncio.sleep(0)
    gave_up.cancel()
    queue.get_nowait()
    queue.task_done()
    await asyncio.sleep(0)
    assert not joining.done()
    await queue.get()
    queue.task_done()
    await joining
    await queue.join()


def test_it_has_all_that_engineio_asks_of_a_queue() -> None:
    asked = set(re.findall(r"self\.queue\.(\w+)", inspect.getsource(AsyncSocket)))
    missing = {name for name in asked if not hasattr(SocketQueue, name)}
    assert not missing, f"Engine.IO asks more of its queue: adapt {SocketQueue}: {missing}"
    assert "get" in asked, "Engine.IO keeps its queue elsewhere: adapt signalling/sockets.py"


async def test_sockets_have_it(tmp_path: Path) -> None:
    async with class_server(tmp_path) as server, aiohttp.ClientSession() as http:
        server.app[SERVER].eio.ping_interval = 0  # its task outlives the socket by so much
        address = f"{server.url}/socket.io/?EIO=4&transport=websocket"
        async with http.ws_connect(address) as socket:
            await socket.receive_str()
            queues = [one.queue for one in server.app[SERVER].eio.sockets.values()]
            assert [type(one) for one in queues] == [SocketQueue], (
                "Engine.IO makes its queues elsewhere: adapt signalling/sockets.py"
            )
