"""What waits to be written to one socket, counted in bytes as it is queued.

Socket.IO encodes an event before it queues it, so its length is known, and the text is shared by
all the sockets it goes to. asyncio.Queue would keep four deques, 2.6 kB a socket.
"""

import asyncio
from typing import Any

Item = Any  # an Engine.IO packet, or None for the end
LEAST = 64  # bytes counted for any packet: what a small one takes of memory


class SocketQueue:
    """First in, first out, for one reader. Without a bound of its own: EngineSocket asks
    `waiting_bytes`."""

    __slots__ = ("_finished", "_getter", "_items", "_unfinished", "waiting_bytes")

    def __init__(self) -> None:
        self.waiting_bytes = 0
        self._items: list[Item] = []
        self._getter: asyncio.Future[None] | None = None
        self._unfinished = 0
        self._finished: asyncio.Future[None] | None = None  # while somebody joins

    def qsize(self) -> int:
        """How many wait."""
        return len(self._items)

    async def get(self) -> Item:
        """The next item, now or later."""
        while not self._items:
            self._getter = asyncio.get_running_loop().create_future()
            await self._getter
        item = self._items.pop(0)
        self.waiting_bytes -= _size(item)
        return item

    def put_nowait(self, item: Item) -> None:
        """Never waits."""
        self._unfinished += 1
        self._items.append(item)
        self.waiting_bytes += _size(item)
        if self._getter is not None and not self._getter.done():
            self._getter.set_result(None)

    def task_done(self) -> None:
        """An item that was taken has been dealt with."""
        self._unfinished -= 1
        self._finish()

    def clear(self) -> None:
        """Nobody takes what waits any more; whoever joins need not wait for it."""
        self._items.clear()
        self.waiting_bytes = self._unfinished = 0
        self._finish()

    def _finish(self) -> None:
        if not self._unfinished and self._finished is not None:
            if not self._finished.done():
                self._finished.set_result(None)
            self._finished = None

    async def join(self) -> None:
        """Returns when all items have been dealt with."""
        if not self._unfinished:
            return
        if self._finished is None:
            self._finished = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._finished)


def _size(item: Item) -> int:
    """ASCII but for what clients cannot influence: a character is a byte."""
    return LEAST + (len(item.data) if item is not None and isinstance(item.data, str) else 0)
