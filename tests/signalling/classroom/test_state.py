"""A class's life: who comes, who goes, when it begins and ends. In virtual time."""

import pytest

from common.errors import CapacityError, LiveclassError
from common.roles import Role
from signalling.classroom.effects import CloseClass, CloseMedia, Disconnect, OpenClass
from signalling.classroom.permissions import Right
from signalling.classroom.roster import GRACE
from signalling.classroom.state import KEPT_EMPTY, LessonState
from tests.support.class_rig import WALL_OFFSET, ClassRig


def test_welcome_holds_all_a_page_needs() -> None:
    rig = ClassRig()
    ack = rig.teacher().ack
    assert ack["slots"] == {"audio": 4, "video": 10}
    assert ack["iceServers"] == []
    assert ack["serverTime"] == int((100.0 + WALL_OFFSET) * 1000)
    assert ack["totals"] == {"participants": 1, "hands": 0}
    assert ack["resumed"] is False
    you = ack["self"]
    assert isinstance(you, dict)
    assert you["name"] == "Teacher"
    assert you["can"] == {"publish": True, "screen": True, "chat": True, "moderate": True}
    assert you["media"] == {"microphone": False, "camera": False, "screen": False}
    assert you["connection"] == "connected"


def test_student_before_the_teacher_waits_and_hears_of_the_start() -> None:
    rig = ClassRig()
    student = rig.join("ravi")
    assert student.ack["class"] == {
        "id": "demo",
        "title": "Demo class",
        "state": "waiting",
        "started": False,
        "startedAt": None,
        "locked": False,
    }
    assert rig.effects == []
    rig.teacher()
    (started,) = rig.got("ravi", "liveclass-started")
    assert started["classId"] == "demo"
    assert started["url"] == "/class/demo"
    assert any(isinstance(effect, OpenClass) for effect in rig.effects)


def test_assistant_does_not_begin_a_class_by_joining() -> None:
    rig = ClassRig()
    rig.join("mina", Role.ASSISTANT)
    assert rig.classroom.state is LessonState.WAITING


def test_second_teacher_does_not_begin_the_class_again() -> None:
    rig = ClassRig()
    rig.teacher()
    rig.forget()
    rig.teacher("other")
    assert rig.got("teacher", "liveclass-started") == []


def test_others_hear_of_a_join_within_the_gathering_time() -> None:
    rig = ClassRig()
    rig.teacher()
    ravi = rig.join("ravi")
    rig.advance(0.1)
    assert rig.told("teacher", "participant-joined") == [ravi.id]
    assert rig.told("ravi", "participant-joined") == []


def test_lost_socket_is_told_and_the_person_leaves_after_the_grace_period() -> None:
    rig = ClassRig()
    rig.teacher()
    ravi = rig.join("ravi")
    rig.advance(1)
    rig.lose(ravi)
    rig.advance(0.2)
    (update,) = rig.got("teacher", "participant-updated")
    assert update["participants"][0]["connection"] == "lost"  # type: ignore[index]
    rig.advance(GRACE - 1)
    assert rig.told("teacher", "participant-left") == []
    rig.advance(1)
    assert rig.told("teacher", "participant-left") == [ravi.id]


def test_resume_within_the_grace_period_is_the_same_participant_with_media_untouched() -> None:
    rig = ClassRig()
    rig.teacher()
    ravi = rig.join("ravi")
    rig.say(ravi, "video-offer", sdp="offer")
    rig.say(ravi, "hand", raised=True)
    rig.lose(ravi)
    rig.advance(GRACE - 1)
    again = rig.join("ravi", socket="ravi-2", resume=str(ravi.ack["resume"]))
    assert again.person is ravi.person
    assert again.ack["resumed"] is True
    assert again.ack["self"]["hand"] is True  # type: ignore[index]
    rig.advance(2 * GRACE)
    assert rig.classroom.roster.get(ravi.id) is ravi.person
    assert not any(isinstance(effect, CloseMedia) for effect in rig.effects)


def test_a_lost_person_who_had_media_has_it_closed_after_the_grace_period() -> None:
    rig = ClassRig()
    rig.teacher()
    ravi = rig.join("ravi")
    rig.say(ravi, "video-offer", sdp="offer")
    rig.lose(ravi)
    rig.advance(GRACE)
    assert CloseMedia(ravi.id) in rig.effects


@pytest.mark.parametrize("resume", [None, "wrong"])
def test_same_user_without_the_right_token_is_the_same_participant_but_not_resumed(
    resume: str | None,
) -> None:
    rig = ClassRig()
    rig.teacher()
    ravi = rig.join("ravi")
    rig.say(ravi, "video-offer", sdp="offer")
    rig.lose(ravi)
    again = rig.join("ravi", socket="ravi-2", resume=resume)
    assert again.id == ravi.id
    assert again.ack["resumed"] is False


