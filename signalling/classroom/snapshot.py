"""A class as plain data (dicts, lists, strings, numbers), so that it survives a restart.

Times in a snapshot are monotonic seconds of the process that took it. `decode` moves them to the
clock of the process that reads it: the wall-clock time of each stays the same.
Pure: no I/O, no clock.
"""

from dataclasses import dataclass
from typing import Any

import msgspec

from signalling.classroom.changes import RosterChanges
from signalling.classroom.roster import RosterState

VERSION = 1  # raised when an older reader would misunderstand a field


class SnapshotError(ValueError):
    """The data is no snapshot of this class that this version can read."""


@dataclass(slots=True)
class ClassSnapshot:
    """The whole state of a class; that of each feature is under the feature's name."""

    class_id: str
    state: str
    started_at: int | None
    locked: bool
    removed_users: list[str]
    empty_since: float | None
    wall_offset: float
    roster: RosterState
    changes: RosterChanges
    features: dict[str, Any]
    version: int = VERSION


def encode(snapshot: ClassSnapshot) -> dict[str, Any]:
    """The snapshot as plain data, which shares nothing with the class."""
    data: dict[str, Any] = msgspec.to_builtins(snapshot, order="deterministic")
    return data


def decode(data: object, class_id: str, wall_offset: float) -> tuple[ClassSnapshot, float]:
    """The snapshot with its times on the reader's clock, and by how much they were moved.

    Raises SnapshotError.
    """
    if not isinstance(data, dict) or data.get("version") != VERSION:
        raise SnapshotError("the snapshot has another version")
    try:
        snapshot = msgspec.convert(data, ClassSnapshot)
    except msgspec.ValidationError as error:
        raise SnapshotError(str(error)) from None
    if snapshot.class_id != class_id:
        raise SnapshotError(f"the snapshot is of the class {snapshot.class_id}")
    shift = snapshot.wall_offset - wall_offset
    _shift(snapshot, shift)
    return snapshot, shift


def _shift(snapshot: ClassSnapshot, shift: float) -> None:
    for person in snapshot.roster.participants:
        person.deadline = _later(person.deadline, shift)
    changes = snapshot.changes
    changes.deadline = _later(changes.deadline, shift)
    changes.totals_told_at = _later(changes.totals_told_at, shift)
    snapshot.empty_since = _later(snapshot.empty_since, shift)


def _later(time: float | None, shift: float) -> float | None:
    return None if time is None else time + shift
