"""For whom a socket speaks."""

import pytest

from common.errors import StateError
from signalling.classroom.permissions import Identity
from signalling.socket.budgets import Budget
from signalling.socket.callers import Caller
from signalling.socket.session import Session
from tests.support.class_rig import ClassRig


def session_of(socket: str, identity: Identity) -> Session:
    return Session(socket, identity, Caller((identity.class_id, identity.user_id), Budget(0.0)))


def test_socket_speaks_for_nobody_before_the_join() -> None:
    rig = ClassRig()
    session = session_of("s", rig.join("ravi").person.identity)
    with pytest.raises(StateError, match="not_joined"):
        session.present()


def test_socket_speaks_for_its_participant_until_it_is_replaced() -> None:
    rig = ClassRig()
    ravi = rig.join("ravi", socket="phone")
    session = session_of("phone", ravi.person.identity)
    session.bind(rig.classroom, ravi.person)
    assert session.present() == (rig.classroom, ravi.person)
    assert session.is_bound
    rig.join("ravi", socket="laptop")
    with pytest.raises(StateError, match="replaced"):
        session.present()
    assert not session.is_bound


@pytest.mark.parametrize("resumable", [True, False])
def test_socket_speaks_for_nobody_after_leaving(resumable: bool) -> None:
    rig = ClassRig()
    ravi = rig.join("ravi")
    session = session_of("ravi", ravi.person.identity)
    session.bind(rig.classroom, ravi.person)
    rig.say(ravi, "video-leave", resumable=resumable)
    with pytest.raises(StateError, match="not_joined"):
        session.present()
