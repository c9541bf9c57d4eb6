"""What waits to be written to one socket: as much of asyncio.Queue as Engine.IO uses.

That one keeps four deques, 2.6 kB a socket, and waiting at it takes a task with its context.
"""

import asyncio

Item = object  # a packet, or None for the end


class SocketQueue:
    """First in, first out, without a bound of its own: SocketCare looks after that."""

    __slots__ = ("_finished", "_getters", "_items", "_unfinished")

    def __init__(self) -> None:
        self._items: list[Item] = []
        self._getters: list[asyncio.Future[Item]] = []
        self._unfinished = 0
        self._finished: asyncio.Future[None] | None = None  # while somebody joins

    def qsize(self) -> int:
        """How many wait."""
        return len(self._items)

    def get(self) -> asyncio.Future[Item]:
        """The next item, now or later; whoever cancels gives its turn away."""
        future: asyncio.Future[Item] = asyncio.get_running_loop().create_future()
        if self._items:
            future.set_result(self._items.pop(0))
        else:
            self._getters = [one for one in self._getters if not one.done()]
            self._getters.append(future)
        return future

    def get_nowait(self) -> Item:
        """The next item; raises asyncio.QueueEmpty."""
        if not self._items:
            raise asyncio.QueueEmpty
        return self._items.pop(0)

    async def put(self, item: Item) -> None:
        """Never waits."""
        self.put_nowait(item)

    def put_nowait(self, item: Item) -> None:
        """To the first who waits, or into the queue."""
        self._unfinished += 1
        while self._getters:
            getter = self._getters.pop(0)
            if not getter.done():
                getter.set_result(item)
                return
        self._items.append(item)

    def task_done(self) -> None:
        """An item that was taken has been dealt with."""
        self._unfinished -= 1
        if not self._unfinished and self._finished is not None:
            self._finished.set_result(None)
            self._finished = None

    async def join(self) -> None:
        """Returns when all items have been dealt with."""
        if not self._unfinished:
            return
        if self._finished is None:
            self._finished = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._finished)
