"""The frame that every RTCP packet shares (RFC 3550 6.4).

Pure: no I/O, no clock.
"""

from collections.abc import Iterator
from struct import Struct

HEADER = Struct(">BBH")
WORD = Struct(">I")
MAX_COUNT = 31
"""The largest value of a header's five-bit count."""


class RtcpError(ValueError):
    """The bytes are not RTCP, or a packet cannot be written as asked."""


def frame(packet_type: int, count: int, body: bytes, padding: int = 0) -> bytes:
    """A header in front of `body`, whose length with `padding` is a multiple of four."""
    if count > MAX_COUNT:
        raise RtcpError("more entries than one RTCP packet holds")
    words = (len(body) + padding) >> 2
    if words > 0xFFFF:
        raise RtcpError("longer than one RTCP packet can be")
    first = 0x80 | (0x20 if padding else 0) | count
    tail = bytes(padding - 1) + bytes((padding,)) if padding else b""
    return HEADER.pack(first, packet_type, words) + body + tail


def split(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(packet type, count, body without padding) of each packet in a datagram."""
    position, size = 0, len(data)
    if not size:
        raise RtcpError("empty")
    while position < size:
        if position + 4 > size:
            raise RtcpError("header is cut off")
        first, packet_type, words = HEADER.unpack_from(data, position)
        if first >> 6 != 2:
            raise RtcpError("RTCP version is not 2")
        end = position + 4 + (words << 2)
        if end > size:
            raise RtcpError("body is cut off")
        body = data[position + 4 : end]
        yield packet_type, first & 0x1F, _without_padding(body) if first & 0x20 else body
        position = end


def _without_padding(body: bytes) -> bytes:
    # RFC 3550 6.4.1 wants a multiple of four, on the last packet only. Browsers pad their
    # transport-wide feedback to the next word with fewer, so any length that fits will do.
    padding = body[-1] if body else 0
    if not 0 < padding <= len(body):
        raise RtcpError("padding length does not fit")
    return body[:-padding]
