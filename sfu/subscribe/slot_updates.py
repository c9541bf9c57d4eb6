"""Whose slots must be looked at anew, and what of them; in a large class not all at once.

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

    def take(self) -> tuple[Owner, Slots]:
        """The first of them. Raises StopIteration when there is none."""
        owner = next(iter(self._marks))
        return owner, self._marks.pop(owner)
