"""A few steps a turn, in order."""

import asyncio

from sfu.io.turnstile import PER_TURN, Turnstile


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
