"""Synthetic media whose payloads say where they come from, and the reading of them.

A VP8 payload has a real descriptor (RFC 7741 4.2, in the form Chromium sends) and a real
payload header, then a mark: publisher, layer, frame and packet numbers, capture time, and a
checksum over the rest. An audio payload has the mark alone. Pure: no I/O, no clock.
"""

import zlib
from dataclasses import dataclass
from struct import Struct
from typing import NamedTuple

HEIGHTS = (180, 360, 720)
RTP_HEADER = Struct(">BBHII")
_MARK = Struct(">4sHBBIBBQI")  # …, capture time in µs, checksum of what follows
_MAGIC = b"mark"
_DESCRIPTOR = Struct(">BBHBB")
_EXTENDED, _START = 0x80, 0x10
_PICTURE_TL0_TID = 0xE0
_FILLER = bytes(range(256)) * 8


class Mark(NamedTuple):
    """Where a packet comes from."""

    publisher: int
    layer: int
    key: bool
    frame: int
    packet: int
    packets: int
    captured: float


@dataclass(slots=True)
class RtpFields:
    """A packet taken apart by the receiving end of the tests."""

    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    extensions: dict[int, bytes]
    payload: bytes
    padding: int


@dataclass(slots=True)
class VideoPart:
    """One VP8 packet as a subscriber reads it."""

    start: bool
    picture_id: int
    tl0picidx: int
    temporal_id: int
    key: bool
    mark: Mark


def write_mark(mark: Mark, size: int) -> bytes:
    """The mark and filler, `size` bytes in all."""
    filler = _FILLER[mark.frame & 0xFF :][: max(0, size - _MARK.size)]
    micros = round(mark.captured * 1e6)
    fields = (mark.publisher, mark.layer, mark.key, mark.frame, mark.packet, mark.packets, micros)
    return _MARK.pack(_MAGIC, *fields, zlib.crc32(filler)) + filler


def read_mark(data: bytes) -> Mark:
    """Raises AssertionError when the bytes are not what some publisher wrote."""
    magic, publisher, layer, key, frame, packet, packets, micros, checksum = _MARK.unpack_from(data)
    assert magic == _MAGIC, "payload is not marked"
    assert zlib.crc32(data[_MARK.size :]) == checksum, "payload is damaged"
    return Mark(publisher, layer, bool(key), frame, packet, packets, micros / 1e6)


def write_video(mark: Mark, picture_id: int, tl0picidx: int, size: int) -> bytes:
    """One packet's payload of a frame; its first packet has the VP8 payload header."""
    start = mark.packet == 0
    descriptor = _DESCRIPTOR.pack(
        _EXTENDED | (_START if start else 0),
        _PICTURE_TL0_TID,
        0x8000 | picture_id & 0x7FFF,
        tl0picidx & 0xFF,
        0x20,
    )
    header = _payload_header(mark) if start else b""
    return descriptor + header + write_mark(mark, size - len(descriptor) - len(header))


def _payload_header(mark: Mark) -> bytes:
    """RFC 6386 9.1: frame tag; a key frame has its start code and size behind it."""
    if not mark.key:
        return b"\x11\x00\x00"
    height = HEIGHTS[mark.layer]
    width = height * 16 // 9
    return b"\x10\x00\x00\x9d\x01\x2a" + width.to_bytes(2, "little") + height.to_bytes(2, "little")


def read_video(payload: bytes) -> VideoPart:
    first, flags, picture, tl0picidx, layer_byte = _DESCRIPTOR.unpack_from(payload)
    assert first & 0xEF == _EXTENDED, f"descriptor begins with {first:#x}"
    assert flags == _PICTURE_TL0_TID, f"descriptor has flags {flags:#x}"
    assert picture & 0x8000, "picture id is not in its long form"
    start = bool(first & _START)
    position = _DESCRIPTOR.size
    key = start and not payload[position] & 1
    if start:
        position += 10 if key else 3
    mark = read_mark(payload[position:])
    return VideoPart(start, picture & 0x7FFF, tl0picidx, layer_byte >> 6, key, mark)


def begins_keyframe(payload: bytes) -> bool:
    """The first packet of a key frame, by descriptor and payload header."""
    size = _DESCRIPTOR.size
    return len(payload) > size and payload[0] & 0x17 == _START and not payload[size] & 1


def write_rtp(
    payload_type: int,
    marker: bool,
    sequence: int,
    timestamp: int,
    ssrc: int,
    extensions: list[tuple[int, bytes]],
    payload: bytes,
    padding: int = 0,
) -> bytes:
    """A packet with one-byte header extensions (RFC 8285 4.2)."""
    elements = b"".join(bytes([n << 4 | len(value) - 1]) + value for n, value in extensions)
    elements += bytes(-len(elements) % 4)
    first = 0x80 | (0x10 if elements else 0) | (0x20 if padding else 0)
    header = RTP_HEADER.pack(
        first, marker << 7 | payload_type, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc
    )
    if elements:
        header += b"\xbe\xde" + (len(elements) // 4).to_bytes(2, "big") + elements
    return header + payload + (bytes(padding - 1) + bytes([padding]) if padding else b"")


def read_rtp(data: bytes) -> RtpFields:
    first, second, sequence, timestamp, ssrc = RTP_HEADER.unpack_from(data)
    assert first >> 6 == 2
    assert first & 0x0F == 0, "contributing sources are not expected"
    position = 12
    extensions: dict[int, bytes] = {}
    if first & 0x10:
        assert data[12:14] == b"\xbe\xde", "one-byte header extensions are expected"
        position = 16 + 4 * int.from_bytes(data[14:16], "big")
        extensions = _read_extensions(data[16:position])
    padding = data[-1] if first & 0x20 else 0
    payload = data[position : len(data) - padding]
    assert position + padding <= len(data), "padding is longer than the packet"
    return RtpFields(
        second & 0x7F, second > 0x7F, sequence, timestamp, ssrc, extensions, payload, padding
    )


def _read_extensions(data: bytes) -> dict[int, bytes]:
    elements: dict[int, bytes] = {}
    position = 0
    while position < len(data):
        if not data[position]:
            position += 1
            continue
        end = position + 2 + (data[position] & 0x0F)
        assert end <= len(data), "header extension element is cut off"
        elements[data[position] >> 4] = data[position + 1 : end]
        position = end
    return elements
