"""Whose slots must be looked at anew, and what of them; a few at a time in a large class.

Pure: no I/O, no clock.
"""

from collections.abc import Hashable, Iterable
from enum import Flag, auto
from typing import Generic, TypeVar

Owner = TypeVar("Owner", bound=Hashable)


class Slots(Flag):
    """What of a subscriber's slots."""

    AUDIO = auto()  # whom they are pointed at
    VIDEO = auto()
    LAYERS = auto()  # which layers of them are sent
    ALL = AUDIO | VIDEO


class Stale(Generic[Owner]):
    """Owners in the order they were marked, each once with all that was marked."""

    def __init__(self) -> None:
        self._marks: dict[Owner, Slots] = {}

    def __len__(self) -> int:
        return len(self._marks)

    def mark(self, owners: Iterable[Owner], slots: Slots) -> None:
        """These slots of these owners."""
        marks = self._marks
        for owner in owners:
            known = marks.get(owner)
            marks[owner] = slots if known is None else known | slots

    def forget(self, owner: Owner) -> None:
        """The owner is gone."""
        self._marks.pop(owner, None)

    def take(self, count: int) -> list[tuple[Owner, Slots]]:
        """The first of them, at most so many."""
        if len(self._marks) <= count:
            taken = list(self._marks.items())
            self._marks.clear()
            return taken
        owners = [owner for owner, _ in zip(self._marks, range(count), strict=False)]
        return [(owner, self._marks.pop(owner)) for owner in owners]
