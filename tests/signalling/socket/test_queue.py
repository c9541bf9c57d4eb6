"""What waits for a socket."""

import asyncio

from engineio.packet import MESSAGE, PING, Packet

from signalling.socket.queue import LEAST, SocketQueue


async def test_items_come_in_their_order() -> None:
    queue = SocketQueue()
    for item in "abc":
        queue.put_nowait(Packet(MESSAGE, item))
    queue.put_nowait(None)
    assert queue.qsize() == 4
    assert [(await queue.get()).data for _ in range(3)] == ["a", "b", "c"]
    assert await queue.get() is None
    assert queue.qsize() == 0


async def test_who_waits_is_served_and_who_gave_up_takes_nothing() -> None:
    queue = SocketQueue()
    waiting = asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    queue.put_nowait(Packet(PING))
    queue.put_nowait(None)
    assert (await queue.get()).packet_type == PING
    later = asyncio.create_task(queue.get())
    assert await later is None
    last = asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    queue.put_nowait(None)
    assert await last is None


async def test_bytes_are_counted_while_they_wait() -> None:
    queue = SocketQueue()
    queue.put_nowait(Packet(MESSAGE, "x" * 20_000))
    queue.put_nowait(Packet(PING))
    assert queue.waiting_bytes == 20_000 + 2 * LEAST
    await queue.get()
    assert queue.waiting_bytes == LEAST
    queue.clear()
    assert queue.waiting_bytes == 0


async def test_join_waits_until_all_is_dealt_with() -> None:
    queue = SocketQueue()
    await queue.join()
    queue.put_nowait(Packet(PING))
    queue.put_nowait(None)
    gave_up, joining = (asyncio.create_task(queue.join()) for _ in range(2))
    await asyncio.sleep(0)
    gave_up.cancel()
    await queue.get()
    queue.task_done()
    await asyncio.sleep(0)
    assert not joining.done()
    await queue.get()
    queue.task_done()
    await joining
    await queue.join()


async def test_join_does_not_wait_for_what_nobody_takes() -> None:
    queue = SocketQueue()
    queue.put_nowait(Packet(PING))
    joining = asyncio.create_task(queue.join())
    await asyncio.sleep(0)
    queue.clear()
    await joining
    assert queue.qsize() == 0
