"""What all copies of a packet share, and the copy that repeats one.

Pure: no I/O, no clock.
"""

from collections.abc import Sequence

from sfu.srtp.headers import FIXED_HEADER, PacketFields, seal_each
from sfu.srtp.index_space import IndexSpace, StreamMapping
from sfu.wire.packet import EXTENSION, ExtensionProfile, Forwarded, Packet
from sfu.wire.rtp import build_extensions

Datagram = bytes
NO_EXTENSIONS: ExtensionProfile = (0, 0)


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
    prepared = Prepared((packet,), mapping.profile)
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
    [block] = prepared.extensions
    header_length = FIXED_HEADER + len(block)
    datagram = bytearray(header_length + len(payload) + space.tag_length)
    datagram[FIXED_HEADER:header_length] = block
    view = memoryview(datagram)
    place = (payload, view[:header_length], view[header_length:])
    seal_each((context,), prepared.fields, iter((place,)))
    return bytes(datagram)
