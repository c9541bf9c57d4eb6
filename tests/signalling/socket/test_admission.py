"""Who is let in, and how many of one person."""

import pytest

from common.errors import LiveclassError
from common.roles import Role
from signalling.socket.admission import BARRED, SOCKETS_PER_PERSON, STAFF_RESERVE, Door
from tests.support.class_rig import ClassRig
from tests.support.sio_client import NOW, SECRET, token_for


def enter(door: Door, socket: str, user: str, role: Role = Role.STUDENT, now: float = 0.0) -> None:
    door.enter(socket, token_for(user, role), now, NOW)


def refused(door: Door, user: str, role: Role = Role.STUDENT, now: float = 0.0) -> str:
    with pytest.raises(LiveclassError) as caught:
        enter(door, "new", user, role, now)
    return caught.value.code


def test_a_place_in_twenty_is_kept_for_staff() -> None:
    door = Door(SECRET, 100)
    for number in range(100 - 100 // STAFF_RESERVE):
        enter(door, f"s{number}", f"student-{number}")
    assert refused(door, "late") == "server_full"
    for number in range(100 // STAFF_RESERVE):
        enter(door, f"t{number}", f"teacher-{number}", Role.TEACHER)
    assert refused(door, "asha", Role.TEACHER) == "server_full"
    door.leave("s0", 1.0)
    enter(door, "t", "asha", Role.TEACHER)


def test_the_fifth_socket_of_a_person_takes_the_place_of_the_oldest_that_speaks_for_nobody() -> (
    None
):
    rig, door = ClassRig(), Door(SECRET, 100)
    for number in range(SOCKETS_PER_PERSON):
        session = door.enter(f"s{number}", token_for("ravi"), 0.0, NOW)
        assert door.surplus(session) is None
    ravi = rig.join("ravi", socket="s0")
    door.sessions["s0"].bind(rig.classroom, ravi.person)
    fifth = door.enter("s4", token_for("ravi"), 0.0, NOW)
    assert door.surplus(fifth) == "s1"
    door.leave("s1", 0.0)
    assert door.surplus(fifth) is None
    other = door.enter("m", token_for("mina"), 0.0, NOW)
    assert door.surplus(other) is None


def test_who_flooded_stays_out_for_a_while() -> None:
    door = Door(SECRET, 100)
    for socket in "ab":
        enter(door, socket, "ravi")
    assert door.bar(door.sessions["a"].caller.key, 10.0) == ["a", "b"]
    for socket in "ab":
        assert door.leave(socket, 10.0) is not None
    assert door.leave("a", 10.0) is None
    assert refused(door, "ravi", now=10.0 + BARRED - 1) == "flooding"
    enter(door, "c", "ravi", now=10.0 + BARRED)
    enter(door, "d", "mina", now=11.0)


def test_a_stopping_server_lets_nobody_in() -> None:
    door = Door(SECRET, 100)
    door.is_draining = True
    assert refused(door, "asha", Role.TEACHER) == "draining"
