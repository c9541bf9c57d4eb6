"""The sequence map closes the gaps that dropped packets leave in a sequence.

Pure: no I/O, no clock. Works on indices (48-bit extended sequence numbers, RFC 3711 3.3.1), so
there is no wraparound here.
"""

from bisect import bisect_right, insort

_MAX_RUNS = 128  # runs of dropped indices remembered for late packets


class SeqMap:
    """Maps an index to its compact index: the index minus the dropped ones before it.

    Lost packets keep their place, so a receiver can still ask for them; dropped ones do not. An
    answer, once given, stays the same until the index is too old to be known.
    """

    __slots__ = ("_accepted", "_before", "_ends", "_floor", "_newest", "_shift", "_starts")

    def __init__(self) -> None:
        self._newest = -1  # the newest index seen, accepted or dropped
        self._shift = 0  # how many were dropped in all
        self._accepted = -1  # the newest accepted; stands in _newest when that was not dropped
        # Runs of dropped indices in ascending order: first, last, and how many before the run.
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._before: list[int] = []
        self._floor = 0  # indices below are too old to know

    def accept(self, index: int) -> int | None:
        """The compact index; None when the index was dropped or is too old to know."""
        if index > self._newest:
            self._newest = index
            return index - self._shift
        return self._accept_late(index)

    def drop(self, index: int) -> bool:
        """Takes the index out of the sequence.

        False: a later packet has its number already, so this one must be sent (as padding).
        """
        if index <= self._newest_accepted() or index < self._floor:
            return self._was_dropped(index)
        if self._was_dropped(index):
            return True
        self._accepted = self._newest_accepted()
        self._newest = max(self._newest, index)
        self._shift += 1
        self._record(index)
        return True

    def _accept_late(self, index: int) -> int | None:
        if index < self._floor:
            return None
        run = bisect_right(self._starts, index) - 1
        if run < 0:
            shift = self._before[0] if self._before else self._shift
        elif index <= self._ends[run]:
            return None
        else:
            shift = self._shift_after(run)
        self._accepted = max(self._accepted, index)
        return index - shift

    def _newest_accepted(self) -> int:
        # When the newest seen was not dropped it was accepted: accept() need not note it twice.
        if self._ends and self._ends[-1] == self._newest:
            return self._accepted
        return self._newest

    def _shift_after(self, run: int) -> int:
        return self._before[run] + self._ends[run] - self._starts[run] + 1

    def _was_dropped(self, index: int) -> bool:
        run = bisect_right(self._starts, index) - 1
        return run >= 0 and index <= self._ends[run]

    def _record(self, index: int) -> None:
        if self._ends and index == self._ends[-1] + 1:
            self._ends[-1] = index
            return
        if self._ends and index < self._ends[-1]:
            self._insert(index)
        else:
            self._starts.append(index)
            self._ends.append(index)
            self._before.append(self._shift - 1)
        if len(self._starts) > _MAX_RUNS:
            self._forget_oldest()

    def _insert(self, index: int) -> None:
        """A dropped index that was overtaken by other dropped ones; none after it is mapped yet."""
        run = bisect_right(self._starts, index)
        before = self._shift_after(run - 1) if run else self._before[0]
        insort(self._starts, index)
        insort(self._ends, index)
        self._before.insert(run, before)
        for later in range(run + 1, len(self._before)):
            self._before[later] += 1

    def _forget_oldest(self) -> None:
        self._floor = self._ends[0] + 1
        del self._starts[0], self._ends[0], self._before[0]
