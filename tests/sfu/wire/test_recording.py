"""What a real browser sent, through every parser that media passes."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from sfu.wire import vp8
from sfu.wire.arith import seq_delta, ts_delta
from sfu.wire.audio_level import parse_audio_level
from sfu.wire.demux import RTP, classify
from sfu.wire.rtp import RtpPacket
from tests.support import rtpdump

RECORDING = Path(__file__).parents[2] / "data" / "chromium-720p-simulcast.rtpdump"
LOW, MIDDLE, HIGH = 4144005354, 2871424204, 3966508212
LAYERS = (LOW, MIDDLE, HIGH)
AUDIO_LEVEL, ABS_SEND_TIME, MID, RTP_STREAM_ID = 1, 2, 4, 10


@pytest.fixture(scope="module")
def datagrams() -> list[bytes]:
    return [packet for _, packet in rtpdump.read(RECORDING)]


@pytest.fixture(scope="module")
def packets(datagrams: list[bytes]) -> list[RtpPacket]:
    return [RtpPacket.parse(datagram) for datagram in datagrams]


def video(packets: list[RtpPacket], ssrc: int) -> list[tuple[RtpPacket, vp8.Vp8Descriptor]]:
    """A layer's packets that carry something, with their descriptors."""
    read = []
    for packet in packets:
        if packet.ssrc == ssrc and packet.payload:
            descriptor = vp8.parse(packet.payload)
            assert descriptor is not None
            read.append((packet, descriptor))
    return read


def test_reader_gives_times_and_packets() -> None:
    records = rtpdump.read(RECORDING)
    times = [milliseconds for milliseconds, _ in records]
    assert len(records) == 5231
    assert times == sorted(times)
    assert times[-1] == 17_799


@pytest.mark.parametrize("cut", [0, 10, 40, 60])
def test_reader_refuses_what_is_no_recording(tmp_path: Path, cut: int) -> None:
    broken = tmp_path / "broken.rtpdump"
    broken.write_bytes(RECORDING.read_bytes()[cut:200])
    with pytest.raises(ValueError, match=r"broken\.rtpdump"):
        rtpdump.read(broken)


def test_reader_refuses_a_cut_off_record(tmp_path: Path) -> None:
    broken = tmp_path / "broken.rtpdump"
    broken.write_bytes(RECORDING.read_bytes()[:100])
    with pytest.raises(ValueError, match=r"broken\.rtpdump"):
        rtpdump.read(broken)


def test_every_datagram_is_rtp(datagrams: list[bytes]) -> None:
    assert {classify(datagram) for datagram in datagrams} == {RTP}


def test_streams_are_those_of_the_offer(packets: list[RtpPacket]) -> None:
    streams = Counter((packet.ssrc, packet.payload_type) for packet in packets)
    assert streams == {(HIGH, 96): 3084, (2565182308, 111): 891, (MIDDLE, 96): 853, (LOW, 96): 403}


def test_sequence_numbers_run_on(packets: list[RtpPacket]) -> None:
    last: dict[int, int] = {}
    for packet in packets:
        previous = last.get(packet.ssrc, packet.sequence - 1)
        assert seq_delta(packet.sequence, previous) == 1
        last[packet.ssrc] = packet.sequence


def test_packets_are_built_again_byte_for_byte(datagrams: list[bytes]) -> None:
    for datagram in datagrams:
        assert RtpPacket.parse(datagram).build() == datagram


def test_extensions_of_the_offer_are_there(packets: list[RtpPacket]) -> None:
    rids = {LOW: b"q", MIDDLE: b"h", HIGH: b"f"}
    for packet in packets:
        if packet.payload_type == 111:
            assert list(packet.extensions) == [AUDIO_LEVEL]
        else:
            assert set(packet.extensions) == {ABS_SEND_TIME, MID, RTP_STREAM_ID}
            assert len(packet.extensions[ABS_SEND_TIME]) == 3
            assert packet.extensions[RTP_STREAM_ID] == rids[packet.ssrc]


def test_probes_are_padding_alone(packets: list[RtpPacket]) -> None:
    probes = Counter(
        (packet.ssrc, packet.padding) for packet in packets if packet.padding and not packet.payload
    )
    assert probes == {(HIGH, 255): 1700, (MIDDLE, 255): 97}
    assert not [packet for packet in packets if packet.padding and packet.payload]


@pytest.mark.parametrize("ssrc", LAYERS)
def test_picture_ids_run_on_and_change_with_the_frame(packets: list[RtpPacket], ssrc: int) -> None:
    layer = video(packets, ssrc)
    assert len(layer) > 400
    for (before, old), (after, new) in pairwise(layer):
        assert old.picture_id is not None
        assert new.picture_id is not None
        next_frame = ts_delta(after.timestamp, before.timestamp) > 0
        assert (new.picture_id - old.picture_id) & 0x7FFF == next_frame
        assert new.start == next_frame
        assert before.marker == next_frame


@pytest.mark.parametrize(
    ("ssrc", "size"), [(LOW, (320, 180)), (MIDDLE, (640, 360)), (HIGH, (1280, 720))]
)
def test_layers_begin_with_a_key_frame(
    packets: list[RtpPacket], ssrc: int, size: tuple[int, int]
) -> None:
    layer = video(packets, ssrc)
    keys = [(packet, descriptor) for packet, descriptor in layer if descriptor.keyframe]
    assert keys[0] == layer[0]
    assert {vp8.keyframe_size(packet.payload, descriptor) for packet, descriptor in keys} == {size}
    assert {descriptor.temporal_id for _, descriptor in layer} == {0, 1, 2}


@pytest.mark.parametrize("ssrc", LAYERS)
def test_base_layer_index_counts_base_layer_frames(packets: list[RtpPacket], ssrc: int) -> None:
    starts = [descriptor for _, descriptor in video(packets, ssrc) if descriptor.start]
    for old, new in pairwise(starts):
        assert old.tl0picidx is not None
        assert new.tl0picidx is not None
        assert (new.tl0picidx - old.tl0picidx) & 0xFF == (new.temporal_id == 0)


def test_rewriting_every_video_payload_with_its_own_numbers_changes_nothing(
    packets: list[RtpPacket],
) -> None:
    for ssrc in LAYERS:
        for packet, descriptor in video(packets, ssrc):
            picture_id, tl0picidx = descriptor.picture_id, descriptor.tl0picidx
            assert picture_id is not None
            assert tl0picidx is not None
            same = vp8.rewrite(packet.payload, picture_id, tl0picidx)
            assert same == packet.payload


def test_audio_levels_are_plausible(packets: list[RtpPacket]) -> None:
    elements = [p.extensions[AUDIO_LEVEL] for p in packets if p.payload_type == 111]
    levels = [parse_audio_level(element) for element in elements]
    assert len(levels) == 891
    assert min(level for level, _ in levels) < 60
