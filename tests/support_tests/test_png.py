"""The little PNG reader reads what an independent filterer wrote."""

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import png


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body), kind) + body + struct.pack(">I", zlib.crc32(kind + body))


def predicted(kind: int, left: int, above: int, corner: int) -> int:
    """What filter `kind` subtracts from a sample (PNG section 9)."""
    if kind == 4:
        estimate = left + above - corner
        return min((left, above, corner), key=lambda sample: abs(estimate - sample))
    return (0, left, above, (left + above) // 2)[kind]


def written(rows: list[bytes], filters: list[int], channels: int) -> bytes:
    """A PNG of these rows, each with its own filter."""
    raw = bytearray()
    above = bytes(len(rows[0]))
    for row, kind in zip(rows, filters, strict=True):
        raw.append(kind)
        for i, sample in enumerate(row):
            left = row[i - channels] if i >= channels else 0
            corner = above[i - channels] if i >= channels else 0
            raw.append((sample - predicted(kind, left, above[i], corner)) & 255)
        above = row
    colour = {3: 2, 4: 6}[channels]
    header = struct.pack(">IIBBBBB", len(rows[0]) // channels, len(rows), 8, colour, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(raw))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@given(st.data(), st.sampled_from([3, 4]), st.integers(1, 5))
def test_pixels_survive_every_filter(data: st.DataObject, channels: int, width: int) -> None:
    size = width * channels
    rows = data.draw(st.lists(st.binary(min_size=size, max_size=size), min_size=1, max_size=5))
    filters = data.draw(st.lists(st.integers(0, 4), min_size=len(rows), max_size=len(rows)))
    picture = png.read(written(rows, filters, channels))
    assert (picture.width, picture.height, picture.rows) == (width, len(rows), rows)


def test_a_black_picture_has_no_bright_share_and_one_colour() -> None:
    picture = png.read(written([bytes(48)] * 16, [0] * 16, 3))
    assert (picture.share(brighter_than=16), picture.colours()) == (0, 1)


def test_half_a_white_picture_is_half_bright() -> None:
    picture = png.read(written([b"\xff" * 48] * 8 + [bytes(48)] * 8, [0] * 16, 3))
    assert (picture.share(brighter_than=16), picture.colours()) == (0.5, 2)


def test_other_data_is_refused() -> None:
    with pytest.raises(ValueError, match="not a PNG"):
        png.read(b"GIF89a")
