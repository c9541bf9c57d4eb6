"""VP8 pictures as RTP payloads, cut and described the way Chromium does it (RFC 7741 4.2).

A picture becomes packets whose sizes differ by at most one byte, the smaller ones first, each
behind a descriptor of six bytes: 15-bit picture id, TL0PICIDX, temporal layer.

Pure: no I/O, no clock.
"""

from dataclasses import dataclass
from itertools import pairwise
from struct import Struct

from loadtest.media.stamp import PLACE

MAX_PAYLOAD = 1176
"""Bytes; the longest payload in the recording of Chromium."""
TOP_TEMPORAL_LAYER = 2
_DESCRIPTOR = Struct(">BBHBB")
_EXTENDED, _UNREFERENCED, _START = 0x80, 0x20, 0x10
_HAS_ID_TL0_TID = 0xE0
_LONG_ID = 0x8000
_SYNC = 0x20
MAX_DATA = MAX_PAYLOAD - _DESCRIPTOR.size


@dataclass(frozen=True, slots=True)
class CutPicture:
    """An encoded picture, ready to go: the data of each of its packets."""

    keyframe: bool
    temporal_id: int
    sync: bool
    """It needs only the base layer's picture before it (the Y bit)."""
    parts: tuple[bytes, ...]


def cut(data: bytes) -> tuple[bytes, ...]:
    """As few near-equal parts as the payload's limit allows, smaller ones first."""
    count = -(-len(data) // MAX_DATA)
    size, longer = divmod(len(data), count)
    shorter = count - longer
    edges = [n * size + max(0, n - shorter) for n in range(count + 1)]
    return tuple(data[start:end] for start, end in pairwise(edges))


def cut_picture(data: bytes, temporal_id: int, sync: bool) -> CutPicture:
    """One picture with the place for a stamp behind its last partition.

    Raises ValueError when there is no picture.
    """
    if not data:
        raise ValueError("a VP8 picture has at least one byte")
    return CutPicture(not data[0] & 1, temporal_id, sync, cut(data + PLACE))


def payloads(picture: CutPicture, picture_id: int, tl0picidx: int) -> list[bytes]:
    """The payloads of one picture, numbered."""
    kind = _EXTENDED | (_UNREFERENCED if picture.temporal_id == TOP_TEMPORAL_LAYER else 0)
    layer = picture.temporal_id << 6 | (_SYNC if picture.sync else 0)
    number = _LONG_ID | picture_id
    first = _DESCRIPTOR.pack(kind | _START, _HAS_ID_TL0_TID, number, tl0picidx, layer)
    later = bytes((kind,)) + first[1:]
    parts = picture.parts
    return [first + parts[0], *[later + part for part in parts[1:]]]
