"""VP8 pictures as payloads: near-equal parts behind Chromium's descriptors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.media.packets import MAX_DATA, MAX_PAYLOAD, CutPicture, cut, cut_picture, payloads
from loadtest.media.stamp import PLACE, SIZE
from sfu.wire import vp8


@given(st.integers(1, 20_000))
def test_parts_differ_by_at_most_a_byte_smaller_ones_first(size: int) -> None:
    data = bytes(n & 0xFF for n in range(size))
    parts = cut(data)
    sizes = [len(part) for part in parts]
    assert b"".join(parts) == data
    assert sizes == sorted(sizes)
    assert sizes[-1] - sizes[0] <= 1
    assert len(parts) == -(-size // MAX_DATA)
    assert sizes[-1] <= MAX_DATA


def test_the_place_for_a_stamp_is_at_the_pictures_end_even_across_a_cut() -> None:
    for size in (1, MAX_DATA - SIZE, MAX_DATA - SIZE + 1, MAX_DATA - 1, MAX_DATA, 3 * MAX_DATA):
        picture = cut_picture(bytes(size), 0, False)
        assert picture.parts[-1].endswith(PLACE)
        assert b"".join(picture.parts) == bytes(size) + PLACE


def test_an_empty_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one byte"):
        cut_picture(b"", 0, False)


@pytest.mark.parametrize(
    ("temporal_id", "sync", "first", "layer"),
    [(0, False, 0x90, 0x00), (1, True, 0x90, 0x60), (2, False, 0xB0, 0x80), (2, True, 0xB0, 0xA0)],
)
def test_descriptors_are_chromiums(temporal_id: int, sync: bool, first: int, layer: int) -> None:
    """The first and last bytes as in the recording: N for the top layer, TID and Y at the end."""
    made = payloads(cut_picture(bytes(2000), temporal_id, sync), 0x7FFF, 255)
    assert made[0][:6] == bytes((first, 0xE0, 0xFF, 0xFF, 255, layer))
    assert made[1][:6] == bytes((first & ~0x10, 0xE0, 0xFF, 0xFF, 255, layer))
    assert max(map(len, made)) <= MAX_PAYLOAD


def test_the_sfu_reads_what_was_written() -> None:
    key, delta = bytes(3000), b"\x01" * 3000
    for data, keyframe in ((key, True), (delta, False)):
        picture = cut_picture(data, 1, False)
        assert picture.keyframe == keyframe
        for number, payload in enumerate(payloads(picture, 300, 17)):
            read = vp8.parse(payload)
            assert read is not None
            assert (read.start, read.keyframe) == (number == 0, number == 0 and keyframe)
            assert (read.picture_id, read.tl0picidx) == (300, 17)
            assert read.temporal_id == 1


def test_a_picture_of_one_part_is_one_payload() -> None:
    assert len(payloads(CutPicture(True, 0, False, (b"\x00" + PLACE,)), 1, 1)) == 1
