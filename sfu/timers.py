"""One ordered set of deadlines, each owned by some hashable thing.

Pure: no I/O, no clock.
"""

import heapq
from collections.abc import Hashable
from typing import Generic, TypeVar

Owner = TypeVar("Owner", bound=Hashable)


def earliest(first: float | None, second: float | None) -> float | None:
    """The earlier of two deadlines, either of which may be none."""
    if first is None or second is None:
        return second if first is None else first
    return min(first, second)


_SLACK = 64  # entries that may lie dead in the heap before it is rebuilt


class Timers(Generic[Owner]):
    """Deadlines in seconds. Each owner has one at most; the earlier of two wins."""

    def __init__(self) -> None:
        self._when: dict[Owner, float] = {}
        self._heap: list[tuple[float, int, Owner]] = []
        self._serial = 0  # orders equal deadlines, so owners are never compared

    def set(self, owner: Owner, when: float) -> None:
        """Wake the owner at `when`, unless it is to be woken earlier already."""
        present = self._when.get(owner)
        if present is not None and present <= when:
            return
        self._when[owner] = when
        self._serial += 1
        heapq.heappush(self._heap, (when, self._serial, owner))
        if len(self._heap) > 2 * len(self._when) + _SLACK:
            self._rebuild()

    def clear(self, owner: Owner) -> None:
        """Forget the owner's deadline; to move one back, clear and set."""
        self._when.pop(owner, None)

    def pop_due(self, now: float) -> list[Owner]:
        """Owners whose deadline has come, the earliest first; each has none afterwards."""
        due: list[Owner] = []
        heap = self._heap
        while heap and heap[0][0] <= now:
            when, _, owner = heapq.heappop(heap)
            if self._when.get(owner) == when:
                del self._when[owner]
                due.append(owner)
        return due

    def next_deadline(self) -> float | None:
        """The time when the first owner is due."""
        heap = self._heap
        while heap and self._when.get(heap[0][2]) != heap[0][0]:
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def _rebuild(self) -> None:
        self._heap = [entry for entry in self._heap if self._when.get(entry[2]) == entry[0]]
        heapq.heapify(self._heap)
