"""A class that was restored from its snapshot goes on as if nothing had happened."""

import json
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import LiveclassError
from common.roles import Role
from sfu.events import (
    ActiveSpeakers,
    Event,
    ProducerOpened,
    QualityChanged,
    SlotsChanged,
    SlotState,
    TransportClosed,
    TransportConnected,
    TransportDisconnected,
)
from signalling.classroom.effects import Effect
from signalling.classroom.features.chat import Chat
from signalling.classroom.features.registry import FEATURES, FeatureSet
from signalling.classroom.roster import GRACE, Participant
from signalling.classroom.snapshot import SnapshotError
from signalling.classroom.state import Classroom
from tests.signalling.classroom.features.test_feature import WITH_POLL
from tests.support.class_rig import ClassRig, CountingRng

PEOPLE = {
    "asha": Role.TEACHER,
    "mina": Role.ASSISTANT,
    "ravi": Role.STUDENT,
    "tara": Role.STUDENT,
    "maya": Role.PARENT,
    "inspector": Role.OBSERVER,
}
Step = tuple[Any, ...]
Outcome = tuple[object, list[Effect]]

users = st.sampled_from(sorted(PEOPLE))
messages = st.one_of(
    st.just(("video-offer", {"sdp": "offer", "offer": 3})),
    st.booleans().map(lambda resumable: ("video-leave", {"resumable": resumable})),
    st.fixed_dictionaries(
        {}, optional={name: st.booleans() for name in ("microphone", "camera", "screen")}
    ).map(lambda state: ("media-state", state)),
    st.just(("layout", {"slots": [{"mid": "4", "want": "speaker"}]})),
    st.tuples(st.just("chat-message"), st.fixed_dictionaries({"text": st.just("hi"), "to": users})),
    st.sampled_from(["all", "teachers"]).map(lambda to: ("chat-message", {"text": "hi", "to": to})),
    st.booleans().map(lambda raised: ("hand", {"raised": raised})),
    st.just(("reaction", {"kind": "clap"})),
    st.just(("announce", {"text": "Break"})),
    st.sampled_from(["class-start", "class-end"]).map(lambda event: (event, {"classId": "demo"})),
    st.tuples(
        st.just("moderate"),
        st.fixed_dictionaries(
            {
                "action": st.sampled_from(["mute", "stop-camera", "lower-hand", "remove"]),
                "participant": users,
            }
        ),
    ),
    st.sampled_from(["lock", "unlock", "end"]).map(lambda what: ("moderate", {"action": what})),
    st.just(("poll-open", {"question": "Clear?"})),
    st.just(("poll-vote", {"choice": 1})),
)
media_events = st.sampled_from(
    ["closed", "connected", "disconnected", "opened", "speakers", "poor", "good", "slots"]
)
steps = st.one_of(
    st.tuples(st.just("join"), users, st.booleans()),
    st.tuples(st.just("join"), users, st.booleans()),
    st.tuples(st.just("attend"), users),
    st.tuples(st.just("lose"), users),
    st.tuples(st.just("say"), users, messages),
    st.tuples(st.just("say"), users, messages),
    st.tuples(st.just("media"), users, media_events),
    st.tuples(st.just("wait"), st.sampled_from([0.0625, 0.25, 1.0, 5.0, 29.0, 601.0])),
)


class Story:
    """A class in which steps are played by the names of users."""

    def __init__(self, rig: ClassRig) -> None:
        self.rig = rig

    def play(self, step: Step) -> Outcome:
        """One step: its acknowledgement or error, and all effects."""
        self.rig.forget()
        try:
            ack: object = getattr(self, f"_{step[0]}")(*step[1:])
        except LiveclassError as error:
            ack = error.code
        return ack, list(self.rig.effects)

    def _person(self, user: str) -> Participant | None:
        return self.rig.classroom.roster.of_user(user)

    def _id(self, user: str) -> str:
        person = self._person(user)
        return "gone" if person is None else person.id

    def _join(self, user: str, resumes: bool) -> object:
        person = self._person(user)
        resume = person.resume if resumes and person is not None else None
        socket = f"{user}-{self.rig.rng.drawn}"
        return self.rig.join(user, PEOPLE[user], socket=socket, resume=resume).ack

    def _attend(self, user: str) -> object:
        return self.rig.attend(user, PEOPLE[user]).ack

    def _lose(self, user: str) -> object:
        person = self._person(user)
        if person is not None and person.socket is not None:
            now = self.rig.now
            self.rig.effects += self.rig.classroom.socket_lost(person, person.socket, now)
        return None

    def _say(self, user: str, message: tuple[str, dict[str, object]]) -> object:
        event, payload = message
        person = self._person(user)
        if person is None:
            return None
        named = {
            key: self._id(value) if isinstance(value, str) and value in PEOPLE else value
            for key, value in payload.items()
        }
        return self.rig.say(person, event, **named).ack

    def _media(self, user: str, kind: str) -> object:
        id_ = self._id(user)
        slot = SlotState(id_, f"{id_}:camera", "video", 1)
        events: dict[str, Event] = {
            "closed": TransportClosed("demo", id_, "timeout"),
            "connected": TransportConnected("demo", id_),
            "disconnected": TransportDisconnected("demo", id_),
            "opened": ProducerOpened("demo", id_, f"{id_}:camera", "camera", "video"),
            "speakers": ActiveSpeakers("demo", (id_,), id_),
            "poor": QualityChanged("demo", id_, "poor", "good", "loss"),
            "good": QualityChanged("demo", id_, "good", "good", ""),
            "slots": SlotsChanged("demo", self._id("asha"), {"4": slot}),
        }
        self.rig.happens(events[kind])
        return None

    def _wait(self, seconds: float) -> object:
        self.rig.advance(seconds)
        return None


