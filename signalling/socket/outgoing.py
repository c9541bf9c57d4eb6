"""The queue of all events to clients, in the order in which they were decided.

One task writes, so all clients see the events of a class in the same order. A socket whose
message is being handled is held: its acknowledgement leaves before the events that follow.
Up to AT_ONCE sockets are written to together, whether one event goes to all of them or each gets
its own; an event for a large class is written in such parts, so that media goes on meanwhile.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Protocol

from common.logs import get_logger
from signalling.classroom.effects import Disconnect, Send

AT_ONCE = 16  # sockets written to together: 1.5 ms

log = get_logger(__name__)


class Emitter(Protocol):
    """The part of a Socket.IO server that is used here."""

    async def emit(self, event: str, data: object, *, to: list[str]) -> None: ...
    async def disconnect(self, sid: str) -> None: ...


@dataclass(slots=True)
class _Held:
    """Effects that wait until a socket's acknowledgements have left."""

    count: int = 0
    effects: list[Send | Disconnect] = field(default_factory=list)


class Outgoing:
    """The queue in front of the sockets."""

    def __init__(self, emitter: Emitter) -> None:
        self._emitter = emitter
        self._queue: deque[Send | Disconnect] = deque()
        self._held: dict[str, _Held] = {}
        self._wake = asyncio.Event()

    def hold(self, socket: str) -> None:
        """Keeps everything for this socket until `release` was called as often."""
        self._held.setdefault(socket, _Held()).count += 1

    def release(self, socket: str) -> None:
        """Takes back one hold; with the last one, the kept effects are queued in their order."""
        held = self._held.get(socket)
        if held is None:
            return
        held.count -= 1
        if held.count == 0:
            self.forget(socket)
            self._queue.extend(held.effects)
            self._wake.set()

    def forget(self, socket: str) -> None:
        """Drops what was kept for a socket that is gone."""
        self._held.pop(socket, None)

    def put(self, effect: Send | Disconnect) -> None:
        """Queues an event, or the closing of a socket after what was queued for it."""
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
        for start in range(0, len(free), AT_ONCE):
            self._queue.append(Send(free[start : start + AT_ONCE], send.event, send.payload))

    async def run(self) -> None:
        """Writes until cancelled; the failure of one socket does not affect others."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                await self._write(self._take())

    def _take(self) -> list[Send | Disconnect]:
        """The next effects for at most AT_ONCE sockets. Each socket occurs once: a later effect for
        it waits for the next turn, so that its events stay in order."""
        taken = [self._queue.popleft()]
        busy = set(_sockets(taken[0]))
        while self._queue:
            sockets = _sockets(self._queue[0])
            if len(busy) + len(sockets) > AT_ONCE or not busy.isdisjoint(sockets):
                break
            busy.update(sockets)
            taken.append(self._queue.popleft())
        return taken

    async def _write(self, effects: list[Send | Disconnect]) -> None:
        if len(effects) == 1:  # needs no task of its own
            await self._attempt(effects[0])
        else:
            await asyncio.gather(*map(self._attempt, effects))
        if sum(len(_sockets(effect)) for effect in effects) >= AT_ONCE:
            await asyncio.sleep(0)  # for media, whatever the sockets did

    async def _attempt(self, effect: Send | Disconnect) -> None:
        try:
            if isinstance(effect, Disconnect):
                await self._emitter.disconnect(effect.socket)
            else:
                await self._emitter.emit(effect.event, effect.payload, to=list(effect.sockets))
        except Exception as error:
            log.warning("outgoing.failed", error=repr(error))


def _sockets(effect: Send | Disconnect) -> tuple[str, ...]:
    return (effect.socket,) if isinstance(effect, Disconnect) else effect.sockets
