"""The packets that wait to be written to one socket: their bytes, and the wait for their end."""

import asyncio

from engineio.packet import MESSAGE, PING, Packet

from signalling.socket.engine import LEAST, MAX_UNSENT, EngineServer, EngineSocket
from signalling.socket.websocket import PlainSocket


class Wire(PlainSocket):
    """A WebSocket whose peer reads `reads` packets and is gone then."""

    def __init__(self, reads: int) -> None:
        super().__init__()
        self.reads = reads
        self.written: list[str] = []

    async def send(self, packet: str) -> None:
        if len(self.written) == self.reads:
            raise ConnectionResetError
        self.written.append(packet)

    async def close(self, code: int) -> None:
        self.written.append("closed")


def engine_socket() -> EngineSocket:
    return EngineSocket(EngineServer(async_mode="aiohttp"), "sid")


async def test_bytes_are_counted_while_packets_wait() -> None:
    socket = engine_socket()
    await socket.send(Packet(MESSAGE, "x" * 20_000))
    socket.put(Packet(PING))
    assert socket.unsent_bytes == 20_000 + 2 * LEAST
    wire = Wire(9)
    assert await socket._write_next(wire)
    assert socket.unsent_bytes == LEAST
    assert await socket._write_next(wire)
    socket.put(None)
    assert not await socket._write_next(wire)
    assert socket.unsent_bytes == 0
    assert len(wire.written) == 2


async def test_a_socket_that_leaves_too_many_bytes_unread_is_cut() -> None:
    socket = engine_socket()
    for _ in range(MAX_UNSENT // (100_000 + LEAST)):
        await socket.send(Packet(MESSAGE, "x" * 100_000))
    assert not socket.closed
    await socket.send(Packet(MESSAGE, "x" * 100_000))
    assert socket.closed
    assert socket.server.closed == {"not_read": 1}
    before = socket.unsent_bytes
    await socket.send(Packet(MESSAGE, "late"))
    assert socket.unsent_bytes == before


async def test_the_queue_is_joined_when_all_is_written_or_nothing_reads_it_any_more() -> None:
    for reads in (9, 1):
        socket, wire = engine_socket(), Wire(reads)
        for text in "abc":
            socket.put(Packet(MESSAGE, text))
        socket.put(None)
        joining = asyncio.create_task(socket.queue.join())
        await socket._write(wire)
        await joining
        assert socket.unsent_bytes == 0
        assert wire.written == (["4a", "4b", "4c", "closed"] if reads == 9 else ["4a"])
