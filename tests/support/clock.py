"""Virtual time for tests: what happens when, in a fixed order. Pure: no I/O, no clock."""

import heapq
from collections.abc import Callable
from itertools import count

Action = Callable[[float], None]


class Agenda:
    """Actions by the instant they are due; equal instants keep the order they were entered in."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Action]] = []
        self._order = count()

    def at(self, when: float, action: Action) -> None:
        heapq.heappush(self._heap, (when, next(self._order), action))

    def next_deadline(self) -> float | None:
        return self._heap[0][0] if self._heap else None

    def run_due(self, now: float) -> int:
        """Run what is due now, also what those actions enter for now; returns how many ran."""
        ran = 0
        while self._heap and self._heap[0][0] <= now:
            when, _, action = heapq.heappop(self._heap)
            action(when)
            ran += 1
        return ran


def earliest(*deadlines: float | None) -> float | None:
    """The soonest of several deadlines; None means never."""
    known = [deadline for deadline in deadlines if deadline is not None]
    return min(known) if known else None
