"""The inbox keeps one person's messages in order and bounded, whatever goes wrong."""

import asyncio

import pytest

from signalling.errors import FloodError
from signalling.socket.inbox import WAITING, Ack, Inbox, Job


def noting(order: list[int], number: int, gate: asyncio.Event | None = None) -> Job:
    async def job() -> Ack:
        if gate is not None:
            await gate.wait()
        order.append(number)
        return {"number": number}

    return job


async def test_jobs_run_one_after_the_other_also_when_one_waits() -> None:
    inbox, order, gate = Inbox(), list[int](), asyncio.Event()
    slow = inbox.submit(noting(order, 1, gate))
    quick = inbox.submit(noting(order, 2))
    await asyncio.sleep(0)
    assert order == []
    gate.set()
    assert await quick == {"number": 2}
    assert await slow == {"number": 1}
    assert order == [1, 2]


async def test_failure_belongs_to_its_message_alone() -> None:
    async def fail() -> Ack:
        raise ValueError("broken")

    inbox = Inbox()
    failing, fine = inbox.submit(fail), inbox.submit(noting([], 1))
    with pytest.raises(ValueError, match="broken"):
        await failing
    assert await fine == {"number": 1}


async def test_messages_that_wait_are_bounded() -> None:
    inbox, gate = Inbox(), asyncio.Event()
    waiting = [inbox.submit(noting([], 0, gate)) for _ in range(WAITING)]
    with pytest.raises(FloodError):
        inbox.submit(noting([], 0))
    gate.set()
    await asyncio.gather(*waiting)
    await inbox.submit(noting([], 0))


async def test_own_jobs_follow_all_that_was_submitted_and_are_never_refused() -> None:
    inbox, order, done = Inbox(), list[int](), asyncio.Event()

    async def last() -> Ack:
        order.append(99)
        done.set()
        return {}

    futures = [inbox.submit(noting(order, n)) for n in range(WAITING)]
    inbox.post(last)
    await asyncio.wait_for(done.wait(), 5)
    assert order == [*range(WAITING), 99]
    assert all(future.done() for future in futures)
