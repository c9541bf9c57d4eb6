"""VP8 (RFC 7741). Pure: no I/O, no clock."""

from sfu.codecs.payload_format import PayloadFormat
from sfu.wire import vp8
from sfu.wire.packet import Offsets, Packet


class Vp8(PayloadFormat):
    """Its running numbers are the picture id and TL0PICIDX."""

    name = "VP8"
    kind = "video"
    clock_rate = 90_000
    moduli = (0x8000, 0x100)

    def describe(self, packet: Packet) -> None:
        """As PayloadFormat. Only a key frame's first packet tells the height."""
        payload = packet.payload
        descriptor = vp8.parse(payload)
        if descriptor is None:
            return
        picture_id, tl0picidx = descriptor.picture_id, descriptor.tl0picidx
        if picture_id is not None or tl0picidx is not None:
            packet.numbers = (picture_id, tl0picidx)
        if descriptor.keyframe:
            packet.starts = True
            size = vp8.keyframe_size(payload, descriptor)
            if size is not None:
                packet.height = min(size)

    def can_skip(self, payload: bytes) -> bool:
        """As PayloadFormat: the S bit and partition index 0 mark a frame's first packet."""
        return payload[0] & 0x17 != 0x10

    def rewrite(self, packet: Packet, offsets: Offsets) -> bytes:
        """As PayloadFormat."""
        if not offsets or not packet.numbers:
            return packet.payload
        picture_id, tl0picidx = packet.numbers
        return vp8.rewrite(
            packet.payload, (picture_id or 0) + offsets[0], (tl0picidx or 0) + offsets[1]
        )
