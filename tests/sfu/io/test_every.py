"""A repeated step on a real loop."""

import asyncio

import pytest

from sfu.io.every import Every


async def test_comes_again_until_it_is_stopped() -> None:
    steps: list[int] = []
    came = asyncio.Event()

    def step() -> None:
        steps.append(len(steps))
        came.set()

    every = Every(0.001, step)
    every.start()
    for _ in range(2):
        async with asyncio.timeout(5):
            await came.wait()
        came.clear()
    assert every.stop()
    assert not every.stop()
    assert steps == [0, 1]


async def test_a_fault_does_not_end_it() -> None:
    def fails() -> None:
        raise ZeroDivisionError

    every = Every(60.0, fails)
    every.start()
    before = every.due
    with pytest.raises(ZeroDivisionError):
        every._take()
    assert every.due >= before
    assert every.stop()


async def test_a_step_may_stop_it() -> None:
    every: Every = Every(60.0, lambda: stopped.append(every.stop()))
    stopped: list[bool] = []
    every.start()
    every._take()
    assert stopped == [True]
    assert not every.stop()
