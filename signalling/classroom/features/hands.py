"""Raised hands, in the order in which they went up.

Pure: no I/O, no clock.
"""

from collections.abc import Iterable
from typing import Any

from signalling.classroom.changes import GATHER
from signalling.classroom.effects import Decision, Effect
from signalling.classroom.features.feature import ClassContext, Feature, on
from signalling.classroom.messages import Message
from signalling.classroom.roster import Participant


class Hand(Message):
    """Raises or lowers one's own hand."""

    raised: bool


class Hands(Feature):
    """The hands of a class. Changes are gathered and told in one `hands` event."""

    name = "hands"

    def __init__(self, context: ClassContext, now: float) -> None:
        super().__init__(context, now)
        self._raised: dict[str, int] = {}  # participant: wall-clock ms, the first one first
        self._deadline: float | None = None

    def _decide(self, person: Participant, message: Hand, now: float) -> Decision:
        if message.raised and person.id not in self._raised:
            self._raised[person.id] = self.context.wall_ms(now)
            self._changed(person, now)
        elif not message.raised:
            self.lower(person, now)
        return Decision()

    messages = (on("hand", Hand, _decide),)

    def lower(self, person: Participant, now: float) -> bool:
        """Takes a hand down; False when it was not up."""
        if self._raised.pop(person.id, None) is None:
            return False
        self._changed(person, now)
        return True

    def _changed(self, person: Participant, now: float) -> None:
        self.context.changes.updated(person, now)
        self._gather(now)

    def _gather(self, now: float) -> None:
        self.context.changes.totals_changed(now)
        if self._deadline is None:
            self._deadline = now + GATHER

    def _visible(self) -> list[tuple[str, int]]:
        roster = self.context.roster
        return [
            (id_, at)
            for id_, at in self._raised.items()
            if (person := roster.get(id_)) is not None and not person.is_hidden
        ]

    def _list(self) -> list[dict[str, object]]:
        return [{"participant": id_, "at": at} for id_, at in self._visible()]

    def welcome(self, person: Participant) -> dict[str, object]:
        return {"hands": self._list()}

    def describe(self, person: Participant) -> dict[str, object]:
        return {"hand": person.id in self._raised}

    def totals(self) -> dict[str, int]:
        return {"hands": len(self._visible())}

    def prominent(self) -> Iterable[str]:
        return self._raised

    def left(self, person: Participant, now: float) -> list[Effect]:
        if self._raised.pop(person.id, None) is not None:
            self._gather(now)
        return []

    def ended(self) -> None:
        self._raised.clear()
        self._deadline = None

    def next_deadline(self) -> float | None:
        return self._deadline

    def handle_timers(self, now: float) -> list[Effect]:
        if self._deadline is None or self._deadline > now:
            return []
        self._deadline = None
        return [self.context.to_all("hands", {"hands": self._list()})]

    def snapshot(self) -> object:
        return {"raised": list(self._raised.items()), "deadline": self._deadline}

    def restore(self, data: Any, shift: float) -> None:
        self._raised = dict(data["raised"])
        deadline = data["deadline"]
        self._deadline = None if deadline is None else deadline + shift
