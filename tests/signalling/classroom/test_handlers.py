"""The decision about each message that every class understands."""

import pytest

from common.errors import LiveclassError, StateError
from common.roles import Role
from signalling.classroom.effects import CloseMedia, Negotiate, SetLayout, SetSource
from signalling.errors import ForbiddenError
from tests.support.class_rig import ClassRig


def test_offer_before_the_class_begins_is_refused() -> None:
    rig = ClassRig()
    with pytest.raises(StateError, match="class_not_started"):
        rig.say(rig.join("ravi"), "video-offer", sdp="offer")


def test_first_offer_opens_a_transport_and_the_next_one_uses_it() -> None:
    rig = ClassRig()
    teacher = rig.teacher()
    first = rig.say(teacher, "video-offer", sdp="one").effects
    second = rig.say(teacher, "video-offer", sdp="two", iceRestart=True).effects
    assert first == [Negotiate("demo", teacher.id, "teacher", "one", True, True)]
    assert second == [Negotiate("demo", teacher.id, "teacher", "two", False, True)]


def test_only_the_teacher_is_pinned() -> None:
    rig = ClassRig()
    rig.teacher()
    (negotiate,) = rig.say(rig.join("ravi"), "video-offer", sdp="one").effects
    assert isinstance(negotiate, Negotiate)
    assert not negotiate.pinned


def test_leave_is_told_and_closes_media() -> None:
    rig = ClassRig()
    rig.teacher()
    ravi = rig.join("ravi")
    rig.say(ravi, "video-offer", sdp="offer")
    rig.advance(1)
    assert rig.say(ravi, "video-leave").effects == [CloseMedia(ravi.id)]
    rig.advance(0.2)
    assert rig.told("teacher", "participant-left") == [ravi.id]


def test_page_that_goes_away_is_told_as_lost_at_once_and_keeps_its_media() -> None:
    rig = ClassRig()
    rig.teacher()
    ravi = rig.join("ravi")
    rig.say(ravi, "video-offer", sdp="offer")
    rig.advance(1)
    assert rig.say(ravi, "video-leave", resumable=True).effects == []
    rig.advance(0.2)
    update = rig.got("teacher", "participant-updated")[-1]
    assert update["participants"][0]["connection"] == "lost"  # type: ignore[index]
    assert rig.told("teacher", "participant-left") == []


def test_media_state_is_told_and_stops_forwarding() -> None:
    rig = ClassRig()
    rig.teacher()
    ravi = rig.join("ravi")
    assert rig.say(ravi, "media-state", microphone=True).effects == []
    rig.say(ravi, "video-offer", sdp="offer")
    assert rig.say(ravi, "media-state", microphone=False, camera=True).effects == [
        SetSource(ravi.id, "microphone", False),
        SetSource(ravi.id, "camera", True),
    ]
    rig.advance(0.2)
    (update,) = rig.got("ravi", "participant-updated")
    assert update["participants"][0]["media"] == {  # type: ignore[index]
        "microphone": False,
        "camera": True,
        "screen": False,
    }


def test_screen_takes_its_sound_with_it() -> None:
    rig = ClassRig()
    teacher = rig.teacher()
    rig.say(teacher, "video-offer", sdp="offer")
    assert rig.say(teacher, "media-state", screen=False).effects == [
        SetSource(teacher.id, "screen", False),
        SetSource(teacher.id, "screen-audio", False),
    ]


def test_parent_may_not_publish_or_write_but_may_raise_a_hand() -> None:
    rig = ClassRig()
    parent = rig.join("maya", Role.PARENT)
    for event, payload in (
        ("media-state", {"camera": True}),
        ("media-state", {"screen": True}),
        ("chat-message", {"text": "hello"}),
        ("class-start", {"classId": "demo"}),
        ("announce", {"text": "hello"}),
    ):
        with pytest.raises(ForbiddenError):
            rig.say(parent, event, **payload)
    rig.say(parent, "media-state", camera=False)
    rig.say(parent, "hand", raised=True)


def test_layout_needs_media() -> None:
    rig = ClassRig()
    teacher = rig.teacher()
    slots = [{"mid": "4", "want": "page", "producer": "abc:camera", "maxHeight": 180}]
    with pytest.raises(StateError, match="no_media"):
        rig.say(teacher, "layout", slots=slots)
    rig.say(teacher, "video-offer", sdp="offer")
    (effect,) = rig.say(teacher, "layout", slots=slots).effects
    assert isinstance(effect, SetLayout)
    assert (effect.slots[0].producer, effect.slots[0].max_height) == ("abc:camera", 180)


def test_class_start_by_staff_begins_the_class() -> None:
    rig = ClassRig()
    mina = rig.join("mina", Role.ASSISTANT)
    rig.say(mina, "class-start", classId="demo")
    assert len(rig.got("mina", "liveclass-started")) == 1
    rig.say(mina, "class-start", classId="demo")
    assert len(rig.got("mina", "liveclass-started")) == 1


def test_class_messages_for_another_class_are_refused() -> None:
    rig = ClassRig()
    teacher = rig.teacher()
    for event in ("class-start", "class-end"):
        with pytest.raises(LiveclassError, match="wrong_class"):
            rig.say(teacher, event, classId="other")


@pytest.mark.parametrize(
    ("audience", "readers"),
    [
        ("all", {"teacher", "mina", "ravi"}),
        ("students", {"teacher", "ravi"}),
        ("teachers", {"teacher", "mina"}),
    ],
)
def test_announcement_reaches_its_audience_and_its_author(audience: str, readers: set[str]) -> None:
    rig = ClassRig()
    teacher = rig.teacher()
    rig.join("mina", Role.ASSISTANT)
    rig.join("ravi")
    ack = rig.say(teacher, "announce", text="Break", audience=audience).ack
    got = {s for s in ("teacher", "mina", "ravi") if rig.got(s, "new-announcement")}
    assert got == readers
    assert rig.got("teacher", "new-announcement")[0]["id"] == ack["id"]


def test_candidates_are_accepted_and_change_nothing() -> None:
    rig = ClassRig()
    teacher = rig.teacher()
    rig.forget()
    assert rig.say(teacher, "video-ice", candidate=None).effects == []
    assert rig.say(teacher, "video-ice", candidate={"candidate": "x", "sdpMLineIndex": 0}).ack == {}
