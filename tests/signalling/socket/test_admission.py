"""Admission of sockets, how many one person may have, and the participant each speaks for."""

import pytest

from common.errors import LiveclassError, StateError
from common.roles import Role
from signalling.classroom.permissions import Identity
from signalling.socket.admission import (
    SOCKETS_PER_PERSON,
    STAFF_RESERVE,
    SUSPENDED,
    Session,
    SocketAdmission,
)
from signalling.socket.clients import Budget, Client
from tests.support.class_rig import ClassRig
from tests.support.sio_client import NOW, SECRET, token_for


def admit(
    admission: SocketAdmission, socket: str, user: str, role: Role = Role.STUDENT, now: float = 0.0
) -> None:
    admission.admit(socket, token_for(user, role), now, NOW)


def refused(
    admission: SocketAdmission, user: str, role: Role = Role.STUDENT, now: float = 0.0
) -> str:
    with pytest.raises(LiveclassError) as caught:
        admit(admission, "new", user, role, now)
    return caught.value.code


def test_a_place_in_twenty_is_kept_for_staff() -> None:
    admission = SocketAdmission(SECRET, 100)
    for number in range(100 - 100 // STAFF_RESERVE):
        admit(admission, f"s{number}", f"student-{number}")
    assert refused(admission, "late") == "server_full"
    for number in range(100 // STAFF_RESERVE):
        admit(admission, f"t{number}", f"teacher-{number}", Role.TEACHER)
    assert refused(admission, "asha", Role.TEACHER) == "server_full"
    admission.leave("s0", 1.0)
    admit(admission, "t", "asha", Role.TEACHER)


def test_the_fifth_socket_of_a_person_takes_the_place_of_the_oldest_that_is_not_bound() -> None:
    rig, admission = ClassRig(), SocketAdmission(SECRET, 100)
    for number in range(SOCKETS_PER_PERSON):
        session = admission.admit(f"s{number}", token_for("ravi"), 0.0, NOW)
        assert admission.surplus(session) is None
    ravi = rig.join("ravi", socket="s0")
    admission.sessions["s0"].bind(rig.classroom, ravi.person)
    fifth = admission.admit("s4", token_for("ravi"), 0.0, NOW)
    assert admission.surplus(fifth) == "s1"
    admission.leave("s1", 0.0)
    assert admission.surplus(fifth) is None
    other = admission.admit("m", token_for("mina"), 0.0, NOW)
    assert admission.surplus(other) is None


def test_a_person_who_flooded_is_not_admitted_for_a_while() -> None:
    admission = SocketAdmission(SECRET, 100)
    for socket in "ab":
        admit(admission, socket, "ravi")
    assert admission.suspend(admission.sessions["a"].client.key, 10.0) == ["a", "b"]
    for socket in "ab":
        assert admission.leave(socket, 10.0) is not None
    assert admission.leave("a", 10.0) is None
    assert refused(admission, "ravi", now=10.0 + SUSPENDED - 1) == "flooding"
    admit(admission, "c", "ravi", now=10.0 + SUSPENDED)
    admit(admission, "d", "mina", now=11.0)


def test_a_stopping_server_admits_no_socket() -> None:
    admission = SocketAdmission(SECRET, 100)
    admission.is_draining = True
    assert refused(admission, "asha", Role.TEACHER) == "draining"


def session_of(socket: str, identity: Identity) -> Session:
    return Session(socket, identity, Client((identity.class_id, identity.user_id), Budget(0.0)))


def test_socket_speaks_for_no_participant_before_the_join() -> None:
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
def test_socket_speaks_for_no_participant_after_leaving(resumable: bool) -> None:
    rig = ClassRig()
    ravi = rig.join("ravi")
    session = session_of("ravi", ravi.person.identity)
    session.bind(rig.classroom, ravi.person)
    rig.say(ravi, "video-leave", resumable=resumable)
    with pytest.raises(StateError, match="not_joined"):
        session.present()
