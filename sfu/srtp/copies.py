"""Single copies: what all copies of a packet share, and sealing for one subscriber at a time.

Pure: no I/O, no clock.
"""

from collections.abc import Iterable

from sfu.srtp.index_space import IndexSpace, StreamMapping
from sfu.wire import vp8
from sfu.wire.packet import EXTENSION, ExtensionProfile, Forwarded, Packet
from sfu.wire.rtp import FIXED, build_extensions

Datagram = bytes
# index, flags with the extension bit, marker, timestamp, extension block, payload
Prepared = tuple[int, int, int, int, bytes, bytes]


def prepare(packets: Iterable[Packet], profile: ExtensionProfile) -> list[Prepared]:
    """What all copies of one extension profile share."""
    stamp_id, orientation_id = profile
    if not stamp_id and not orientation_id:
        return [(p.index, p.flags, p.marker, p.timestamp, b"", p.payload) for p in packets]
    shared: dict[tuple[int, bytes | None], bytes] = {}
    prepared = []
    for p in packets:
        key = (p.stamp, p.orientation)
        block = shared.get(key)
        if block is None:
            block = shared[key] = _extensions(p, stamp_id, orientation_id)
        flags = p.flags | EXTENSION if block else p.flags
        prepared.append((p.index, flags, p.marker, p.timestamp, block, p.payload))
    return prepared


def _extensions(packet: Packet, stamp_id: int, orientation_id: int) -> bytes:
    elements = []
    if stamp_id:
        elements.append((stamp_id, packet.stamp.to_bytes(3, "big")))
    if orientation_id and packet.orientation is not None:
        elements.append((orientation_id, packet.orientation))
    return build_extensions(elements)


def rewrite_payload(packet: Packet, picture_offset: int, tl0_offset: int) -> bytes:
    """The packet's payload on a slot's own line of VP8 picture ids."""
    descriptor = packet.descriptor
    if descriptor is None or not (picture_offset or tl0_offset):
        return packet.payload
    return vp8.rewrite(
        packet.payload,
        descriptor,
        (descriptor.picture_id or 0) + picture_offset,
        (descriptor.tl0picidx or 0) + tl0_offset,
    )


def copy(entry: Prepared, space: IndexSpace, mapping: StreamMapping) -> bytes:
    """One datagram for one consumer, whatever its cipher; `mapping` is one of the space's."""
    index = entry[0] + mapping.sequence_offset
    return _seal(entry, space, index, mapping.payload_type, mapping)


def retransmit(
    space: IndexSpace,
    rtx_space: IndexSpace,
    out: int,
    mapping: StreamMapping,
    packet: Forwarded,
) -> Datagram | None:
    """The datagram that repeats a packet: by RTX (RFC 4588) where negotiated.

    `out` is the index in `space` that the packet was sent under. Without RTX the packet and the
    mapping, which can't be changed, make the same datagram again. None when the index space of RTX
    is used up.
    """
    [entry] = prepare((packet,), mapping.profile)
    payload = rewrite_payload(packet, mapping.picture_offset, mapping.tl0_offset)
    if mapping.rtx_payload_type is None:
        return copy((*entry[:5], payload), space, mapping)
    index = rtx_space.take()
    if index is None:
        return None
    entry = (*entry[:5], (out & 0xFFFF).to_bytes(2, "big") + payload)
    return _seal(entry, rtx_space, index, mapping.rtx_payload_type, mapping)


def _seal(
    entry: Prepared, space: IndexSpace, index: int, payload_type: int, mapping: StreamMapping
) -> bytes:
    _, flags, marker, timestamp, block, payload = entry
    timestamp = (timestamp + mapping.timestamp_offset) & 0xFFFFFFFF
    header = FIXED.pack(flags, marker | payload_type, index & 0xFFFF, timestamp, space.ssrc)
    return space.seal(index, payload, header + block)
