"""Jobs: a turn that fails is counted, and the next comes."""

import asyncio
from pathlib import Path

from billing.context import Context, Wake
from billing.jobs import Job, start_jobs, stop_jobs
from tests.billing.support import make_context

LONG = 3_600.0


async def test_a_failure_ends_only_its_turn(tmp_path: Path) -> None:
    turns: asyncio.Queue[int] = asyncio.Queue()

    async def turn(context: Context) -> None:
        turns.put_nowait(turns.qsize())
        raise ValueError("the world is not as it was thought")

    async with make_context(tmp_path) as context:
        tasks = start_jobs(context, [Job("refunds", LONG, turn)])
        for expected in range(1, 4):
            await turns.get()
            context.wake("refunds")
            assert context.counts["job_failed:refunds"] >= expected - 1
        await turns.get()
        await stop_jobs(tasks)
    assert all(task.cancelled() for task in tasks)


async def test_a_wake_in_the_middle_of_a_turn_is_not_lost() -> None:
    wake = Wake()
    wake("entry")
    await wake.wait("entry", LONG)
    async with asyncio.TaskGroup() as group:
        group.create_task(wake.wait("entry", LONG))
        await asyncio.sleep(0)
        wake("entry")


async def test_without_a_wake_the_time_passes() -> None:
    await Wake().wait("entry", 0)
