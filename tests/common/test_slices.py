"""How long work is cut up."""

import asyncio
from collections.abc import Iterator

from common.slices import SLICE, in_slices


class Steps:
    """Steps that take a virtual while each."""

    def __init__(self, count: int, each: float) -> None:
        self.now = 0.0
        self._count, self._each = count, each

    def clock(self) -> float:
        return self.now

    def __iter__(self) -> Iterator[int]:
        for number in range(self._count):
            self.now += self._each
            yield number


async def test_other_work_gets_its_turn_after_each_slice() -> None:
    work, turns = Steps(40, SLICE / 9.9), 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(others())
    pieces = [piece async for piece in in_slices(iter(work), work.clock)]
    task.cancel()
    assert [one for piece in pieces for one in piece] == list(range(40))
    assert [len(piece) for piece in pieces[:-1]] == [10] * len(pieces[:-1])
    assert turns >= 3


async def test_quick_steps_come_in_one_piece() -> None:
    work = Steps(40, 0.0)
    assert len([piece async for piece in in_slices(iter(work), work.clock)]) == 1
