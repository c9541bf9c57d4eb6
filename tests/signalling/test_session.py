"""For whom a socket speaks."""

import pytest

from sfu.errors import StateError
from signalling.session import MAX_REFUSALS, Session
from tests.support.class_rig import ClassRig


def test_socket_speaks_for_nobody_before_the_join() -> None:
    rig = ClassRig()
    session = Session("s", rig.join("ravi").person.identity)
    with pytest.raises(StateError, match="not_joined"):
        session.present()


def test_socket_speaks_for_its_participant_until_it_is_replaced() -> None:
    rig = ClassRig()
    ravi = rig.join("ravi", socket="phone")
    session = Session("phone", ravi.person.identity)
    session.bind(rig.room, ravi.person)
    assert session.present() == (rig.room, ravi.person)
    rig.join("ravi", socket="laptop")
    with pytest.raises(StateError, match="replaced"):
        session.present()


@pytest.mark.parametrize("resumable", [True, False])
def test_socket_speaks_for_nobody_after_leaving(resumable: bool) -> None:
    rig = ClassRig()
    ravi = rig.join("ravi")
    session = Session("ravi", ravi.person.identity)
    session.bind(rig.room, ravi.person)
    rig.say(ravi, "video-leave", resumable=resumable)
    with pytest.raises(StateError, match="not_joined"):
        session.present()


def test_refusals_are_enough_once() -> None:
    session = Session("s", ClassRig().join("ravi").person.identity)
    assert [session.refuse() for _ in range(MAX_REFUSALS + 2)].index(True) == MAX_REFUSALS - 1
    assert not session.refuse()
