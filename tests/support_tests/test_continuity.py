"""The judge of a line speaks up for each rule that is broken, and only then."""

from dataclasses import replace

import pytest

from tests.support.continuity import AudioLine, VideoLine
from tests.support.media import Mark, RtpFields, write_mark, write_video

START = 10.0
INTERVAL = 1 / 30
THIRD = Mark(1, 0, False, 2, 0, 1, START)


def frame(number: int, *, key: bool = False, layer: int = 0, packets: int = 2) -> list[RtpFields]:
    """The packets of one frame whose numbers all continue those of the frame before."""
    fields = []
    for packet in range(packets):
        mark = Mark(1, layer, key, number, packet, packets, START + number * INTERVAL)
        payload = write_video(mark, number & 0x7FFF, number & 0xFF, 100)
        sequence = number * packets + packet
        last = packet == packets - 1
        fields.append(RtpFields(96, last, sequence, number * 3_000, 5, {}, payload, 0))
    return fields


def judge(*frames: list[RtpFields]) -> VideoLine:
    line = VideoLine()
    for packets in frames:
        for packet in packets:
            line.packet(packet, START)
    return line


def test_a_line_without_fault_has_no_violation() -> None:
    line = judge(frame(0, key=True), *(frame(number) for number in range(1, 40)))
    assert line.violations == []
    assert [f.number for f in line.frames] == list(range(40))
    assert all(f.decodable for f in line.frames)
    assert line.worst_skew < 1e-5


def test_numbers_may_wrap() -> None:
    numbers = range(0x7FFE, 0x8003)
    line = judge(frame(numbers[0], key=True), *(frame(number) for number in numbers[1:]))
    assert line.violations == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"timestamp": 3_000}, "timestamp goes by 0"),
        ({"timestamp": 2_000}, "timestamp goes by -1000"),
        ({"payload": write_video(THIRD, 9, 2, 100)},
         "picture id 9 follows 1"),
        ({"payload": write_video(THIRD, 2, 7, 100)}, "TL0PICIDX 7 follows 1"),
        ({"payload": write_video(THIRD._replace(frame=3), 2, 2, 100)}, "frame 3 follows 1"),
        ({"payload": write_video(THIRD._replace(layer=1), 2, 2, 100)}, "without a key frame"),
        ({"payload": write_video(THIRD._replace(publisher=2), 2, 2, 100)},
         "without a key frame"),
        ({"marker": False}, "marker False"),
    ],
)  # fmt: skip
def test_each_fault_is_named(change: dict[str, object], complaint: str) -> None:
    [packet] = frame(2, packets=1)
    line = judge(
        frame(0, key=True, packets=1),
        frame(1, packets=1),
        [replace(packet, **change)],  # type: ignore[arg-type]
    )
    assert len(line.violations) == 1
    assert complaint in line.violations[0]


def test_a_frame_without_its_end_is_named() -> None:
    line = judge(frame(0, key=True), frame(1)[:1], frame(2))
    assert any("was cut off" in violation for violation in line.violations)
    assert line.incomplete == 1


def test_a_packet_of_another_frame_is_named() -> None:
    line = judge(frame(0, key=True), [frame(1)[0], frame(2)[1]])
    assert any("does not follow" in violation for violation in line.violations)


def test_behind_a_hole_nothing_is_decodable_until_a_key_frame() -> None:
    line = judge(frame(0, key=True))
    line.gap()
    for packet in [*frame(3), *frame(4), *frame(5, key=True), *frame(6)]:
        line.packet(packet, START)
    assert line.violations == []
    assert [f.decodable for f in line.frames] == [True, False, False, True, True]


def test_padding_is_counted_and_is_no_frame() -> None:
    line = judge(frame(0, key=True))
    line.packet(RtpFields(96, False, 9, 0, 5, {}, b"", 255), START)
    assert (line.padding, len(line.frames)) == (1, 1)


def test_skew_is_measured_against_capture_times() -> None:
    late = [replace(packet, timestamp=packet.timestamp + 900) for packet in frame(1)]
    assert judge(frame(0, key=True), late).worst_skew == pytest.approx(0.01, abs=1e-4)


def test_sound_must_run_forward() -> None:
    line = AudioLine()
    for number, timestamp in ((0, 0), (1, 960), (2, 960)):
        payload = write_mark(Mark(1, 0, True, number, 0, 1, START + number * 0.02), 80)
        line.packet(RtpFields(111, False, number, timestamp, 5, {}, payload, 0), START)
    assert line.violations == ["10.000: timestamp goes by 0"]
