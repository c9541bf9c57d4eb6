"""Reads the pixels of a screenshot: 8-bit RGB or RGBA, not interlaced (PNG, third edition).

Pure: no I/O, no clock.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {2: 3, 6: 4}


@dataclass(slots=True)
class Picture:
    """Rows of interleaved samples."""

    width: int
    height: int
    channels: int
    rows: list[bytes]

    def samples(self, step: int = 8) -> Iterator[tuple[int, int, int]]:
        """The colour of every step-th pixel both ways."""
        for row in self.rows[::step]:
            for x in range(0, self.width * self.channels, step * self.channels):
                yield row[x], row[x + 1], row[x + 2]

    def share(self, *, brighter_than: int) -> float:
        """The part of the pixels whose strongest colour is above a value of 0 to 255."""
        seen = [max(colour) > brighter_than for colour in self.samples()]
        return sum(seen) / len(seen)

    def colours(self) -> int:
        """How many different colours there are, by the upper four bits of each sample."""
        return len({(r >> 4, g >> 4, b >> 4) for r, g, b in self.samples()})


def read(data: bytes) -> Picture:
    """Raises ValueError for anything but the kind of PNG a browser's screenshot is."""
    if not data.startswith(_SIGNATURE):
        raise ValueError("not a PNG")
    header, packed = b"", b""
    for kind, body in _chunks(data):
        if kind == b"IHDR":
            header = body
        elif kind == b"IDAT":
            packed += body
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    if depth != 8 or interlaced or colour not in _CHANNELS:
        raise ValueError(f"unsupported PNG: depth {depth}, colour type {colour}")
    channels = _CHANNELS[colour]
    return Picture(width, height, channels, _unfiltered(zlib.decompress(packed), width, channels))


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        yield kind, data[at + 8 : at + 8 + length]
        at += 12 + length


def _unfiltered(raw: bytes, width: int, channels: int) -> list[bytes]:
    size = width * channels
    rows: list[bytes] = []
    above = bytes(size)
    for at in range(0, len(raw), size + 1):
        row = bytearray(raw[at + 1 : at + 1 + size])
        _FILTERS[raw[at]](row, above, channels)
        above = bytes(row)
        rows.append(above)
    return rows


def _none(row: bytearray, above: bytes, channels: int) -> None:
    pass


def _sub(row: bytearray, above: bytes, channels: int) -> None:
    for i in range(channels, len(row)):
        row[i] = (row[i] + row[i - channels]) & 255


def _up(row: bytearray, above: bytes, channels: int) -> None:
    for i, sample in enumerate(above):
        row[i] = (row[i] + sample) & 255


def _average(row: bytearray, above: bytes, channels: int) -> None:
    for i, sample in enumerate(above):
        left = row[i - channels] if i >= channels else 0
        row[i] = (row[i] + (left + sample) // 2) & 255


def _paeth(row: bytearray, above: bytes, channels: int) -> None:
    for i, b in enumerate(above):
        a, c = (row[i - channels], above[i - channels]) if i >= channels else (0, 0)
        near_a, near_b, near_c = abs(b - c), abs(a - c), abs(a + b - 2 * c)
        nearest = a if near_a <= near_b and near_a <= near_c else b if near_b <= near_c else c
        row[i] = (row[i] + nearest) & 255


_FILTERS = (_none, _sub, _up, _average, _paeth)
