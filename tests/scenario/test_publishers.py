"""What publishers do to their streams: begin again, leap, fall silent, take screens up and down."""

from dataclasses import replace

import pytest

from sfu.events import SlotsChanged
from tests.support import rtcp_client
from tests.support.peers import Peer
from tests.support.room import (
    STUDENT,
    TEACHER,
    Room,
    assert_consecutive,
    assert_unbroken,
    path,
    pictures,
    runs,
    worst_skew,
)
from tests.support.senders import OutStream

TOP = 2


def running_class() -> tuple[Room, Peer, Peer]:
    room = Room()
    teacher, student = room.add(TEACHER), room.add(STUDENT)
    room.join(student)
    room.join(teacher)
    room.watch(student, ["teacher"])
    room.run(2)
    return room, teacher, student


def begin_again(stream: OutStream) -> None:
    """A new SSRC with numbers of its own, named by mid and rid until it is heard of."""
    stream.ssrc = (stream.ssrc * 3 + 1) & 0xFFFFFFFF
    if stream.rtx_ssrc is not None:
        stream.rtx_ssrc = (stream.rtx_ssrc * 3 + 1) & 0xFFFFFFFF
    stream.sequence = (stream.sequence * 7 + 1_000) & 0x7FFF
    stream.first_timestamp = (stream.first_timestamp * 5 + 77) & 0xFFFFFFFF
    stream.heard = False
    stream.history.clear()


@pytest.mark.parametrize("goodbye", [True, False], ids=["after BYE", "without BYE"])
def test_a_stream_that_begins_again_under_another_ssrc_is_continued(goodbye: bool) -> None:
    room, teacher, student = running_class()
    top = teacher.camera.encodings[TOP]
    if goodbye:
        compound = rtcp_client.receiver_report(teacher.ssrc, [])
        teacher.send_rtcp(compound + rtcp_client.bye([top.stream.ssrc]))
    begin_again(top.stream)
    top.wants_key = True
    room.run(3)
    assert_unbroken(student)
    assert runs(pictures(student))[-1][0].layer == TOP
    assert_consecutive(runs(pictures(student))[-1], least=80)
    begin_again(teacher.microphone.stream)
    room.run(2)
    assert_unbroken(student)
    assert room.rig.now - student.slot("audio").line.frames[-1].at < 0.1


def test_numbers_that_leap_ahead_bring_no_storm() -> None:
    """As after a laptop's sleep: nothing between was ever sent."""
    room, teacher, student = running_class()
    top = teacher.camera.encodings[TOP]
    top.stream.sequence = (top.stream.sequence + 20_000) & 0xFFFF
    top.wants_key = True
    room.run(3)
    assert student.violations() == []
    assert len(teacher.heard.nacks) < 5
    assert student.slot("video").counters.nacks < 5
    newest = [picture for picture in pictures(student) if picture.decodable][-1]
    assert room.rig.now - newest.at < 0.1


def test_a_laptop_that_slept_is_shown_again() -> None:
    room, teacher, student = running_class()
    teacher.camera.enabled = teacher.microphone.enabled = False
    room.run(5)
    teacher.camera.enabled = teacher.microphone.enabled = True
    room.run(3)
    assert_unbroken(student)
    assert room.rig.now - pictures(student)[-1].at < 0.05
    assert path(pictures(student))[-1] == TOP
    assert worst_skew(student) < 0.01


def test_a_screen_goes_up_and_down_beside_the_camera() -> None:
    room = Room()
    sources = ("microphone", "camera", "screen", "screen-audio")
    teacher = room.add(replace(TEACHER, publish=sources))
    student = room.add(replace(STUDENT, video_slots=2, audio_slots=2))
    room.join(student)
    room.join(teacher)
    room.watch(student, ["teacher", "teacher:screen"])
    room.run(2)
    for enabled in (False, True, False, True):
        room.set_source(teacher, "screen", enabled)
        room.run(1.5)
        shown = [state for _, e in room.events(SlotsChanged) for state in e.slots.values()]
        assert (shown[-1] is not None) == enabled
    assert_unbroken(student)
    assert_consecutive(runs(pictures(student))[-1], least=200)
    assert room.rig.now - pictures(student, 1)[-1].at < 0.1
    assert pictures(student, 1)[-1].publisher == teacher.publisher


def test_the_top_layer_comes_as_soon_as_feedback_has_arrived() -> None:
    """Chromium waits with its top layer for a bandwidth estimate, so for our feedback."""
    room = Room()
    teacher, student = room.add(TEACHER), room.add(STUDENT)
    room.join(student)
    teacher.join()
    top = teacher.camera.encodings[TOP]
    top.active = False

    def wait_for_feedback(camera: object, now: float) -> None:
        top.active = len(teacher.heard.feedback) > 5

    teacher.camera.on_frame = wait_for_feedback
    room.watch(student, ["teacher"])
    room.run(2)
    assert_unbroken(student)
    first = next(picture for picture in pictures(student) if picture.layer == TOP)
    assert first.number == 0
    assert first.at - room.rig.started < 1.2
