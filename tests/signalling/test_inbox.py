"""One person's messages: in order, bounded, whatever goes wrong."""

import asyncio

import pytest

from signalling.errors import FloodError
from signalling.inbox import BURST, PER_SECOND, WAITING, Ack, Inbox, Job


def noting(order: list[int], number: int, gate: asyncio.Event | None = None) -> Job:
    async def job() -> Ack:
        if gate is not None:
            await gate.wait()
        order.append(number)
        return {"number": number}

    return job


async def test_jobs_run_one_after_the_other_also_when_one_waits() -> None:
    inbox, order, gate = Inbox(0.0), list[int](), asyncio.Event()
    slow = inbox.submit(noting(order, 1, gate), 0.0)
    quick = inbox.submit(noting(order, 2), 0.0)
    await asyncio.sleep(0)
    assert order == []
    gate.set()
    assert await quick == {"number": 2}
    assert await slow == {"number": 1}
    assert order == [1, 2]


async def test_failure_belongs_to_its_message_alone() -> None:
    async def fail() -> Ack:
        raise ValueError("broken")

    inbox = Inbox(0.0)
    failing, fine = inbox.submit(fail, 0.0), inbox.submit(noting([], 1), 0.0)
    with pytest.raises(ValueError, match="broken"):
        await failing
    assert await fine == {"number": 1}


async def test_messages_that_wait_are_bounded() -> None:
    inbox, gate = Inbox(0.0), asyncio.Event()
    later = [float(number) for number in range(WAITING)]
    waiting = [inbox.submit(noting([], 0, gate), now) for now in later]
    with pytest.raises(FloodError):
        inbox.submit(noting([], 0), 1000.0)
    gate.set()
    await asyncio.gather(*waiting)
    await inbox.submit(noting([], 0), 1001.0)


async def test_rate_is_bounded_and_recovers() -> None:
    inbox = Inbox(0.0)
    for _ in range(int(BURST)):
        await inbox.submit(noting([], 0), 0.0)
    with pytest.raises(FloodError):
        inbox.submit(noting([], 0), 0.0)
    await inbox.submit(noting([], 0), 1 / PER_SECOND)


async def test_own_jobs_follow_all_that_was_submitted_and_are_never_refused() -> None:
    inbox, order, done = Inbox(0.0), list[int](), asyncio.Event()

    async def last() -> Ack:
        order.append(99)
        done.set()
        return {}

    futures = [inbox.submit(noting(order, n), 0.0) for n in range(int(BURST))]
    inbox.post(last)
    await asyncio.wait_for(done.wait(), 5)
    assert order == [*range(int(BURST)), 99]
    assert all(future.done() for future in futures)
