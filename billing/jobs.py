"""Jobs that run beside requests: each is supervised, and a failure ends only its turn."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from billing.context import Context
from common.logs import get_logger

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """`turn` is done every so many seconds, and at once when the context wakes `name`."""

    name: str
    every: float
    turn: Callable[[Context], Awaitable[object]]


async def run_job(context: Context, job: Job, ready: asyncio.Event | None = None) -> None:
    """Runs a job from when it is ready until cancelled; a turn that raises is logged and
    counted."""
    if ready is not None:
        await ready.wait()
    while True:
        try:
            await job.turn(context)
        except Exception as error:
            context.counts[f"job_failed:{job.name}"] += 1
            log.error("job.failed", job=job.name, error=type(error).__name__, exc_info=error)
        await context.wake.wait(job.name, job.every)


def start_jobs(
    context: Context, jobs: Sequence[Job], ready: asyncio.Event | None = None
) -> list[asyncio.Task[None]]:
    """Starts a task for each job."""
    return [
        asyncio.create_task(run_job(context, job, ready), name=f"job {job.name}") for job in jobs
    ]


async def stop_jobs(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Ends the tasks wherever they wait."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
