"""The parts that all copies of a packet share, and the copy that repeats one.

Pure: no I/O, no clock.
"""

from collections.abc import Sequence

from sfu.srtp.headers import FIXED_HEADER, PacketFields, seal_each
from sfu.srtp.index_space import IndexSpace, StreamMapping
from sfu.wire.packet import EXTENSION, ExtensionProfile, Forwarded, Packet
from sfu.wire.rtp import build_extensions

Datagram = bytes
NO_EXTENSIONS: ExtensionProfile = (0, 0)
_STAMP_ALONE = 0xBEDE_0001 << 32 | 2 << 24  # RFC 8285 4.2: a word of elements; three bytes of data


class Prepared:
    """Packets as the subscribers of one extension profile get them, by column."""

    __slots__ = ("extensions", "fields", "payloads")

    def __init__(self, packets: Sequence[Packet], profile: ExtensionProfile) -> None:
        self.payloads = [packet.payload for packet in packets]
        if profile == NO_EXTENSIONS:
            self.fields: list[PacketFields] = [
                (p.index, p.flags, p.marker, p.timestamp) for p in packets
            ]
            self.extensions = [b""] * len(packets)
            return
        self.extensions = _extensions(packets, profile)
        self.fields = [
            (p.index, p.flags | EXTENSION if block else p.flags, p.marker, p.timestamp)
            for p, block in zip(packets, self.extensions, strict=True)
        ]


def _extensions(packets: Sequence[Packet], profile: ExtensionProfile) -> list[bytes]:
    """Each packet's extension block; built once for all that carry the same."""
    built: dict[tuple[int, bytes | None], bytes] = {}
    blocks = []
    for packet in packets:
        key = (packet.stamp, packet.orientation)
        block = built.get(key)
        if block is None:
            block = built[key] = _extension_block(packet, profile)
        blocks.append(block)
    return blocks


def _extension_block(packet: Packet, profile: ExtensionProfile) -> bytes:
    stamp_id, orientation_id = profile
    turned = orientation_id and packet.orientation is not None
    if 0 < stamp_id < 15 and not turned:  # the usual block: one element in the one-byte form
        return (_STAMP_ALONE | stamp_id << 28 | packet.stamp).to_bytes(8, "big")
    elements = []
    if stamp_id:
        elements.append((stamp_id, packet.stamp.to_bytes(3, "big")))
    if orientation_id and packet.orientation is not None:
        elements.append((orientation_id, packet.orientation))
    return build_extensions(elements)


def retransmit(
    space: IndexSpace,
    rtx_space: IndexSpace,
    out: int,
    mapping: StreamMapping,
    packet: Forwarded,
) -> Datagram | None:
    """The datagram that repeats a packet: by RTX (RFC 4588) where negotiated.

    `out` is the index in `space` that the packet was sent under. Without RTX the packet and the
    mapping, which can't be changed, make the same datagram again. None when the indices of
    `rtx_space` are used up.
    """
    payload = mapping.layer.payload_format.rewrite(packet, mapping.number_offsets)
    payload_type = mapping.rtx_payload_type
    if payload_type is None:
        context = space.context(
            mapping.sequence_offset, mapping.timestamp_offset, mapping.payload_type
        )
    else:
        index = rtx_space.take()
        if index is None:
            return None
        offset = index - packet.index
        context = rtx_space.context(offset, mapping.timestamp_offset, payload_type)
        payload = (out & 0xFFFF).to_bytes(2, "big") + payload
    block = _extension_block(packet, mapping.profile)
    flags = packet.flags | EXTENSION if block else packet.flags
    middle = FIXED_HEADER + len(block)
    datagram = bytearray(middle + len(payload) + space.tag_length)
    datagram[FIXED_HEADER:middle] = block
    view = memoryview(datagram)
    fields = (packet.index, flags, packet.marker, packet.timestamp)
    seal_each((context,), (fields,), iter(((payload, view[:middle], view[middle:]),)))
    return bytes(datagram)
