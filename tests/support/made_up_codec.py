"""A codec that does not exist: all that a new one takes is a file like this one.

A payload is a byte with flags (1: key frame, 2: the first packet of a picture), 16 bits of picture
number, 16 bits of height, and the rest. Pure: no I/O, no clock.
"""

from collections.abc import Mapping
from struct import Struct

from sfu.codecs.payload_format import PayloadFormat
from sfu.wire.packet import Offsets, Packet

HEAD = Struct(">BHH")
KEY, FIRST = 1, 2


class MadeUp(PayloadFormat):
    """Its running number is the picture number."""

    name = "MADEUP"
    kind = "video"
    clock_rate = 90_000
    moduli = (0x10000,)

    def rank(self, parameters: Mapping[str, str]) -> int:
        return int(parameters.get("level", "1"))

    def answer_parameters(self, parameters: Mapping[str, str], *, stereo: bool) -> str:
        return f"level={parameters['level']}"

    def describe(self, packet: Packet) -> None:
        flags, number, height = HEAD.unpack_from(packet.payload)
        packet.numbers = (number,)
        if flags == KEY | FIRST:
            packet.starts, packet.height = True, height

    def can_skip(self, payload: bytes) -> bool:
        return not payload[0] & FIRST

    def rewrite(self, packet: Packet, offsets: Offsets) -> bytes:
        if not offsets:
            return packet.payload
        flags, number, height = HEAD.unpack_from(packet.payload)
        moved = HEAD.pack(flags, (number + offsets[0]) & 0xFFFF, height)
        return moved + packet.payload[HEAD.size :]


def write(number: int, *, key: bool = False, first: bool = True, height: int = 180) -> bytes:
    """One packet's payload."""
    flags = (KEY if key else 0) | (FIRST if first else 0)
    return HEAD.pack(flags, number, height) + b"picture"


def picture_number(payload: bytes) -> int:
    """The number of a payload's picture."""
    number: int = HEAD.unpack_from(payload)[1]
    return number
