"""The shutdown of sockets: clients are told, then sockets are closed as "going away", each step
within a bound.

The server shuts down in this order: new connections, sockets, requests that still run, media (DTLS
tells the peers), jobs and database. `Watchdog` ends the process when that takes too long.
"""

import asyncio
import logging
import os
import sys
import threading
from collections.abc import Awaitable, Callable, Iterable
from itertools import islice
from typing import NoReturn, TypeVar
from weakref import WeakSet

import socketio
from aiohttp import WSCloseCode, web

from common.logs import get_logger

SHUTDOWN_WITHIN = 2.0  # s from the signal to the end of the process
TOLD_WITHIN = 0.4  # s for the event to leave
CLOSED_WITHIN = 0.4  # s for the close frames and their answers
AT_ONCE = 64  # sockets in one turn of the loop: media goes on meanwhile
FORCED = 1  # the exit code of a process that did not end by itself

log = get_logger(__name__)

Thing = TypeVar("Thing")


class OpenSockets:
    """The WebSockets that are open."""

    def __init__(self) -> None:
        self._open: WeakSet[web.WebSocketResponse] = WeakSet()

    async def note(self, request: web.Request, response: web.StreamResponse) -> None:
        """Remembers a response that is a WebSocket; a handler for `on_response_prepare`."""
        if isinstance(response, web.WebSocketResponse):
            self._open.add(response)

    async def go_away(self) -> None:
        """Closes all WebSockets; clients may reconnect to the next server here."""
        closing = [one for one in self._open if not one.closed]
        await in_parts(closing, lambda one: one.close(code=WSCloseCode.GOING_AWAY), CLOSED_WITHIN)


async def tell_all(server: socketio.AsyncServer, event: str) -> None:
    """Sends an event to every client and waits, within a bound, until it has left."""
    sockets = [sid for sid, _ in server.manager.get_participants("/", None)]
    await in_parts(sockets, lambda sid: server.emit(event, {}, to=sid), TOLD_WITHIN)
    queues = [one.queue for one in server.eio.sockets.values()]
    await in_parts(queues, lambda queue: queue.join(), TOLD_WITHIN)


async def in_parts(
    things: Iterable[Thing], work: Callable[[Thing], Awaitable[object]], within: float
) -> None:
    """Works on AT_ONCE things in each turn of the loop; cancels what is not done in time."""
    rest = iter(things)
    tasks: list[asyncio.Future[object]] = []
    while part := list(islice(rest, AT_ONCE)):
        tasks += [asyncio.ensure_future(work(one)) for one in part]
        await asyncio.sleep(0)
    if not tasks:
        return
    _, late = await asyncio.wait(tasks, timeout=within)
    for task in late:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def end_process() -> NoReturn:
    """Ends a process whose work is done. A normal exit would spend seconds on freeing the objects
    of a thousand participants, and wait for threads that ask the gateway."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


class Watchdog:
    """Ends the process when its shutdown takes too long, whatever the loop and its threads do."""

    def __init__(self, within: float = SHUTDOWN_WITHIN, end: Callable[[int], object] = os._exit):
        self._end = end
        self._timer = threading.Timer(within, self._force)
        self._timer.daemon = True

    def start(self) -> None:
        """Starts the time limit of the shutdown; further calls change nothing."""
        if self._timer.ident is None:
            self._timer.start()

    def _force(self) -> None:
        log.error("shutdown.forced", within=self._timer.interval)
        self._end(FORCED)