def test_second_login_replaces_the_first() -> None:
    rig = ClassRig()
    rig.teacher()
    first = rig.join("ravi", socket="phone")
    second = rig.join("ravi", socket="laptop")
    assert second.id == first.id
    assert rig.got("phone", "removed") == [{"reason": "replaced"}]
    assert Disconnect("phone") in rig.effects
    assert rig.got("laptop", "removed") == []
    rig.effects += rig.classroom.socket_lost(first.person, "phone", rig.now)
    assert first.person.connection == "connected", "the old socket's end is not the person's"


def test_joining_twice_on_one_socket_removes_nobody() -> None:
    rig = ClassRig()
    rig.join("ravi")
    rig.join("ravi")
    assert rig.got("ravi", "removed") == []
    assert Disconnect("ravi") not in rig.effects


def test_end_tells_everyone_disconnects_them_and_closes_the_media() -> None:
    rig = ClassRig()
    teacher = rig.teacher()
    rig.join("ravi")
    rig.say(teacher, "class-end", classId="demo")
    for socket in ("teacher", "ravi"):
        assert rig.events(socket)[-2:] == ["liveclass-ended", "removed"]
        assert Disconnect(socket) in rig.effects
    assert rig.got("ravi", "removed") == [{"reason": "ended"}]
    assert CloseClass("demo") in rig.effects
    assert len(rig.classroom.roster) == 0


def test_a_teachers_page_that_comes_back_does_not_begin_an_ended_class() -> None:
    rig = ClassRig()
    teacher = rig.teacher()
    rig.say(teacher, "class-end", classId="demo")
    rig.join("teacher", Role.TEACHER, resume=str(teacher.ack["resume"]))
    assert rig.classroom.state is LessonState.ENDED


def test_a_teacher_who_joins_an_ended_class_begins_it_with_an_empty_chat() -> None:
    rig = ClassRig()
    teacher = rig.teacher()
    rig.say(teacher, "chat-message", text="hello")
    rig.say(teacher, "class-end", classId="demo")
    late = rig.join("ravi")
    assert late.ack["class"]["state"] == "ended"  # type: ignore[index]
    teacher = rig.teacher()
    assert teacher.ack["class"]["state"] == "live"  # type: ignore[index]
    assert teacher.ack["chat"] == []
    assert len(rig.got("ravi", "liveclass-started")) == 1


def test_locked_class_refuses_new_students_but_not_staff_nor_those_who_come_back() -> None:
    rig = ClassRig()
    teacher = rig.teacher()
    ravi = rig.join("ravi")
    rig.say(teacher, "moderate", action="lock")
    rig.lose(ravi)
    assert rig.join("ravi", socket="again").id == ravi.id
    rig.join("mina", Role.ASSISTANT)
    with pytest.raises(LiveclassError, match="locked"):
        rig.join("late")


def test_full_class_refuses_students_but_not_staff() -> None:
    rig = ClassRig(capacity=2)
    rig.join("a")
    rig.join("b")
    with pytest.raises(CapacityError, match="class_full"):
        rig.join("c")
    rig.teacher()


def test_hidden_observer_sees_and_is_not_seen() -> None:
    rig = ClassRig()
    rig.teacher()
    observer = rig.join("inspector", Role.OBSERVER)
    assert observer.ack["totals"] == {"participants": 1, "hands": 0}
    ravi = rig.join("ravi")
    rig.advance(1)
    assert rig.told("teacher", "participant-joined") == [ravi.id]
    assert rig.told("inspector", "participant-joined") == [ravi.id]
    rig.lose(observer)
    rig.advance(GRACE + 1)
    assert rig.told("teacher", "participant-left") == []


def test_grants_change_what_a_person_can_do() -> None:
    rig = ClassRig()
    ack = rig.join("ravi", grants={Right.SCREEN: False, Right.MODERATE: True}).ack
    can = ack["self"]["can"]  # type: ignore[index]
    assert can == {"publish": True, "screen": False, "chat": True, "moderate": True}


def test_waiting_class_is_forgotten_when_empty_and_a_begun_one_is_kept_for_a_while() -> None:
    rig = ClassRig()
    ravi = rig.join("ravi")
    assert not rig.classroom.is_expired(rig.now)
    rig.say(ravi, "video-leave")
    assert rig.classroom.is_expired(rig.now)
    teacher = rig.teacher()
    rig.say(teacher, "video-leave")
    assert not rig.classroom.is_expired(rig.now + KEPT_EMPTY - 1)
    assert rig.classroom.is_expired(rig.now + KEPT_EMPTY)
