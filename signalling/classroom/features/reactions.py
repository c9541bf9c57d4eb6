"""Reactions: short signs that go to everyone and are not kept.

Pure: no I/O, no clock.
"""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from common.errors import CapacityError
from common.work import WorkBudget
from signalling.classroom.effects import Decision
from signalling.classroom.features.feature import ClassContext, Feature, on
from signalling.classroom.messages import Message
from signalling.classroom.roster import Participant

PER_SECOND = 30.0  # in one class, and as many at once


class ReactionKind(StrEnum):
    """Reactions that every page can draw."""

    THUMBS_UP = "thumbs-up"
    CLAP = "clap"
    HEART = "heart"
    LAUGH = "laugh"
    SURPRISED = "surprised"
    CELEBRATE = "celebrate"


class Reaction(Message):
    """Sends a short sign to all."""

    kind: Annotated[ReactionKind, Field(strict=False)]


class Reactions(Feature):
    """Passes reactions on to all; the class as a whole may send only so many a second."""

    name = "reactions"

    def __init__(self, context: ClassContext, now: float) -> None:
        super().__init__(context, now)
        self._budget = WorkBudget(PER_SECOND, PER_SECOND, now)

    def _react(self, person: Participant, message: Reaction, now: float) -> Decision:
        if not self._budget.take(1.0, now):
            raise CapacityError(
                "too_many_messages", "There are too many reactions at once. Wait a moment."
            )
        payload: dict[str, object] = {"participant": person.id, "kind": message.kind.value}
        return Decision(effects=[self.context.to_all("reaction", payload)])

    messages = (on("reaction", Reaction, _react, to_many=True),)

    def snapshot(self) -> object:
        return {"credit": self._budget.credit, "at": self._budget.updated_at}

    def restore(self, data: Any, shift: float) -> None:
        self._budget.credit = data["credit"]
        self._budget.updated_at = data["at"] + shift
