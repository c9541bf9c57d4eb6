"""Changes of the participants of a class that clients were not told about yet.

Pure: no I/O, no clock.
"""

from dataclasses import dataclass, field

from signalling.classroom.roster import Participant

GATHER = 0.1  # seconds that changes are gathered for


@dataclass(slots=True)
class RosterChanges:
    """The gathered changes of one class; hidden participants make none."""

    updated_ids: set[str] = field(default_factory=set)
    left_ids: set[str] = field(default_factory=set)
    totals: bool = False
    totals_told_at: float | None = None
    deadline: float | None = None  # when clients are to be told

    def joined(self, person: Participant, now: float) -> None:
        """A new participant: who is told is found out when changes are sent."""
        if not person.is_hidden:
            self.totals_changed(now)

    def updated(self, person: Participant, now: float) -> None:
        """The participant's record has changed."""
        if not person.is_hidden:
            self.updated_ids.add(person.id)
            self._wake(now)

    def left(self, person: Participant, now: float) -> None:
        """The participant is not in the class any more."""
        if not person.is_hidden:
            self.updated_ids.discard(person.id)
            self.left_ids.add(person.id)
            self.totals_changed(now)

    def totals_changed(self, now: float) -> None:
        """The numbers for clients that are not told about everyone have changed."""
        self.totals = True
        self._wake(now)

    def clear(self) -> None:
        """Forgets all changes: the lesson is over."""
        self.updated_ids.clear()
        self.left_ids.clear()
        self.totals = False
        self.deadline = None

    def restore(self, saved: "RosterChanges") -> None:
        """Takes over the changes of a snapshot."""
        self.updated_ids, self.left_ids = saved.updated_ids, saved.left_ids
        self.totals, self.totals_told_at = saved.totals, saved.totals_told_at
        self.deadline = saved.deadline

    def _wake(self, now: float) -> None:
        if self.deadline is None or self.deadline > now + GATHER:
            self.deadline = now + GATHER
