"""What a publisher hears back, and what becomes of its probes."""

from dataclasses import replace
from itertools import pairwise

import pytest

from tests.support.netem import Conditions
from tests.support.peers import Peer
from tests.support.room import (
    STUDENT,
    TEACHER,
    Room,
    assert_consecutive,
    assert_unbroken,
    pictures,
    runs,
)

TOP = 2


def arrivals(teacher: Peer) -> dict[int, float | None]:
    """By transport-wide number, counted on without wrapping, what the feedback said last."""
    known: dict[int, float | None] = {}
    newest = 0
    for _, feedback in teacher.heard.feedback:
        for sequence, at in feedback.arrivals:
            number = newest + (sequence - newest + 0x8000) % 0x10000 - 0x8000
            newest = max(newest, number)
            if at is not None or number not in known:
                known[number] = at
    return known


def test_transport_feedback_tells_every_packet_and_when_it_came() -> None:
    room = Room()
    teacher = room.add(replace(TEACHER, up=Conditions(delay=0.03, jitter=0.01)))
    room.join(teacher)
    room.run(5)
    known = arrivals(teacher)
    told = max(known)
    assert sorted(known) == list(range(told + 1))
    assert told > len(teacher.sent_at) - 60
    delays = [at - teacher.sent_at[number] for number, at in known.items() if at is not None]
    assert len(delays) == told + 1
    # The reference time is modulo 2**24 * 64 ms and starts anywhere: only differences mean much.
    assert max(delays) - min(delays) < 0.011
    assert [f.count for _, f in teacher.heard.feedback] == [
        n & 0xFF for n in range(len(teacher.heard.feedback))
    ]
    gaps = [after - before for (before, _), (after, _) in pairwise(teacher.heard.feedback)]
    assert max(gaps) < 0.15


def test_transport_feedback_tells_what_was_lost() -> None:
    room = Room(seed=8)
    teacher = room.add(TEACHER)
    room.join(teacher)
    room.run(1)
    teacher.connection.path.up.conditions = Conditions(delay=0.02, loss=0.05)
    before = teacher.connection.path.up.counters.lost
    room.run(5)
    teacher.connection.path.up.conditions = Conditions(delay=0.02)
    room.run(1)
    lost = sum(at is None for at in arrivals(teacher).values())
    missed = teacher.connection.path.up.counters.lost - before
    assert 0 <= missed - lost <= 10  # RTCP and STUN have no transport-wide number


def test_transport_feedback_corrects_itself_when_packets_come_late() -> None:
    """What a first message called missing is told by a later one."""
    room = Room(seed=8)
    teacher = room.add(TEACHER)
    room.join(teacher)
    room.run(1)
    teacher.connection.path.up.conditions = Conditions(delay=0.02, reorder=0.05, reorder_delay=0.12)
    room.run(4)
    teacher.connection.path.up.conditions = Conditions(delay=0.02)
    room.run(1)
    told_missing = {
        sequence
        for _, feedback in teacher.heard.feedback
        for sequence, at in feedback.arrivals
        if at is None
    }
    assert len(told_missing) > 10
    assert None not in arrivals(teacher).values()


def test_transport_wide_numbers_wrap() -> None:
    room = Room()
    teacher = room.add(TEACHER)
    teacher.sent_at = [room.rig.now] * 65_300
    room.join(teacher)
    room.run(4)
    numbers = [s for _, feedback in teacher.heard.feedback for s, _ in feedback.arrivals]
    assert numbers[0] == 65_300
    assert 0 in numbers
    assert [(after - before) & 0xFFFF for before, after in pairwise(numbers)] == [1] * (
        len(numbers) - 1
    )


def test_a_publisher_that_did_not_offer_feedback_gets_none() -> None:
    room = Room()
    teacher = room.add(replace(TEACHER, feedback=False))
    student = room.add(STUDENT)
    room.join(teacher, student)
    room.watch(student, ["teacher"])
    room.run(2)
    assert teacher.heard.feedback == []
    assert_consecutive(runs(pictures(student))[-1], least=50)


