"""Lossy paths: what is lost is asked for again, on either side, and nobody sees a hole."""

from dataclasses import dataclass, replace

import pytest

from sfu.srtp.keys import SrtpProfile
from tests.support.netem import BurstLoss, Conditions
from tests.support.peers import Peer
from tests.support.rig import GOOD
from tests.support.room import (
    STUDENT,
    TEACHER,
    Room,
    assert_consecutive,
    assert_unbroken,
    pictures,
    runs,
)

BURSTS = Conditions(delay=0.03, burst=BurstLoss(enter=0.01, leave=0.3))
SCATTERED = Conditions(delay=0.03, jitter=0.01, loss=0.05)
DISORDER = Conditions(delay=0.03, jitter=0.01, reorder=0.1, duplicate=0.05)
EVERYTHING = Conditions(
    delay=0.03,
    jitter=0.02,
    loss=0.02,
    burst=BurstLoss(enter=0.004, leave=0.3),
    reorder=0.05,
    duplicate=0.03,
)


@dataclass(slots=True, frozen=True)
class Plan:
    """One pair of paths and how both ends repair them."""

    name: str
    up: Conditions = GOOD
    down: Conditions = GOOD
    teacher_rtx: bool = True
    student_rtx: bool = True
    profile: SrtpProfile = SrtpProfile.AEAD_AES_128_GCM

    def __str__(self) -> str:
        return self.name


CTR = SrtpProfile.AES128_CM_SHA1_80
PLANS = [
    Plan("bursts up", up=BURSTS),
    Plan("bursts up, plain retransmission", up=BURSTS, teacher_rtx=False),
    Plan("scattered loss up", up=SCATTERED),
    Plan("disorder up", up=DISORDER),
    Plan("disorder up, plain", up=DISORDER, teacher_rtx=False),
    Plan("everything up", up=EVERYTHING),
    Plan("bursts down", down=BURSTS),
    Plan("bursts down, plain retransmission", down=BURSTS, student_rtx=False),
    Plan("scattered loss down", down=SCATTERED),
    Plan("disorder down", down=DISORDER),
    Plan("everything down, plain", down=EVERYTHING, student_rtx=False),
    Plan("everything both ways", up=EVERYTHING, down=EVERYTHING),
    Plan("everything, no RTX", EVERYTHING, EVERYTHING, False, False),
    Plan("everything, CM-SHA1", EVERYTHING, EVERYTHING, profile=CTR),
    Plan("everything, CM-SHA1, no RTX", EVERYTHING, EVERYTHING, False, False, CTR),
]


def run_plan(plan: Plan, seconds: float) -> tuple[Room, Peer, list[Peer]]:
    """A teacher and three students; the links turn bad once all see the top layer."""
    room = Room(seed=11)
    teacher = room.add(replace(TEACHER, rtx=plan.teacher_rtx, profile=plan.profile))
    students = [
        room.add(replace(STUDENT, rtx=plan.student_rtx, profile=plan.profile), f"student-{number}")
        for number in range(3)
    ]
    room.join(teacher, *students)
    for student in students:
        student.plan.policy.patience = 2.0
        room.watch(student, ["teacher"])
    room.run(1)
    teacher.connection.path.up.conditions = plan.up
    for student in students:
        student.connection.path.down.conditions = plan.down
    room.run(seconds)
    teacher.connection.path.up.conditions = GOOD
    for student in students:
        student.connection.path.down.conditions = GOOD
    room.run(1)
    return room, teacher, students


@pytest.mark.parametrize("plan", PLANS, ids=str)
def test_every_picture_arrives_whole_over_bad_paths(plan: Plan) -> None:
    room, teacher, students = run_plan(plan, seconds=6)
    if teacher.connection.path.up.counters.lost:
        assert teacher.heard.nacks
    for student in students:
        slot = student.slot("video")
        assert student.violations() == []
        assert slot.counters.holes == 0
        assert slot.missing() == []
        assert len(pictures(student)) >= 230
        for run in runs(pictures(student)):
            assert run[0].key
            assert_consecutive(run)
        if student.connection.path.down.counters.lost:
            assert slot.counters.nacks > 0
            assert (slot.counters.by_rtx > 0) == plan.student_rtx
            assert room.transport(student).consumers[1].retransmitted > 0


