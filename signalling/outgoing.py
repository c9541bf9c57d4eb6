"""Everything that goes to clients, in the order it was decided.

One task writes, so all clients see the events of a class in the same order. A socket whose
message is being handled is held: its acknowledgement leaves before the events that follow.
An event for a large class is written a few sockets at a time, so that media goes on meanwhile.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Protocol

from signalling.effects import Disconnect, Send
from signalling.logs import get_logger

AT_ONCE = 16  # sockets written to in one turn of the loop: 1.5 ms

log = get_logger(__name__)


class Emitter(Protocol):
    """What is used of a Socket.IO server."""

    async def emit(self, event: str, data: object, *, to: list[str]) -> None: ...
    async def disconnect(self, sid: str) -> None: ...


@dataclass(slots=True)
class _Held:
    """What waits for a socket's acknowledgements."""

    count: int = 0
    effects: list[Send | Disconnect] = field(default_factory=list)


class Outgoing:
    """The queue before the sockets."""

    def __init__(self, emitter: Emitter) -> None:
        self._emitter = emitter
        self._queue: deque[Send | Disconnect] = deque()
        self._held: dict[str, _Held] = {}
        self._wake = asyncio.Event()

    def hold(self, socket: str) -> None:
        """Keep what goes to this socket until as many releases."""
        self._held.setdefault(socket, _Held()).count += 1

    def release(self, socket: str) -> None:
        """Take back one hold; with the last one, what was kept goes in its order."""
        held = self._held.get(socket)
        if held is None:
            return
        held.count -= 1
        if held.count == 0:
            self.forget(socket)
            self._queue.extend(held.effects)
            self._wake.set()

    def forget(self, socket: str) -> None:
        """The socket is gone, and what was kept for it."""
        self._held.pop(socket, None)

    def put(self, effect: Send | Disconnect) -> None:
        """Queue an event, or the closing of a socket after what was queued for it."""
        if isinstance(effect, Disconnect):
            held = self._held.get(effect.socket)
            (self._queue if held is None else held.effects).append(effect)
        else:
            self._put_event(effect)
        self._wake.set()

    def _put_event(self, send: Send) -> None:
        for socket in self._held.keys() & send.sockets:
            self._held[socket].effects.append(Send((socket,), send.event, send.payload))
        free = tuple(socket for socket in send.sockets if socket not in self._held)
        if free:
            self._queue.append(Send(free, send.event, send.payload))

    async def run(self) -> None:
        """Write until cancelled; a socket's failure is its own."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                await self._write(self._queue.popleft())

    async def _write(self, effect: Send | Disconnect) -> None:
        if isinstance(effect, Disconnect):
            await _attempt(self._emitter.disconnect(effect.socket))
            return
        for start in range(0, len(effect.sockets), AT_ONCE):
            few = list(effect.sockets[start : start + AT_ONCE])
            await _attempt(self._emitter.emit(effect.event, effect.payload, to=few))
            await asyncio.sleep(0)


async def _attempt(writing: Awaitable[None]) -> None:
    try:
        await writing
    except Exception as error:
        log.warning("outgoing.failed", error=repr(error))
