"""A participant with good keys and bad intentions: harms nobody but itself."""

import struct
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support import rtcp_client
from tests.support.mallory import Mallory, known_ssrcs
from tests.support.media import RTP_HEADER
from tests.support.room import STUDENT, TEACHER, Room
from tests.support.thorough import tries

pytestmark = pytest.mark.sweep

QUICK = settings(
    max_examples=tries(60),
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@st.composite
def rtp_packets(draw: st.DrawFn) -> tuple[int, bytes]:
    """(which SSRC, packet): a header that fits, everything else as it comes."""
    extension = draw(st.none() | st.binary(max_size=24).map(lambda b: b + bytes(-len(b) % 4)))
    profile = draw(st.sampled_from([0xBEDE, 0x1000, 0x100F, 0x1234]))
    sources = draw(st.integers(0, 3))
    first = (
        0x80 | sources | draw(st.sampled_from([0, 0x20])) | (0x10 if extension is not None else 0)
    )
    second = draw(st.sampled_from([96, 97, 111, 0, 63]) | st.integers(0, 63)) | draw(
        st.sampled_from([0, 0x80])
    )
    header = RTP_HEADER.pack(
        first, second, draw(st.integers(0, 0xFFFF)), draw(st.integers(0, 0xFFFFFFFF)), 0
    )
    header += draw(st.binary(min_size=4 * sources, max_size=4 * sources))
    if extension is not None:
        header += struct.pack(">HH", profile, len(extension) // 4) + extension
    payload = draw(
        st.binary(max_size=60)
        | st.binary(max_size=40).map(
            lambda b: b"\x90\xe0\x80\x00\x00\x20\x10\x00\x00\x9d\x01\x2a" + b
        )
    )
    return draw(st.integers(0, 11)), header + payload


@QUICK
@given(st.lists(rtp_packets(), min_size=1, max_size=25))
def test_authentic_rtp_of_any_shape(packets: list[tuple[int, bytes]]) -> None:
    siege = Mallory()
    ssrcs = known_ssrcs(siege.mallory)
    siege.throw_rtp(
        [
            packet[:8]
            + (ssrcs[which] if which < len(ssrcs) else which).to_bytes(4, "big")
            + packet[12:]
            for which, packet in packets
        ]
    )
    siege.assert_only_she_suffers()


@st.composite
def rtcp_packets(draw: st.DrawFn) -> tuple[int, int, bytes]:
    """(sender's SSRC, media SSRC, packet): known types above all, lengths mostly right."""
    body = draw(st.binary(max_size=64))
    body += bytes(-len(body) % 4)
    words = draw(st.just(2 + len(body) // 4) | st.integers(0, 40))
    first = 0x80 | draw(st.integers(0, 31)) | draw(st.sampled_from([0, 0, 0, 0x20]))
    kind = draw(st.sampled_from([200, 201, 202, 203, 204, 205, 206, 207]))
    header = struct.pack(">BBH", first, kind, words)
    return draw(st.integers(0, 11)), draw(st.integers(0, 11)), header + body


@QUICK
@given(st.lists(rtcp_packets(), min_size=1, max_size=15))
def test_authentic_rtcp_of_any_shape(packets: list[tuple[int, int, bytes]]) -> None:
    siege = Mallory()
    ssrcs = [*known_ssrcs(siege.mallory), *range(12)]
    siege.throw_rtcp(
        [
            packet[:4] + struct.pack(">II", ssrcs[sender], ssrcs[media]) + packet[4:]
            for sender, media, packet in packets
        ]
    )
    siege.assert_only_she_suffers()


def test_new_streams_without_end_are_cut_off_at_a_limit() -> None:
    siege = Mallory()
    siege.throw_rtp(
        [RTP_HEADER.pack(0x80, 96, 1, 1, 0x40000000 + number) + b"payload" for number in range(500)]
    )
    drops = siege.new_drops()
    assert sum(drops.values()) == 500
    assert set(drops) == {"rtp_unknown_stream", "rtp_too_many_streams"}
    assert drops["rtp_unknown_stream"] < 40
    siege.assert_only_she_suffers()


def test_asking_for_everything_again_costs_a_bounded_answer() -> None:
    siege = Mallory()
    slot = siege.mallory.slot("video")
    sent: list[int] = []
    where = siege.mallory.connection.path.address
    siege.rig.taps.append(lambda to, data, now: sent.append(len(data)) if to == where else None)
    numbers = [(slot.newest() - back) & 0xFFFF for back in range(200)]
    for _ in range(100):
        siege.throw_rtcp([rtcp_client.nack(1, slot.ssrc, numbers)])
    assert sum(sent) < 60_000
    siege.assert_only_she_suffers()


def test_reports_that_lie_starve_only_the_liar() -> None:
    siege = Mallory()
    for _ in range(20):
        siege.throw_rtcp(
            [rtcp_client.remb(1, 1, [slot.ssrc for slot in siege.mallory.slots]) for _ in range(20)]
        )
        siege.room.run(0.2)
    siege.assert_only_she_suffers()


def test_a_goodbye_for_anothers_streams_ends_nothing() -> None:
    siege = Mallory()
    others = [ssrc for ssrc in known_ssrcs(siege.teacher) if ssrc]
    siege.throw_rtcp([rtcp_client.receiver_report(1, []) + rtcp_client.bye(others)])
    siege.assert_only_she_suffers()


def test_keyframe_wishes_for_anothers_streams_are_not_passed_on() -> None:
    siege = Mallory()
    siege.room.run(1)
    siege.teacher.heard.plis.clear()
    for ssrc in known_ssrcs(siege.teacher):
        siege.throw_rtcp([rtcp_client.pli(1, ssrc)])
    siege.room.run(0.2)
    assert siege.teacher.heard.plis == []


def test_ten_slots_on_one_camera_draw_one_copy() -> None:
    room = Room()
    teacher = room.add(TEACHER)
    greedy = room.add(replace(STUDENT, video_slots=10, audio_slots=0))
    room.join(teacher, greedy)
    room.watch(greedy, ["teacher"] * 10)
    room.run(2)
    before, packets = room.totals().copies_sent, _video(room)
    room.run(5)
    assert room.totals().copies_sent - before <= _video(room) - packets
    assert [len(slot.line.frames) > 0 for slot in greedy.slots] == [True] + [False] * 9


def _video(room: Room) -> int:
    """Packets of the teacher's top layer so far."""
    (teacher,) = (t for t in room.transports() if t.transport_id == "teacher")
    return max(layer.packets for producer in teacher.producers for layer in producer.layers)
