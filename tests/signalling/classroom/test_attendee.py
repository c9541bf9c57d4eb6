"""Participants that have no socket from the start: a recorder, a phone, the server itself."""

import pytest

from common.errors import LiveclassError, StateError
from common.roles import Role
from signalling.classroom.effects import Disconnect
from signalling.classroom.roster import GRACE
from signalling.classroom.state import KEPT_EMPTY
from tests.support.class_rig import ClassRig


def test_others_see_it_as_connected_and_the_grace_period_does_not_apply() -> None:
    rig = ClassRig()
    rig.teacher()
    phone = rig.attend("phone")
    assert phone.ack["self"]["connection"] == "connected"  # type: ignore[index]
    rig.advance(3 * GRACE)
    assert rig.told("teacher", "participant-joined") == [phone.id]
    assert rig.told("teacher", "participant-left") == []
    late = rig.join("late").ack["participants"]
    seen = {one["id"]: one["connection"] for one in late}  # type: ignore[attr-defined]
    assert seen[phone.id] == "connected"


def test_its_messages_are_decided_like_all_others_and_it_leaves_when_it_says_so() -> None:
    rig = ClassRig()
    rig.teacher()
    phone = rig.attend("phone")
    rig.say(phone, "hand", raised=True)
    rig.say(phone, "media-state", microphone=True)
    rig.advance(0.2)
    assert rig.got("teacher", "hands")[-1]["hands"]
    rig.say(phone, "video-leave", resumable=True)
    rig.advance(0.2)
    assert rig.told("teacher", "participant-left") == [phone.id]


def test_nothing_is_sent_to_it_and_its_offer_is_refused() -> None:
    rig = ClassRig()
    teacher, phone = rig.teacher(), rig.attend("phone")
    with pytest.raises(StateError, match="not_joined"):
        rig.say(phone, "video-offer", sdp="offer")
    rig.say(teacher, "chat-message", text="psst", to=phone.id)
    rig.say(teacher, "moderate", action="mute", participant=phone.id)
    rig.advance(1)
    assert rig.got("teacher", "chat-message")
    rig.say(teacher, "moderate", action="remove", participant=phone.id)
    assert not [effect for effect in rig.effects if isinstance(effect, Disconnect)]
    with pytest.raises(LiveclassError, match="removed"):
        rig.attend("phone")


def test_a_hidden_one_is_not_seen() -> None:
    rig = ClassRig()
    rig.teacher()
    rig.attend("recorder", Role.OBSERVER)
    rig.advance(1)
    assert rig.told("teacher", "participant-joined") == []


def test_a_page_of_the_same_person_takes_over_and_gets_a_grace_period() -> None:
    rig = ClassRig()
    rig.teacher()
    phone = rig.attend("ravi")
    page = rig.join("ravi")
    assert page.id == phone.id
    rig.lose(page)
    rig.advance(GRACE + 1)
    assert rig.told("teacher", "participant-left") == [page.id]


def test_it_takes_over_from_the_page_of_the_same_person() -> None:
    rig = ClassRig()
    page = rig.join("ravi")
    rig.lose(page)
    rig.attend("ravi")
    rig.advance(2 * GRACE)
    assert rig.classroom.roster.get(page.id) is page.person


def test_the_class_is_kept_while_it_is_there() -> None:
    rig = ClassRig()
    phone = rig.attend("phone")
    assert not rig.classroom.is_expired(rig.now + KEPT_EMPTY)
    rig.say(phone, "video-leave")
    assert rig.classroom.is_expired(rig.now)
