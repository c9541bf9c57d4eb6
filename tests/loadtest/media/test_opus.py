"""Opus packets with a place for a stamp: the decoder hears no difference."""

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from loadtest.media.footage import Clip
from loadtest.media.opus import dtx, with_place
from loadtest.media.stamp import PLACE, SIZE, put_stamp


def plain(packet: bytes) -> bytes:
    """The packet as the encoder gave it."""
    return bytes((packet[0] & 0xFC,)) + packet[3:-SIZE]


def decode(packets: list[bytes]) -> NDArray[np.int16]:
    decoder = av.CodecContext.create("libopus", "r")
    assert isinstance(decoder, av.AudioCodecContext)
    decoder.sample_rate, decoder.layout = 48_000, "mono"
    frames = [frame for packet in packets for frame in decoder.decode(av.Packet(packet))]
    return np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames])


def test_a_packet_of_one_frame_becomes_a_padded_one() -> None:
    packet = with_place(b"\x78frame")
    assert packet[:3] == bytes((0x78 | 3, 0x41, SIZE))  # code 3; padding, one frame; its length
    assert packet[3:] == b"frame" + PLACE


@pytest.mark.parametrize("packet", [b"", b"\x78", b"\x79ab", b"\x7bab"])
def test_other_packets_are_refused(packet: bytes) -> None:
    with pytest.raises(ValueError, match="one frame"):
        with_place(packet)


def test_stamped_packets_decode_to_the_same_sound(short_clip: Clip) -> None:
    packets = [packet.data for packet in (*short_clip.speech[:50], *short_clip.silence[:50])]
    stamped = [put_stamp(packet, 123_456_789 * n) for n, packet in enumerate(packets, 1)]
    heard = decode(stamped)
    assert len(heard) == 100 * 960
    assert np.array_equal(heard, decode([plain(packet) for packet in packets]))
    assert np.abs(heard[: 50 * 960]).max() > 3000


def test_a_pause_begins_with_a_packet_of_one_byte_that_cannot_be_stamped(short_clip: Clip) -> None:
    pause = dtx(short_clip.silence[0].data)
    assert len(pause) == 1
    assert pause[0] & 3 == 0
    assert put_stamp(pause, 1) == pause
    assert len(decode([short_clip.silence[0].data, pause])) == 2 * 960
