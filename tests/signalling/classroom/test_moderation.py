"""Actions of staff: their permissions, their targets and their effects."""

import pytest

from common.errors import LiveclassError
from common.roles import Role
from sfu.events import ProducerOpened
from signalling.classroom.effects import CloseMedia, Disconnect, SetSource
from signalling.errors import ForbiddenError, MessageError
from tests.support.class_rig import ClassRig


@pytest.mark.parametrize(("action", "source"), [("mute", "microphone"), ("stop-camera", "camera")])
def test_a_stopped_source_is_not_forwarded_and_its_owner_is_told(action: str, source: str) -> None:
    rig = ClassRig()
    teacher, ravi = rig.teacher(), rig.join("ravi")
    rig.say(ravi, "video-offer", sdp="offer")
    rig.say(ravi, "media-state", microphone=True, camera=True)
    rig.advance(1)
    rig.forget()
    rig.say(teacher, "moderate", action=action, participant=ravi.id)
    assert SetSource(ravi.id, source, False) in rig.effects
    assert rig.got("ravi", "moderated") == [{"action": action, "by": "Teacher"}]
    rig.advance(0.2)
    told = rig.got("teacher", "participant-updated")[-1]["participants"][0]  # type: ignore[index]
    assert told["media"][source] is False


def test_muted_person_stays_muted_when_publishing_anew_until_they_unmute() -> None:
    rig = ClassRig()
    teacher, ravi = rig.teacher(), rig.join("ravi")
    opened = ProducerOpened("demo", ravi.id, f"{ravi.id}:microphone", "microphone", "audio")
    rig.say(teacher, "moderate", action="mute", participant=ravi.id)
    assert rig.happens(opened) == [SetSource(ravi.id, "microphone", False)]
    rig.say(ravi, "media-state", microphone=True)
    assert rig.happens(opened) == []


def test_lowered_hand_is_told_to_its_owner_once() -> None:
    rig = ClassRig()
    teacher, ravi = rig.teacher(), rig.join("ravi")
    rig.say(ravi, "hand", raised=True)
    for _ in range(2):
        rig.say(teacher, "moderate", action="lower-hand", participant=ravi.id)
    assert rig.got("ravi", "moderated") == [{"action": "lower-hand", "by": "Teacher"}]
    assert rig.classroom.view.totals()["hands"] == 0


def test_removed_person_is_told_disconnected_and_kept_out_until_the_class_ends() -> None:
    rig = ClassRig()
    teacher, ravi = rig.teacher(), rig.join("ravi")
    rig.say(ravi, "video-offer", sdp="offer")
    rig.say(teacher, "moderate", action="remove", participant=ravi.id)
    assert rig.got("ravi", "removed") == [{"reason": "removed"}]
    assert Disconnect("ravi") in rig.effects
    assert CloseMedia(ravi.id) in rig.effects
    with pytest.raises(LiveclassError, match="removed"):
        rig.join("ravi")
    rig.say(teacher, "class-end", classId="demo")
    rig.join("ravi")


def test_lock_is_told_once_to_all() -> None:
    rig = ClassRig()
    teacher = rig.teacher()
    rig.join("ravi")
    for _ in range(2):
        rig.say(teacher, "moderate", action="lock")
    (told,) = rig.got("ravi", "class-updated")
    assert told["locked"] is True
    rig.say(teacher, "moderate", action="unlock")
    assert rig.got("ravi", "class-updated")[-1]["locked"] is False


def test_end_by_moderation_ends_the_class() -> None:
    rig = ClassRig()
    rig.say(rig.teacher(), "moderate", action="end")
    assert len(rig.got("teacher", "liveclass-ended")) == 1


def test_students_may_not_moderate() -> None:
    rig = ClassRig()
    teacher, ravi = rig.teacher(), rig.join("ravi")
    with pytest.raises(ForbiddenError):
        rig.say(ravi, "moderate", action="mute", participant=teacher.id)
    with pytest.raises(ForbiddenError):
        rig.say(ravi, "moderate", action="end")


def test_assistants_moderate_students_but_not_teachers() -> None:
    rig = ClassRig()
    teacher, ravi, mina = rig.teacher(), rig.join("ravi"), rig.join("mina", Role.ASSISTANT)
    rig.say(mina, "moderate", action="mute", participant=ravi.id)
    with pytest.raises(ForbiddenError):
        rig.say(mina, "moderate", action="remove", participant=teacher.id)


@pytest.mark.parametrize("participant", [None, "gone"])
def test_action_on_a_person_needs_one_who_is_there(participant: str | None) -> None:
    rig = ClassRig()
    with pytest.raises(MessageError):
        rig.say(rig.teacher(), "moderate", action="mute", participant=participant)
