"""Long work on the event loop, cut into slices so that the loop serves everything else in between.

A thread would not help: it would hold the interpreter's lock for 5 ms at a time.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from typing import TypeVar

SLICE = 0.001  # s of the loop at a time

Part = TypeVar("Part")


async def in_slices(
    parts: Iterable[Part], clock: Callable[[], float] = time.perf_counter
) -> AsyncIterator[list[Part]]:
    """Yields the parts of each slice; the loop turns once between two slices."""
    gathered: list[Part] = []
    until = clock() + SLICE
    for part in parts:
        gathered.append(part)
        if clock() < until:
            continue
        yield gathered
        gathered = []
        await asyncio.sleep(0)
        until = clock() + SLICE
    yield gathered
