"""RTP packets and their header extensions (RFC 3550 5.1, RFC 8285).

Pure: no I/O, no clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from struct import Struct
from typing import Self

FIXED = Struct(">BBHII")
"""First byte, marker and payload type, sequence, timestamp, SSRC."""

_ONE_BYTE_PROFILE = 0xBEDE
_TWO_BYTE_PROFILE = 0x1000
_EXTENSION_HEADER = Struct(">HH")


class RtpError(ValueError):
    """The bytes are not an RTP packet, or a packet cannot be written as asked."""


def header_length(data: bytes) -> int:
    """Length of the header with its CSRCs and extension; raises RtpError when it does not fit."""
    size = len(data)
    if size < 12:
        raise RtpError("shorter than an RTP header")
    first = data[0]
    if first >> 6 != 2:
        raise RtpError("RTP version is not 2")
    length = 12 + ((first & 0x0F) << 2)
    if first & 0x10:
        length += 4
        if length > size:
            raise RtpError("header extension is cut off")
        length += (data[length - 2] << 8 | data[length - 1]) << 2
    if length > size:
        raise RtpError("header is cut off")
    return length


def padding_length(payload: bytes) -> int:
    """Padding bytes at the end of a payload whose packet has the P bit (RFC 3550 5.1)."""
    padding = payload[-1] if payload else 0
    if not 0 < padding <= len(payload):
        raise RtpError("padding length does not fit")
    return padding


def parse_extensions(data: bytes, header_length: int) -> dict[int, bytes]:
    """Elements by id; `header_length` is what the function of that name said of `data`.

    A malformed element ends the reading: what came before it is returned.
    """
    first = data[0]
    if not first & 0x10:
        return {}
    position = 12 + ((first & 0x0F) << 2)
    profile = data[position] << 8 | data[position + 1]
    if profile == _ONE_BYTE_PROFILE:
        return _parse_one_byte(data, position + 4, header_length)
    # RFC 8285 4.3: the low four bits are "appbits", to be ignored.
    if profile & 0xFFF0 == _TWO_BYTE_PROFILE:
        return _parse_two_byte(data, position + 4, header_length)
    return {}


def _parse_one_byte(data: bytes, position: int, end: int) -> dict[int, bytes]:
    elements: dict[int, bytes] = {}
    while position < end:
        head = data[position]
        position += 1
        if head == 0:
            continue
        # RFC 8285 4.2: id 15, and id 0 with a length, stop the processing.
        if head < 0x10 or head >= 0xF0:
            break
        stop = position + (head & 0x0F) + 1
        if stop > end:
            break
        elements[head >> 4] = data[position:stop]
        position = stop
    return elements


def _parse_two_byte(data: bytes, position: int, end: int) -> dict[int, bytes]:
    elements: dict[int, bytes] = {}
    while position < end:
        identifier = data[position]
        position += 1
        if identifier == 0:
            continue
        if position == end:
            break
        stop = position + 1 + data[position]
        if stop > end:
            break
        elements[identifier] = data[position + 1 : stop]
        position = stop
    return elements


def build_extensions(elements: Sequence[tuple[int, bytes]]) -> bytes:
    """The extension with its 4-byte header, in the one-byte form when every element fits it."""
    if not elements:
        return b""
    profile = _ONE_BYTE_PROFILE
    for identifier, value in elements:
        if not 0 < identifier < 256 or len(value) > 255:
            raise RtpError("extension element does not fit either form")
        if identifier > 14 or not 0 < len(value) <= 16:
            profile = _TWO_BYTE_PROFILE
    body = bytearray()
    for identifier, value in elements:
        if profile == _ONE_BYTE_PROFILE:
            body.append(identifier << 4 | len(value) - 1)
        else:
            body.append(identifier)
            body.append(len(value))
        body += value
    body += bytes(-len(body) & 3)
    return _EXTENSION_HEADER.pack(profile, len(body) >> 2) + body


def abs_send_time(now: float) -> int:
    """Seconds as the 24-bit 6.18 fixed point of the abs-send-time extension; wraps at 64 s."""
    return int(now * 262144) & 0xFFFFFF


@dataclass(slots=True)
class RtpPacket:
    """A packet taken apart, for slow paths; CSRCs are read over and not kept."""

    marker: bool
    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    extensions: dict[int, bytes] = field(default_factory=dict)
    payload: bytes = b""
    padding: int = 0

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Raises RtpError when the bytes are not a packet."""
        length = header_length(data)
        first, second, sequence, timestamp, ssrc = FIXED.unpack_from(data)
        payload = data[length:]
        padding = padding_length(payload) if first & 0x20 else 0
        return cls(
            marker=second > 0x7F,
            payload_type=second & 0x7F,
            sequence=sequence,
            timestamp=timestamp,
            ssrc=ssrc,
            extensions=parse_extensions(data, length),
            payload=payload[: len(payload) - padding],
            padding=padding,
        )

    def build(self) -> bytes:
        """The packet's bytes; raises RtpError when the padding or an extension does not fit."""
        if not 0 <= self.padding <= 255:
            raise RtpError("padding length does not fit")
        extension = build_extensions(tuple(self.extensions.items()))
        first = 0x80 | (0x20 if self.padding else 0) | (0x10 if extension else 0)
        second = (0x80 if self.marker else 0) | self.payload_type
        header = FIXED.pack(first, second, self.sequence, self.timestamp, self.ssrc)
        tail = bytes(self.padding - 1) + bytes((self.padding,)) if self.padding else b""
        return header + extension + self.payload + tail
