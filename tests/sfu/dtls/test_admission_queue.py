"""A few steps a turn, in order."""

import asyncio

import pytest

from sfu.dtls import admission_queue as module
from sfu.dtls.admission_queue import PER_TURN, AdmissionQueue


async def turn() -> None:
    """One turn of the loop."""
    await asyncio.sleep(0)


async def test_steps_come_in_order_a_few_each_turn() -> None:
    queue = AdmissionQueue()
    done: list[int] = []
    for number in range(2 * PER_TURN + 1):
        queue.enter(lambda number=number: done.append(number))  # type: ignore[misc]
    assert done == []
    counts = []
    for _ in range(4):
        await turn()
        counts.append(len(done))
    assert counts == [PER_TURN, 2 * PER_TURN, 2 * PER_TURN + 1, 2 * PER_TURN + 1]
    assert done == sorted(done)


async def test_a_step_may_enter_again_and_waits_for_a_later_turn() -> None:
    queue = AdmissionQueue()
    done: list[str] = []

    def again() -> None:
        done.append("first")
        queue.enter(lambda: done.append("second"))

    queue.enter(again)
    await turn()
    assert done == ["first"]
    await turn()
    assert done == ["first", "second"]


async def test_it_rests_and_begins_anew() -> None:
    queue = AdmissionQueue()
    done: list[int] = []
    for number in range(3):
        queue.enter(lambda number=number: done.append(number))  # type: ignore[misc]
        await turn()
        await turn()
    assert done == [0, 1, 2]


async def test_a_step_waits_once() -> None:
    queue, done = AdmissionQueue(), list[str]()

    def step() -> None:
        done.append("once")

    for _ in range(3):
        assert queue.enter(step)
    await turn()
    await turn()
    assert done == ["once"]


async def test_no_more_than_so_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 2)
    queue, done = AdmissionQueue(), list[str]()
    steps = [lambda name=name: done.append(name) for name in "abc"]
    assert [queue.enter(step) for step in (*steps, steps[0])] == [True, True, False, True]
    queue.leave(steps[0])
    queue.leave(steps[0])
    assert queue.enter(steps[2])
    await turn()
    assert done == ["b", "c"]


async def test_a_fault_in_a_step_does_not_hold_up_the_others() -> None:
    queue, done, faults = AdmissionQueue(), list[str](), list[object]()
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: faults.append(context["exception"])
    )
    fault = ValueError("step")

    def fail() -> None:
        raise fault

    queue.enter(fail)
    queue.enter(lambda: done.append("after"))
    await turn()
    await turn()
    assert (done, faults) == (["after"], [fault])
