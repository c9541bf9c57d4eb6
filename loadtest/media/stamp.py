"""When a frame was sent, written into its last packet: how a receiver knows its latency.

The stamp is the end of the payload: a magic number, then nanoseconds. It lies where decoders do not
look: behind the last partition of a VP8 frame (RFC 6386 9.5: its size is not written, its decoder
stops by itself), and in the padding of an Opus packet (RFC 6716 3.2.5).

Pure: no I/O, no clock.
"""

from struct import Struct

MAGIC = b"\xa5LC\x5a"
_NANOSECONDS = Struct(">Q")
_WIDTH = _NANOSECONDS.size
SIZE = len(MAGIC) + _WIDTH
PLACE = MAGIC + bytes(_WIDTH)
"""The last bytes of a payload that can be stamped."""


def put_stamp(payload: bytes, ns: int) -> bytes:
    """The payload with its stamp filled in; as it is when it has no place for one."""
    if payload[-SIZE:-_WIDTH] != MAGIC:
        return payload
    return payload[:-_WIDTH] + _NANOSECONDS.pack(ns)


def read_stamp(payload: bytes) -> int | None:
    """The nanoseconds in the payload's stamp; None when it has none, or an empty one."""
    if payload[-SIZE:-_WIDTH] != MAGIC:
        return None
    ns: int = _NANOSECONDS.unpack_from(payload, len(payload) - _WIDTH)[0]
    return ns or None
