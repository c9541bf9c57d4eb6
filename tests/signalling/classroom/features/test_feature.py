"""A feature is one file: a poll, made up here, goes through all that a feature can do."""

from typing import Annotated, Any

import pytest
from pydantic import Field

from common.errors import StateError
from signalling.classroom.effects import Decision, Effect
from signalling.classroom.features.chat import Chat
from signalling.classroom.features.feature import ClassContext, Feature, on
from signalling.classroom.features.hands import Hands
from signalling.classroom.features.registry import FEATURES, FeatureSet
from signalling.classroom.messages import Message
from signalling.classroom.permissions import Right, require
from signalling.classroom.roster import Participant
from signalling.errors import ForbiddenError, MessageError
from tests.support.class_rig import ClassRig

OPEN_FOR = 20.0  # seconds


class PollOpen(Message):
    """Ask the class a question."""

    question: str


class PollVote(Message):
    """Choose one of the answers."""

    choice: Annotated[int, Field(ge=0, le=3)]


class Poll(Feature):
    """One question at a time; it closes by itself."""

    name = "poll"

    def __init__(self, context: ClassContext, now: float) -> None:
        super().__init__(context, now)
        self._question: str | None = None
        self._votes: dict[str, int] = {}
        self._closes_at: float | None = None

    def _open(self, person: Participant, message: PollOpen, now: float) -> Decision:
        require(person.identity, Right.MODERATE)
        self._question, self._closes_at = message.question, now + OPEN_FOR
        self._votes.clear()
        return Decision(effects=[self.context.to_all("poll", {"question": message.question})])

    def _vote(self, person: Participant, message: PollVote, now: float) -> Decision:
        if self._question is None:
            raise StateError("no_poll", "There is no poll.")
        self._votes[person.id] = message.choice
        self.context.changes.updated(person, now)
        self.context.changes.totals_changed(now)
        return Decision({"votes": len(self._votes)})

    messages = (on("poll-open", PollOpen, _open, to_many=True), on("poll-vote", PollVote, _vote))

    def welcome(self, person: Participant) -> dict[str, object]:
        return {"poll": self._question}

    def describe(self, person: Participant) -> dict[str, object]:
        return {"voted": person.id in self._votes}

    def totals(self) -> dict[str, int]:
        return {"votes": len(self._votes)}

    def left(self, person: Participant, now: float) -> list[Effect]:
        self._votes.pop(person.id, None)
        return []

    def ended(self) -> None:
        self._question, self._closes_at = None, None
        self._votes.clear()

    def next_deadline(self) -> float | None:
        return self._closes_at

    def handle_timers(self, now: float) -> list[Effect]:
        if self._closes_at is None or self._closes_at > now:
            return []
        votes = sorted(self._votes.values())
        self.ended()
        return [self.context.to_all("poll-result", {"votes": votes})]

    def snapshot(self) -> object:
        return {"question": self._question, "votes": self._votes, "closesAt": self._closes_at}

    def restore(self, data: Any, shift: float) -> None:
        self._question, self._votes = data["question"], dict(data["votes"])
        self._closes_at = None if data["closesAt"] is None else data["closesAt"] + shift


WITH_POLL = FeatureSet(*FEATURES.kinds, Poll)


def class_with_poll() -> ClassRig:
    return ClassRig(features=WITH_POLL)


def test_a_joiner_is_told_and_voters_are_shown_in_records_and_totals() -> None:
    rig = class_with_poll()
    teacher, ravi = rig.teacher(), rig.join("ravi")
    rig.say(teacher, "poll-open", question="Clear?")
    assert rig.got("ravi", "poll") == [{"question": "Clear?"}]
    assert rig.say(ravi, "poll-vote", choice=1).ack == {"votes": 1}
    ack = rig.join("late").ack
    assert ack["poll"] == "Clear?"
    assert ack["totals"] == {"participants": 3, "hands": 0, "votes": 1}
    voted = [person["name"] for person in ack["participants"] if person["voted"]]  # type: ignore[attr-defined]
    assert voted == ["Ravi"]


def test_its_refusals_are_those_of_every_message() -> None:
    rig = class_with_poll()
    rig.teacher()
    ravi = rig.join("ravi")
    with pytest.raises(ForbiddenError):
        rig.say(ravi, "poll-open", question="Me?")
    with pytest.raises(StateError, match="no_poll"):
        rig.say(ravi, "poll-vote", choice=1)


def test_a_leaver_is_cleared_and_the_deadline_closes_it() -> None:
    rig = class_with_poll()
    teacher, ravi, mina = rig.teacher(), rig.join("ravi"), rig.join("mina")
    rig.say(teacher, "poll-open", question="Clear?")
    rig.say(ravi, "poll-vote", choice=1)
    rig.say(mina, "poll-vote", choice=2)
    rig.say(ravi, "video-leave")
    rig.advance(OPEN_FOR)
    assert rig.got("teacher", "poll-result") == [{"votes": [2]}]
    rig.forget()
    rig.advance(OPEN_FOR)
    assert rig.got("teacher", "poll-result") == []


def test_the_end_of_the_lesson_ends_it() -> None:
    rig = class_with_poll()
    teacher = rig.teacher()
    rig.say(teacher, "poll-open", question="Clear?")
    rig.say(teacher, "class-end", classId="demo")
    rig.forget()
    rig.advance(OPEN_FOR)
    assert rig.effects == []
    assert rig.teacher().ack["poll"] is None


def test_a_class_without_it_does_not_know_its_messages() -> None:
    rig = ClassRig()
    with pytest.raises(MessageError, match="unknown_event"):
        rig.say(rig.teacher(), "poll-open", question="Clear?")


def test_messages_that_make_copies_for_everyone_are_known_to_the_budget() -> None:
    assert WITH_POLL.to_many - FEATURES.to_many == {"poll-open"}
    assert FEATURES.to_many == {"chat-message", "reaction", "media-state"}


def test_two_features_cannot_have_one_event_or_one_name() -> None:
    class Poll2(Poll):
        name = "poll-2"

    with pytest.raises(ValueError, match="another feature"):
        FeatureSet(Poll, Poll2)
    with pytest.raises(ValueError, match="same name"):
        FeatureSet(Hands, Hands)

    class Core(Feature):
        name = "core"
        messages = (on("layout", PollVote, Poll._vote),)

    with pytest.raises(ValueError, match="another feature"):
        FeatureSet(Chat, Core)
