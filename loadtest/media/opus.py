"""Opus packets with room in them for a stamp (RFC 6716 3.2.5).

Pure: no I/O, no clock.
"""

from loadtest.media.stamp import PLACE, SIZE

_CODE = 0x03
_ONE_FRAME_PADDED = 0x40 | 1


def with_place(packet: bytes) -> bytes:
    """A packet of one frame (code 0) as a padded one (code 3); the padding is a stamp's place.

    Raises ValueError for a packet of another kind.
    """
    if len(packet) < 2 or packet[0] & _CODE:
        raise ValueError("not an Opus packet of one frame")
    head = bytes((packet[0] | _CODE, _ONE_FRAME_PADDED, SIZE))
    return head + packet[1:] + PLACE


def dtx(packet: bytes) -> bytes:
    """The last packet before a pause has no frame, so it has no stamp either (RFC 6716 3.1)."""
    return bytes((packet[0] & ~_CODE,))
