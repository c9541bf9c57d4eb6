"""The VP8 payload descriptor: reading it, and renumbering pictures in place (RFC 7741 4.2).

Pure: no I/O, no clock.
"""

from dataclasses import dataclass
from struct import Struct

_PICTURE_ID = Struct(">H")
_PICTURE_ID_TL0 = Struct(">HB")
_SIZE = Struct("<HH")


@dataclass(slots=True)
class Vp8Descriptor:
    """The fields of a payload's descriptor that forwarding needs; None where one is absent."""

    start: bool
    """The first packet of a frame."""
    picture_id: int | None
    tl0picidx: int | None
    temporal_id: int | None
    keyframe: bool
    """The first packet of a key frame."""
    size: int
    """Bytes of the descriptor; the VP8 data follows."""


def parse(payload: bytes) -> Vp8Descriptor | None:
    """None when the descriptor is cut off or nothing follows it."""
    end = len(payload)
    if end < 2:
        return None
    first = payload[0]
    if first < 0x80:
        start = first & 0x17 == 0x10  # S bit and partition index 0
        key = start and not payload[1] & 1
        return Vp8Descriptor(start, None, None, None, key, 1)
    return _parse_extended(payload, first, end)


def _parse_extended(payload: bytes, first: int, end: int) -> Vp8Descriptor | None:
    flags = payload[1]
    position = 2
    picture_id = tl0picidx = temporal_id = None
    # The longest descriptor is 6 bytes: padding a short payload lets every field be read
    # unchecked, and one comparison at the end tells whether they were there.
    head = payload if end > 6 else payload + bytes(6)
    if flags & 0x80:
        picture_id = head[2]
        if picture_id > 0x7F:
            picture_id = (picture_id & 0x7F) << 8 | head[3]
            position = 4
        else:
            position = 3
    if flags & 0x40:
        tl0picidx = head[position]
        position += 1
    if flags & 0x30:
        if flags & 0x20:
            temporal_id = head[position] >> 6
        position += 1
    if position >= end:
        return None
    start = first & 0x17 == 0x10  # S bit and partition index 0
    # RFC 7741 4.3: the P bit of the payload header is 0 for a key frame.
    key = start and not payload[position] & 1
    return Vp8Descriptor(start, picture_id, tl0picidx, temporal_id, key, position)


def keyframe_size(payload: bytes, descriptor: Vp8Descriptor) -> tuple[int, int] | None:
    """Width and height from a key frame's first packet (RFC 6386 9.1); None when cut off.

    After the 3-byte frame tag and the start code come 14 bits each, below 2 bits of scaling.
    """
    start = descriptor.size + 3
    if payload[start : start + 3] != b"\x9d\x01\x2a" or len(payload) < start + 7:
        return None
    width, height = _SIZE.unpack_from(payload, start + 3)
    return width & 0x3FFF, height & 0x3FFF


def rewrite(payload: bytes, picture_id: int, tl0picidx: int) -> bytes:
    """The payload with these numbers, cut to their widths, in the fields that it has. Its
    descriptor must be whole: `parse` has found one."""
    if payload[0] < 0x80:
        return payload
    flags = payload[1]
    if flags & 0x80 and payload[2] & 0x80:
        number = 0x8000 | picture_id & 0x7FFF
        if flags & 0x40:
            fields = _PICTURE_ID_TL0.pack(number, tl0picidx & 0xFF)
            return payload[:2] + fields + payload[5:]
        return payload[:2] + _PICTURE_ID.pack(number) + payload[4:]
    copy = bytearray(payload)
    position = 2
    if flags & 0x80:
        copy[position] = picture_id & 0x7F
        position += 1
    if flags & 0x40:
        copy[position] = tl0picidx & 0xFF
    return bytes(copy)
