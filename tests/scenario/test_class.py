"""A whole class: everybody sees and hears the teacher; people come and go."""

from dataclasses import replace
from itertools import pairwise

from sfu.events import (
    ProducerClosed,
    ProducerOpened,
    SlotsChanged,
    TransportClosed,
    TransportConnected,
)
from tests.support.peers import Peer
from tests.support.room import (
    SEEN_STUDENT,
    STUDENT,
    TEACHER,
    Room,
    assert_consecutive,
    assert_unbroken,
    pictures,
    runs,
    sounds,
)

TOP = 2


def class_of(size: int) -> tuple[Room, Peer, list[Peer]]:
    room = Room()
    teacher = room.add(TEACHER)
    students = [room.add(STUDENT, f"student-{number}") for number in range(size)]
    room.join(teacher)
    room.join(*students)
    for student in students:
        room.watch(student, ["teacher"])
    return room, teacher, students


def test_fifty_students_receive_every_frame_and_sound_once() -> None:
    room, teacher, students = class_of(50)
    room.run(10)
    assert_unbroken(*students)
    for student in students:
        assert pictures(student)[0].key
        assert {picture.layer for picture in pictures(student)} == {TOP}
        assert_consecutive(pictures(student), least=290)
        assert_consecutive(sounds(student), least=490)
    assert room.totals().drops == {}
    assert teacher.heard.nacks == []


def test_totals_are_what_the_students_got() -> None:
    room, _, students = class_of(5)
    room.run(2)
    room.peers["teacher"].vanish()
    room.run(0.5)
    for student in students:
        seen = room.transport(student)
        assert [c.packets for c in seen.consumers] == [s.counters.packets for s in student.slots]
        assert seen.copies_sent == sum(slot.counters.packets for slot in student.slots)
    assert room.totals().copies_sent == sum(
        slot.counters.packets for student in students for slot in student.slots
    )


def test_late_joiner_gets_a_key_frame_at_once_and_others_see_no_seam() -> None:
    room, teacher, students = class_of(3)
    room.run(5)
    asked = len(teacher.heard.plis)
    late = room.add(STUDENT, "late")
    room.join(late)
    joined = room.rig.now
    room.watch(late, ["teacher"])
    room.run(2)
    first = pictures(late)[0]
    assert first.key
    assert first.at - joined < 0.15
    assert len(teacher.heard.plis) == asked + 1
    assert_unbroken(late, *students)
    assert_consecutive(pictures(late), least=55)


def test_keyframe_wishes_of_fifty_joiners_are_merged() -> None:
    room, teacher, students = class_of(50)
    room.run(2)
    teacher.heard.plis.clear()
    made = teacher.camera.encodings[TOP].keyframes
    for _ in range(5):
        for student in students:
            student.slot("video").ask_keyframe(student, room.rig.now)
        room.run(0.41)
    room.run(2)
    times = [when for when, _ in teacher.heard.plis]
    assert all(after - before > 0.499 for before, after in pairwise(times))
    assert 3 <= len(times) <= 5
    assert teacher.camera.encodings[TOP].keyframes - made <= len(times)


def test_slots_empty_when_the_publisher_leaves_and_fill_when_it_returns() -> None:
    room, teacher, students = class_of(3)
    room.run(2)
    room.rig.events.clear()
    teacher.leave()
    room.run(1)
    for student in students:
        changes = {
            mid: state
            for _, event in room.events(SlotsChanged)
            if event.transport_id == student.name
            for mid, state in event.slots.items()
        }
        assert changes == {slot.mid: None for slot in student.slots}
    closed = {event.producer_id for _, event in room.events(ProducerClosed)}
    assert closed == {"teacher:microphone", "teacher:camera"}
    assert [e.reason for _, e in room.events(TransportClosed)] == ["left"]
    seen = [len(pictures(student)) for student in students]
    room.run(1)
    assert [len(pictures(student)) for student in students] == seen

    teacher.join_anew()
    room.run(2)
    assert_unbroken(*students)
    for student, before in zip(students, seen, strict=True):
        shown = pictures(student)[before:]
        assert shown[0].key
        assert_consecutive(runs(shown)[-1], least=45)


def test_a_student_who_leaves_costs_the_others_nothing() -> None:
    room, _, students = class_of(4)
    room.run(2)
    students[0].leave()
    received = students[0].slot("video").counters.packets
    room.run(2)
    assert_unbroken(*students[1:])
    for student in students[1:]:
        assert_consecutive(pictures(student), least=110)
    assert students[0].slot("video").counters.packets - received < 10  # those under way


def test_a_closed_class_closes_every_connection_and_is_gone() -> None:
    room, _, students = class_of(2)
    room.run(1)
    room.rig.events.clear()
    room.rig.call(lambda worker, now: worker.close_router("class", now))
    room.rig.call(lambda worker, now: worker.close_router("class", now))
    closed = {event.transport_id for _, event in room.events(TransportClosed)}
    assert closed == {"teacher", *(student.name for student in students)}
    room.run(0.1)
    packets = [student.slot("video").counters.packets for student in students]
    room.run(1)
    assert [student.slot("video").counters.packets for student in students] == packets
    assert room.routers() == []


def test_classes_on_one_worker_do_not_hear_each_other() -> None:
    room = Room()
    room.rig.call(lambda worker, now: worker.create_router("other", now))
    teacher = room.add(TEACHER)
    here = room.add(STUDENT, "here")
    there = room.add(STUDENT, "there", router="other")
    room.join(teacher, here, there)
    room.watch(here, ["teacher"])
    room.watch(there, ["teacher"])
    room.run(2)
    assert_consecutive(runs(pictures(here))[-1], least=50)
    assert pictures(there) == []
    assert sounds(there) == []


def test_everybody_publishes_and_sees_everybody_else() -> None:
    room = Room()
    plan = replace(SEEN_STUDENT, audio_slots=3, video_slots=3)
    people = [room.add(plan, name) for name in ("ada", "ben", "cem", "dua")]
    room.join(*people)
    for person in people:
        room.watch(person, [other.name for other in people if other is not person], height=180)
    room.run(3)
    assert_unbroken(*people)
    opened = {event.producer_id for _, event in room.events(ProducerOpened)}
    assert len(opened) == 8
    assert len(room.events(TransportConnected)) == 4
    for person in people:
        others = {other.publisher for other in people if other is not person}
        assert {pictures(person, number)[-1].publisher for number in range(3)} == others
        assert {sounds(person, number)[-1].publisher for number in range(3)} == others
        for number in range(3):
            assert_consecutive(pictures(person, number), least=80)