def test_receiver_reports_tell_loss_highest_number_and_time_of_the_last_report() -> None:
    room = Room(seed=8)
    teacher = room.add(replace(TEACHER, rtx=False))
    room.join(teacher)
    teacher.connection.path.up.conditions = Conditions(delay=0.02, loss=0.1)
    room.run(10)
    stream = teacher.microphone.stream
    blocks = [(when, b) for when, b in teacher.heard.blocks if b.ssrc == stream.ssrc]
    assert len(blocks) >= 8
    _, last = blocks[-1]
    assert 0 < (stream.sequence - last.highest_sequence) & 0xFFFF < 60
    assert 25 < last.packets_lost < 75
    share = sum(block.fraction_lost for _, block in blocks) / len(blocks) / 256
    assert share == pytest.approx(0.1, abs=0.04)
    assert last.lsr
    ssrcs = {block.ssrc for _, block in teacher.heard.blocks}
    assert ssrcs == {s.ssrc for sender in teacher.senders.values() for s in sender.streams}


def test_round_trips_are_measured() -> None:
    room = Room()
    teacher = room.add(TEACHER)
    student = room.add(replace(STUDENT, up=Conditions(delay=0.07), down=Conditions(delay=0.05)))
    room.join(teacher, student)
    room.watch(student, ["teacher"])
    room.run(5)
    assert room.transport(student).round_trip_ms == pytest.approx(120, abs=2)


@pytest.mark.parametrize("rtx", [True, False], ids=["rtx", "plain"])
def test_probes_are_dropped_and_leave_no_gap(rtx: bool) -> None:
    room = Room()
    teacher = room.add(replace(TEACHER, rtx=rtx))
    student = room.add(STUDENT)
    room.join(teacher, student)
    room.watch(student, ["teacher"])
    for _ in range(10):
        room.run(0.21)
        teacher.camera.probe(teacher, TOP, 5, room.rig.now)
    room.run(1)
    assert_unbroken(student)
    assert student.slot("video").counters.nacks == 0
    assert teacher.heard.nacks == []
    assert room.totals().drops == {"rtp_padding": 50}
    assert_consecutive(runs(pictures(student))[-1], least=85)


def test_late_and_lost_probes_leave_no_hole_either() -> None:
    """One that comes after later packets were sent on keeps its number, as padding."""
    room = Room(seed=6)
    teacher = room.add(TEACHER)
    student = room.add(STUDENT)
    room.join(teacher, student)
    room.watch(student, ["teacher"])
    room.run(1)
    teacher.connection.path.up.conditions = Conditions(
        delay=0.02, loss=0.03, reorder=0.1, reorder_delay=0.05
    )
    teacher.camera.on_frame = lambda camera, now: camera.probe(teacher, TOP, 2, now)
    room.run(6)
    teacher.camera.on_frame = None
    teacher.connection.path.up.conditions = Conditions(delay=0.02)
    room.run(1)
    slot = student.slot("video")
    assert student.violations() == []
    assert slot.counters.holes == 0
    assert slot.missing() == []
    assert_consecutive(runs(pictures(student))[-1], least=200)
    assert room.totals().drops["rtp_padding"] > 250


def test_probes_before_the_first_picture_do_no_harm() -> None:
    room = Room()
    teacher = room.add(TEACHER)
    student = room.add(STUDENT)
    room.join(student)
    teacher.join()
    teacher.camera.enabled = False
    room.watch(student, ["teacher"])
    room.rig.run_until(lambda: teacher.connected_at is not None, 2)
    teacher.camera.probe(teacher, TOP, 20, room.rig.now)
    room.run(1)
    teacher.camera.enabled = True
    room.run(2)
    assert_unbroken(student)
    assert_consecutive(runs(pictures(student))[-1], least=50)
