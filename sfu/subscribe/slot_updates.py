"""The slot update queue: subscribers whose slots must be looked at anew, a few at a time.

Pure: no I/O, no clock.
"""

from collections.abc import Hashable, Iterable
from enum import Flag, auto
from typing import Generic, TypeVar

Owner = TypeVar("Owner", bound=Hashable)


class Slots(Flag):
    """The parts of a subscriber's slots that must be decided anew."""

    AUDIO = auto()  # the producers they are pointed at
    VIDEO = auto()
    LAYERS = auto()  # which layers of them are sent
    ALL = AUDIO | VIDEO


class SlotUpdateQueue(Generic[Owner]):
    """Owners in the order they were added, each once with all that was marked for it."""

    def __init__(self) -> None:
        self._marks: dict[Owner, Slots] = {}

    def __len__(self) -> int:
        return len(self._marks)

    def mark(self, owners: Iterable[Owner], slots: Slots) -> None:
        """Adds these slots of these owners."""
        marks = self._marks
        for owner in owners:
            known = marks.get(owner)
            marks[owner] = slots if known is None else known | slots

    def forget(self, owner: Owner) -> None:
        """Removes an owner that is gone."""
        self._marks.pop(owner, None)

    def take(self) -> tuple[Owner, Slots]:
        """Takes the first of them. Raises StopIteration when there is none."""
        owner = next(iter(self._marks))
        return owner, self._marks.pop(owner)
