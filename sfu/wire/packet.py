"""One received media packet, parsed once and shared by every subscriber and by the history.

Pure: no I/O, no clock.
"""

from dataclasses import dataclass

VERSION = 0x80
PADDING = 0x20
EXTENSION = 0x10
MARKER = 0x80

# A packet that has to keep its place in the sequence although it carries nothing:
# RFC 3550 5.1, the last octet counts the padding, itself included.
PADDING_PAYLOAD = b"\x01"

ExtensionProfile = tuple[int, int]  # (abs-send-time id, video-orientation id); 0: not negotiated
# The running numbers in a payload that a receiver expects to go on, such as VP8's picture id and
# TL0PICIDX; None for one that the packet does not have, () for a payload without any.
Numbers = tuple[int | None, ...]
Offsets = tuple[int, ...]  # from the numbers that a layer has to those of a slot; (): the same


@dataclass(slots=True)
class Packet:
    """A packet as forwarding needs it; nothing in it belongs to one subscriber.

    index: compact index (the sequence number extended to 48 bits, gaps of dropped probes closed).
    timestamp: the publisher's RTP timestamp. marker: 0x80 or 0. flags: first octet without
    the extension bit. starts: a subscriber may begin with this packet (first packet of a
    key frame; any audio packet). height: of the picture that begins here, in pixels; 0 when the
    packet does not tell. orientation: the CVO octet (3GPP TS 26.114) or None.
    stamp: abs-send-time of the batch that forwarded it; 0 before.
    """

    index: int
    timestamp: int
    marker: int
    payload: bytes
    flags: int = VERSION
    starts: bool = False
    numbers: Numbers = ()
    height: int = 0
    orientation: bytes | None = None
    stamp: int = 0


class Forwarded(Packet):
    """A packet that was forwarded; only sfu.srtp.nonces.Ledger makes one.

    It can't be changed: sent again under the same number it must be the same in every byte.
    """

    __slots__ = ()

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a forwarded packet can't be changed: {name}")
