"""Bounds on questions to a service that is slow or fails: a pool of threads with so many at work,
so many that wait and none for ever, and a circuit that leaves a failing service alone."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

Result = TypeVar("Result")

FAILURES = 5  # one after the other until the service is left alone
REST = 10.0  # s


class FullError(Exception):
    """Too many questions wait, or no thread came free in time: nothing was asked."""


class LateError(Exception):
    """No answer in time. The thread still works on it, and counts until it is done."""


class Threads:
    """Nothing is handed to the pool before a thread is free: a caller who gives up leaves no work,
    however long the threads are stuck."""

    def __init__(self, name: str, count: int, most_waiting: int) -> None:
        self._pool = ThreadPoolExecutor(count, name)
        self._free = asyncio.Semaphore(count)
        self._waiting = 0
        self._most_waiting = most_waiting

    async def run(self, work: Callable[[], Result], deadline: float) -> Result:
        """The work's result; `deadline` in seconds, for the wait and for the work each. Raises
        FullError, LateError, RuntimeError after `close`, and what the work raises."""
        await self._take(deadline)
        try:
            future = self._pool.submit(work)
        except RuntimeError:
            self._free.release()
            raise
        loop = asyncio.get_running_loop()
        future.add_done_callback(lambda done: _release(loop, self._free, done))
        try:
            async with asyncio.timeout(deadline):
                return await asyncio.wrap_future(future)
        except TimeoutError:
            raise LateError from None

    async def _take(self, deadline: float) -> None:
        if self._waiting >= self._most_waiting:
            raise FullError
        self._waiting += 1
        try:
            async with asyncio.timeout(deadline):
                await self._free.acquire()
        except TimeoutError:
            raise FullError from None
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Takes no more work, and does not wait for what is under way."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _release(
    loop: asyncio.AbstractEventLoop, free: asyncio.Semaphore, done: Future[Result]
) -> None:
    with suppress(RuntimeError):  # the loop has ended meanwhile
        loop.call_soon_threadsafe(free.release)


class Circuit:
    """Closed until so many failures came in a row; then one question each `REST` tries whether
    the service is back, and all others are refused at once."""

    def __init__(self) -> None:
        self._failures = 0
        self._next_try = 0.0

    def allows(self, now: float) -> bool:
        """Whether to ask now; while it rests, one yes in `REST` seconds tries the service."""
        if self._failures < FAILURES:
            return True
        if now < self._next_try:
            return False
        self._next_try = now + REST
        return True

    def succeeded(self) -> None:
        """Notes an answer, be it a refusal."""
        self._failures = 0

    def failed(self, now: float) -> None:
        """Notes that there was none."""
        self._failures += 1
        self._next_try = now + REST