def test_a_retransmission_without_rtx_is_the_same_datagram_to_the_last_byte() -> None:
    room = Room(seed=3)
    teacher = room.add(TEACHER)
    student = room.add(replace(STUDENT, rtx=False, audio_slots=0, down=SCATTERED))
    sent: dict[bytes, bytes] = {}
    repeated = 0

    def look(address: tuple[str, int], data: bytes, now: float) -> None:
        nonlocal repeated
        if data[0] >= 128 and not 192 <= data[1] <= 223:
            key = data[2:4] + data[8:12]
            assert sent.setdefault(key, data) == data
            repeated += sent[key] is not data

    room.join(teacher, student)
    room.rig.taps.append(look)
    room.watch(student, ["teacher"])
    room.run(5)
    assert repeated > 10


def test_a_burst_is_repaired_in_one_go() -> None:
    room = Room()
    teacher = room.add(TEACHER)
    student = room.add(STUDENT)
    room.join(teacher, student)
    room.watch(student, ["teacher"])
    room.run(2)
    student.connection.path.down.conditions = Conditions(loss=1.0)
    room.run(0.1)
    lost = student.connection.path.down.counters.lost
    student.connection.path.down.conditions = GOOD
    room.run(1)
    slot = student.slot("video")
    assert lost >= 9
    assert slot.counters.nacks == 1
    assert slot.counters.by_rtx >= 9
    assert slot.counters.holes == 0
    assert student.violations() == []
    late = max(pictures(student), key=lambda picture: picture.at - picture.captured)
    assert late.at - late.captured < 0.25


@pytest.mark.parametrize("outage", [0.3, 1.5, 4.0])
def test_after_an_outage_of_the_uplink_pictures_return_with_a_key_frame(outage: float) -> None:
    room = Room()
    teacher = room.add(TEACHER)
    students = [room.add(STUDENT, f"student-{number}") for number in range(2)]
    room.join(teacher, *students)
    for student in students:
        room.watch(student, ["teacher"])
    room.run(3)
    teacher.connection.path.up.conditions = Conditions(loss=1.0)
    room.run(outage)
    teacher.connection.path.up.conditions = GOOD
    back = room.rig.now
    room.run(3)
    for student in students:
        assert student.violations() == []
        fresh = [p for p in pictures(student) if p.captured >= back and p.decodable]
        assert fresh[0].at - back < 1.5
        assert_consecutive(runs(fresh)[-1], least=40)


def test_after_an_outage_of_the_downlink_the_student_is_served_again() -> None:
    room = Room()
    teacher = room.add(TEACHER)
    student, other = room.add(STUDENT, "student"), room.add(STUDENT, "other")
    room.join(teacher, student, other)
    for peer in (student, other):
        room.watch(peer, ["teacher"])
    room.run(3)
    student.connection.path.down.conditions = Conditions(loss=1.0)
    room.run(3)
    student.connection.path.down.conditions = GOOD
    back = room.rig.now
    room.run(4)
    assert student.violations() == []
    fresh = [p for p in pictures(student) if p.captured >= back and p.decodable]
    assert fresh[0].at - back < 2.0
    assert_unbroken(other)
    assert_consecutive(runs(pictures(other))[-1], least=280)


def test_sound_lives_with_its_losses() -> None:
    room = Room(seed=5)
    teacher = room.add(replace(TEACHER, up=SCATTERED))
    student = room.add(replace(STUDENT, video_slots=0))
    room.join(teacher, student)
    room.run(5)
    slot = student.slot("audio")
    assert student.violations() == []
    assert 0 < slot.counters.holes < 40
    assert all(ssrc != teacher.microphone.stream.ssrc for _, ssrc, _ in teacher.heard.nacks)