def restored(rig: ClassRig, shift: float = 0.0, features: FeatureSet | None = None) -> ClassRig:
    """The class as another process finds it, whose monotonic clock is `shift` ahead."""
    data = json.loads(json.dumps(rig.classroom.snapshot()))
    twin = ClassRig(features=features or rig.features)
    twin.now, twin.rng = rig.now + shift, CountingRng(rig.rng.drawn)
    known = rig.classroom.settings
    twin.classroom = Classroom.restore(
        data,
        replace(known, wall_offset=known.wall_offset - shift),
        rng=twin.rng,
        now=twin.now,
        features=twin.features,
    )
    return twin


def rounded(data: Any) -> Any:
    """Plain data with its times in whole microseconds: moving a clock there and back rounds."""
    if isinstance(data, float):
        return round(data, 6)
    if isinstance(data, dict):
        return {key: rounded(value) for key, value in data.items()}
    return [rounded(one) for one in data] if isinstance(data, list) else data


@settings(max_examples=200, deadline=None)
@given(
    st.lists(steps, max_size=40),
    st.lists(steps, max_size=20),
    st.sampled_from([0.0, 64.0, -4096.0]),
)
def test_a_restored_class_answers_and_acts_as_the_original(
    before: list[Step], after: list[Step], shift: float
) -> None:
    original = Story(ClassRig(features=WITH_POLL))
    for step in before:
        original.play(step)
    twin = Story(restored(original.rig, shift))
    for step in [*after, ("wait", 2 * GRACE)]:
        assert twin.play(step) == original.play(step)
    back = restored(twin.rig, -shift).classroom.snapshot()
    assert rounded(back) == rounded(original.rig.classroom.snapshot())


def test_a_page_comes_back_after_a_restart_as_the_participant_it_was() -> None:
    rig = ClassRig()
    rig.teacher()
    ravi = rig.join("ravi")
    rig.say(ravi, "video-offer", sdp="offer")
    rig.say(ravi, "hand", raised=True)
    twin = restored(rig, 1_000.0)
    for person in twin.classroom.roster.connected():  # their sockets ended with the old process
        assert person.socket is not None
        twin.classroom.socket_lost(person, person.socket, twin.now)
    twin.advance(GRACE - 1)
    again = twin.join("ravi", socket="new", resume=str(ravi.ack["resume"]))
    assert again.id == ravi.id
    assert again.ack["resumed"] is True
    assert again.ack["self"]["hand"] is True  # type: ignore[index]


def test_hands_keep_their_order() -> None:
    rig = ClassRig()
    people = [rig.join(name) for name in "abcd"]
    order = [people[2], people[0], people[3], people[1]]
    for one in order:
        rig.say(one, "hand", raised=True)
    hands = restored(rig).join("late").ack["hands"]
    assert [hand["participant"] for hand in hands] == [one.id for one in order]  # type: ignore[attr-defined]


def test_a_snapshot_shares_nothing_with_the_class() -> None:
    rig = ClassRig()
    ravi = rig.join("ravi")
    snapshot = rig.classroom.snapshot()
    text = json.dumps(snapshot)
    rig.say(ravi, "chat-message", text="hi")
    rig.say(ravi, "hand", raised=True)
    rig.join("mina")
    assert json.dumps(snapshot) == text


def test_features_may_come_and_go_between_two_versions() -> None:
    rig = ClassRig(features=WITH_POLL)
    teacher = rig.teacher()
    rig.say(teacher, "chat-message", text="hi")
    rig.say(teacher, "poll-open", question="Clear?")
    without = restored(rig, features=FEATURES)
    assert len(without.join("late").ack["chat"]) == 1  # type: ignore[arg-type]
    again = restored(without, features=WITH_POLL)
    assert again.join("later").ack["poll"] is None
    assert again.classroom.features.get(Chat).readable_by(teacher.person)


def test_other_versions_classes_and_odd_data_are_refused() -> None:
    rig = ClassRig()
    data = rig.classroom.snapshot()
    about = rig.classroom.settings
    bad: list[object] = [None, {}, {**data, "version": 2}, {**data, "roster": 1}]
    bad.append({**data, "class_id": "other"})
    for one in bad:
        with pytest.raises(SnapshotError):
            Classroom.restore(one, about, rng=CountingRng(), now=0.0)
    assert asdict(about)["class_id"] == data["class_id"]
