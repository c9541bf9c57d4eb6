"""The inbox handles one person's messages one after the other, whichever socket they came by.

It is bounded: a message that does not fit is refused with FloodError.
"""

import asyncio
from collections.abc import Awaitable, Callable

from common.logs import get_logger
from signalling.errors import FloodError

Ack = dict[str, object]
Job = Callable[[], Awaitable[Ack]]

WAITING = 64  # messages that wait their turn

log = get_logger(__name__)


class Inbox:
    """A queue of jobs and the task that runs them, alive only while there are any."""

    def __init__(self) -> None:
        self._jobs: list[tuple[Job, asyncio.Future[Ack]]] = []  # a deque keeps 0.6 kB when empty
        self._task: asyncio.Task[None] | None = None

    def submit(self, job: Job) -> asyncio.Future[Ack]:
        """Queues a client's message; raises FloodError when too many wait."""
        if len(self._jobs) >= WAITING:
            raise FloodError
        return self._enqueue(job)

    def post(self, job: Job) -> None:
        """Queues a job of the server's own, after all that was submitted; never refused."""
        self._enqueue(job).add_done_callback(_log_failure)

    def _enqueue(self, job: Job) -> asyncio.Future[Ack]:
        future: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
        self._jobs.append((job, future))
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        return future

    async def _run(self) -> None:
        while self._jobs:
            job, future = self._jobs.pop(0)
            try:
                ack = await job()
            except Exception as error:
                if not future.done():
                    future.set_exception(error)
            else:
                if not future.done():
                    future.set_result(ack)
        self._task = None


def _log_failure(future: asyncio.Future[Ack]) -> None:
    if not future.cancelled() and (error := future.exception()) is not None:
        log.error("inbox.job_failed", exc_info=error)
