"""A few steps a turn, in order."""

import asyncio

import pytest

from sfu.dtls import admission_queue as module
from sfu.dtls.admission_queue import PER_TURN, Turnstile


async def turn() -> None:
    """One turn of the loop."""
    await asyncio.sleep(0)


async def test_steps_come_in_order_a_few_each_turn() -> None:
    turnstile = Turnstile()
    done: list[int] = []
    for number in range(2 * PER_TURN + 1):
        turnstile.enter(lambda number=number: done.append(number))  # type: ignore[misc]
    assert done == []
    counts = []
    for _ in range(4):
        await turn()
        counts.append(len(done))
    assert counts == [PER_TURN, 2 * PER_TURN, 2 * PER_TURN + 1, 2 * PER_TURN + 1]
    assert done == sorted(done)


async def test_a_step_may_enter_again_and_waits_for_a_later_turn() -> None:
    turnstile = Turnstile()
    done: list[str] = []

    def again() -> None:
        done.append("first")
        turnstile.enter(lambda: done.append("second"))

    turnstile.enter(again)
    await turn()
    assert done == ["first"]
    await turn()
    assert done == ["first", "second"]


async def test_it_rests_and_begins_anew() -> None:
    turnstile = Turnstile()
    done: list[int] = []
    for number in range(3):
        turnstile.enter(lambda number=number: done.append(number))  # type: ignore[misc]
        await turn()
        await turn()
    assert done == [0, 1, 2]


async def test_a_step_waits_once() -> None:
    turnstile, done = Turnstile(), list[str]()

    def step() -> None:
        done.append("once")

    for _ in range(3):
        assert turnstile.enter(step)
    await turn()
    await turn()
    assert done == ["once"]


async def test_no_more_than_so_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 2)
    turnstile, done = Turnstile(), list[str]()
    steps = [lambda name=name: done.append(name) for name in "abc"]
    assert [turnstile.enter(step) for step in (*steps, steps[0])] == [True, True, False, True]
    turnstile.leave(steps[0])
    turnstile.leave(steps[0])
    assert turnstile.enter(steps[2])
    await turn()
    assert done == ["b", "c"]


async def test_a_fault_in_a_step_does_not_hold_up_the_others() -> None:
    turnstile, done, faults = Turnstile(), list[str](), list[object]()
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: faults.append(context["exception"])
    )
    fault = ValueError("step")

    def fail() -> None:
        raise fault

    turnstile.enter(fail)
    turnstile.enter(lambda: done.append("after"))
    await turn()
    await turn()
    assert (done, faults) == (["after"], [fault])
