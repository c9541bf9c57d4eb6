"""The rig itself: the same seed gives the same class, and broken rules stop a test."""

import hashlib
from dataclasses import dataclass, replace

import pytest

from sfu.fanout.outbox import Send
from tests.support.netem import BurstLoss, Conditions
from tests.support.rig import MTU, Address, Rig
from tests.support.room import STUDENT, TEACHER, Room, assert_consecutive, pictures
from tests.support.stun_client import SUCCESS_TYPE

PEER: Address = ("198.51.100.9", 9)
BAD = Conditions(delay=0.02, jitter=0.01, burst=BurstLoss(0.01, 0.3), reorder=0.02, duplicate=0.01)


@dataclass(slots=True)
class Script:
    """A worker that does what it is told to."""

    deadline: float | None = None

    def receive(self, data: bytes, address: Address, now: float) -> None: ...
    def flush(self, now: float) -> None: ...
    def handle_timers(self, now: float) -> None: ...

    def next_deadline(self) -> float | None:
        return self.deadline

    def deliver_events(self) -> None: ...


def scripted(*sends: Send, deadline: float | None = None) -> Rig:
    """A rig whose worker has sent this."""
    rig = Rig()
    rig.worker = Script(deadline)  # type: ignore[assignment]
    rig.collected.extend(sends)
    return rig


def transmissions(seed: int) -> tuple[int, str]:
    """Everything the worker sent in three seconds of a class over bad links."""
    room = Room(seed=seed)
    digest, count = hashlib.sha256(), 0

    def note(address: Address, data: bytes, now: float) -> None:
        nonlocal count
        count += 1
        digest.update(f"{now} {address}".encode() + data)

    room.rig.taps.append(note)
    teacher = room.add(replace(TEACHER, up=BAD))
    students = [room.add(replace(STUDENT, down=BAD), f"student-{n}") for n in range(2)]
    room.join(teacher, *students)
    for student in students:
        room.watch(student, ["teacher"])
    room.run(3)
    return count, digest.hexdigest()


def test_the_same_seed_gives_the_same_class_to_the_last_byte() -> None:
    assert transmissions(5) == transmissions(5)
    assert transmissions(5) != transmissions(6)


def test_time_stands_still_without_events_and_ends_where_it_was_told() -> None:
    rig = scripted()
    rig.run(12.5)
    assert rig.now == rig.started + 12.5


def test_media_to_an_address_that_was_never_validated_stops_the_test() -> None:
    rig = scripted((PEER, [b"\x80" + bytes(40)]))
    with pytest.raises(AssertionError, match="never validated"):
        rig.drain()


def test_an_unasked_or_too_large_stun_answer_stops_the_test() -> None:
    answer = SUCCESS_TYPE + bytes(30)
    rig = scripted((PEER, [answer]))
    with pytest.raises(AssertionError, match="answers nothing"):
        rig.drain()
    rig = scripted((PEER, [answer]))
    with pytest.raises(AssertionError, match="32 bytes to a request of 28"):
        rig.inject(PEER, bytes(28))


def test_media_after_a_success_is_in_order() -> None:
    rig = scripted((PEER, [SUCCESS_TYPE + bytes(18)]), (PEER, [b"\x80" + bytes(40)]))
    rig.inject(PEER, bytes(20))
    assert [address for address, _ in rig.stray] == [PEER, PEER]


def test_a_datagram_larger_than_the_path_stops_the_test() -> None:
    rig = scripted((PEER, [bytes(MTU + 1)]))
    with pytest.raises(AssertionError, match=f"datagram of {MTU + 1} bytes"):
        rig.drain()


def test_a_number_that_protects_two_packets_stops_the_test() -> None:
    first, second = (b"\x80\x60\x00\x01" + bytes(4) + b"ssrc" + bytes([n] * 30) for n in (1, 2))
    valid = (PEER, [SUCCESS_TYPE + bytes(18)])
    rig = scripted(valid, (PEER, [first, first]))
    rig.inject(PEER, bytes(20))
    rig.collected.append((PEER, [second]))
    with pytest.raises(AssertionError, match="two packets under number"):
        rig.drain()


def test_a_timer_that_never_moves_on_stops_the_test() -> None:
    rig = scripted(deadline=1.0)
    with pytest.raises(AssertionError, match="without time passing"):
        rig.run(1)


def test_a_handful_of_peers_meets_in_a_class() -> None:
    room = Room()
    teacher, student = room.add(TEACHER), room.add(STUDENT)
    room.join(teacher, student)
    assert room.rig.now - room.rig.started < 0.2
    room.watch(student, ["teacher"])
    room.run(1)
    assert_consecutive(pictures(student), least=20)
