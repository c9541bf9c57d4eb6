"""Limits for HTTP connections that hold a file open for nothing: half a head, half a body, an
answer that is not read.

aiohttp has no time limit for a head or a body. Once a second the guard looks at what each
connection waits for from its client; a connection without progress for too long is closed and
counted. WebSockets are left to signalling/socket/engine.py.
No clock: the time is an argument, in seconds.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from aiohttp import web

WAITING = 1_000  # connections that have brought no request, or wait between two


class Wait(StrEnum):
    """The thing a connection waits for, which is also the counted reason when it is closed."""

    HEAD = "slow_head"
    NEXT = "idle"
    BODY = "slow_body"
    READER = "unread_answer"
    CROWDED = "crowded"  # the oldest without a request, as there are too many
    FULL = "full"  # a new one, as there are too many of all kinds


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Limits in seconds, and numbers of connections."""

    head: float = 10.0  # from the connection to the end of the first head
    next: float = 30.0  # from an answer to the end of the next head
    body: float = 60.0  # a picture of 1 MB at 140 kbit/s
    reader: float = 30.0  # in which a client takes nothing at all of an answer
    waiting: int = WAITING
    total: int = 6_000

    def seconds(self, wait: Wait) -> float:
        """The seconds this wait may last."""
        return {
            Wait.HEAD: self.head,
            Wait.NEXT: self.next,
            Wait.BODY: self.body,
            Wait.READER: self.reader,
        }[wait]


def limits_for(sockets: int, files: int) -> ConnectionLimits:
    """Limits for so many sockets; where few files may be open, a quarter is for those that wait."""
    waiting = min(WAITING, max(16, files // 4))
    return ConnectionLimits(waiting=waiting, total=min(sockets + waiting, max(32, files - waiting)))


def waits_for(one: web.RequestHandler) -> Wait | None:
    """The thing a connection waits for from its client; None for nothing, and for a WebSocket."""
    if one._payload_parser is not None:
        return None
    if one._request_in_progress:
        request = one._current_request
        if request is not None and not request.content.is_eof():
            return Wait.BODY
        return Wait.READER if one.writing_paused else None
    if one._messages:
        return None
    return Wait.NEXT if one._request_count else Wait.HEAD


def progress(one: web.RequestHandler) -> tuple[int, int]:
    """A value that changes when the client does something: sends a request, or reads the answer."""
    transport = one.transport
    unread = transport.get_write_buffer_size() if transport is not None else 0
    return one._request_count, unread


class Guard:
    """Watches each connection; `tally` counts those that it closes."""

    def __init__(self, limits: ConnectionLimits, tally: Counter[str]) -> None:
        self.limits = limits
        self._tally = tally
        self._seen: dict[web.RequestHandler, tuple[Wait, tuple[int, int], float]] = {}
        self._waiting: dict[web.RequestHandler, None] = {}  # the oldest first

    def opened(self, one: web.RequestHandler, count: int) -> None:
        """Takes a new connection, which makes `count` of them."""
        if count > self.limits.total:
            self._close(one, Wait.FULL)
            return
        self._waiting[one] = None
        while len(self._waiting) > self.limits.waiting:
            oldest = next(iter(self._waiting))
            del self._waiting[oldest]
            if waits_for(oldest) in (Wait.HEAD, Wait.NEXT):
                self._close(oldest, Wait.CROWDED)

    def lost(self, one: web.RequestHandler) -> None:
        """Forgets a connection that is gone."""
        self._waiting.pop(one, None)
        self._seen.pop(one, None)

    def sweep(self, connections: Iterable[web.RequestHandler], now: float) -> None:
        """Closes the connections that have waited too long."""
        seen: dict[web.RequestHandler, tuple[Wait, tuple[int, int], float]] = {}
        for one in connections:
            wait = waits_for(one)
            if wait is None:
                continue
            before, done = self._seen.get(one), progress(one)
            since = before[2] if before is not None and before[:2] == (wait, done) else now
            if now - since >= self.limits.seconds(wait):
                self._close(one, wait)
            else:
                seen[one] = wait, done, since
        self._seen = seen
        idle = [one for one, (wait, *_) in seen.items() if wait in (Wait.HEAD, Wait.NEXT)]
        idle.sort(key=lambda one: seen[one][2])
        self._waiting = dict.fromkeys(idle)

    def _close(self, one: web.RequestHandler, wait: Wait) -> None:
        self._tally[wait.value] += 1
        if one.transport is not None:
            one.transport.abort()  # drops what the client has not read
        one.force_close()
