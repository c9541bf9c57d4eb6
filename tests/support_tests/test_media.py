"""Marked media is read back as it was written, and damage is noticed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.wire import vp8
from sfu.wire.rtp import RtpPacket
from tests.support.media import (
    Mark,
    begins_keyframe,
    read_mark,
    read_rtp,
    read_video,
    write_mark,
    write_rtp,
    write_video,
)

MARKS = st.builds(
    Mark,
    st.integers(0, 0xFFFF),
    st.integers(0, 2),
    st.booleans(),
    st.integers(0, 0xFFFFFFFF),
    st.integers(0, 9),
    st.integers(10, 20),
    st.integers(0, 10**9).map(lambda micros: micros / 1e6),
)


@given(MARKS, st.integers(40, 1_200))
def test_marks_round_trip(mark: Mark, size: int) -> None:
    data = write_mark(mark, size)
    assert len(data) == size
    assert read_mark(data) == mark


@given(MARKS, st.integers(0, 0x7FFF), st.integers(0, 255), st.integers(60, 1_200))
def test_video_payloads_are_vp8_to_the_product_too(
    mark: Mark, picture_id: int, tl0: int, size: int
) -> None:
    payload = write_video(mark, picture_id, tl0, size)
    part = read_video(payload)
    assert (part.mark, part.picture_id, part.tl0picidx) == (mark, picture_id, tl0)
    descriptor = vp8.parse(payload)
    assert descriptor is not None
    assert (descriptor.picture_id, descriptor.tl0picidx) == (picture_id, tl0)
    assert descriptor.start == (mark.packet == 0)
    assert descriptor.keyframe == (mark.key and mark.packet == 0) == begins_keyframe(payload)


@pytest.mark.parametrize("position", [0, 30, 60, 99])
def test_damage_is_noticed(position: int) -> None:
    data = bytearray(write_mark(Mark(1, 2, True, 3, 0, 1, 4.0), 100))
    data[position] ^= 1
    if position < 30:
        with pytest.raises(AssertionError):
            read_mark(bytes(data))
    else:
        with pytest.raises(AssertionError, match="damaged"):
            read_mark(bytes(data))


@pytest.mark.parametrize("padding", [0, 1, 255])
def test_packets_agree_with_the_products_reader(padding: int) -> None:
    extensions = [(1, b"\x85"), (4, b"0"), (10, b"f")]
    payload = b"" if padding == 255 else b"payload"
    data = write_rtp(96, True, 7, 2**32 - 1, 99, extensions, payload, padding)
    mine, theirs = read_rtp(data), RtpPacket.parse(data)
    assert (mine.payload, mine.padding, mine.marker) == (payload, padding, True)
    assert (theirs.payload, theirs.padding, theirs.marker) == (payload, padding, True)
    assert mine.extensions == theirs.extensions == dict(extensions)
    assert (mine.sequence, mine.timestamp, mine.ssrc) == (7, 2**32 - 1, 99)
