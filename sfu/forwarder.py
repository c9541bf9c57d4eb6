"""The fan-out: from one layer's new packets to encrypted copies for every subscriber.

The hottest code of the product. Per batch: extensions are built once per profile and payloads
once per set of VP8 offsets; per copy there is one header, one nonce, one encryption, one append.
Pure: no I/O, no clock.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sfu.consumer import Consumer, Epoch
from sfu.layers import ExtensionProfile, Layer
from sfu.outbox import Outbox
from sfu.packet import EXTENSION, Packet
from sfu.stats import DropReason
from sfu.wire import vp8
from sfu.wire.rtp import FIXED, build_extensions

# index, flags with the extension bit, marker, timestamp, extension block, payload
Prepared = tuple[int, int, int, int, bytes, bytes]
Fault = tuple[Consumer, Exception]


@dataclass(slots=True)
class Totals:
    """What a worker has forwarded since its start."""

    packets: int = 0
    copies: int = 0
    bytes: int = 0


def forward(layer: Layer, stamp: int, now: float, outbox: Outbox, totals: Totals) -> list[Fault]:
    """Sends the layer's pending packets to its consumers and starts those that wait.

    `stamp` is the batch's abs-send-time, never 0. Returns the consumers that it failed for: the
    others have got theirs.
    """
    faults: list[Fault] = []
    packets = layer.take_pending()
    if not packets:
        return faults
    for packet in packets:
        packet.stamp = stamp
    totals.packets += len(packets)
    for profile, consumers in layer.groups:
        faults += _send_run(prepare(packets, profile), packets, consumers, outbox, totals)
    if layer.waiters:
        position = next((at for at, packet in enumerate(packets) if packet.starts), len(packets))
        if rest := packets[position:]:
            for profile, started in _switch_waiters(layer, rest[0], now, faults).items():
                faults += _send_run(prepare(rest, profile), rest, started, outbox, totals)
    return faults


def _switch_waiters(
    layer: Layer, start: Packet, now: float, faults: list[Fault]
) -> dict[ExtensionProfile, list[Consumer]]:
    """Those who waited for a packet that can start a picture, by extension profile."""
    started: dict[ExtensionProfile, list[Consumer]] = {}
    for consumer in tuple(layer.waiters):
        try:
            consumer.switch(layer, start, now)
        except Exception as error:
            layer.forget(consumer)
            faults.append((consumer, error))
        else:
            started.setdefault(consumer.profile, []).append(consumer)
    return started


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


def _send_run(
    prepared: list[Prepared],
    packets: Sequence[Packet],
    consumers: Sequence[Consumer],
    outbox: Outbox,
    totals: Totals,
) -> list[Fault]:
    """Seals one run of packets for each consumer; returns those that it failed for."""
    faults: list[Fault] = []
    whole = _size(prepared)
    oldest = min(entry[0] for entry in prepared)
    rewritten: dict[tuple[int, int], list[Prepared]] = {}
    for consumer in consumers:
        epoch = consumer.epoch
        address = consumer.downlink.address
        if epoch is None or address is None:
            continue
        run, size = prepared, whole
        if epoch.picture_offset or epoch.tl0_offset:
            key = (epoch.picture_offset, epoch.tl0_offset)
            run = rewritten.get(key) or rewritten.setdefault(key, _rewrite(prepared, packets, key))
        if oldest < epoch.first_in:
            run = _since_switch(run, consumer, epoch.first_in)
            size = _size(run)
        try:
            out = _seal(run, consumer, epoch)
            if out:
                outbox.append((address, out))
        except Exception as error:  # the subscriber's, which must not cost the others
            faults.append((consumer, error))
            continue
        if out:
            count = len(out)
            consumer.packets += count
            consumer.bytes += size
            totals.copies += count
            totals.bytes += size
    return faults


def _size(run: Sequence[Prepared]) -> int:
    """Bytes of the datagrams: 12 of header and 16 of tag beside extensions and payload."""
    return sum(len(entry[4]) + len(entry[5]) + 28 for entry in run)


def _since_switch(run: list[Prepared], consumer: Consumer, first: int) -> list[Prepared]:
    """Leaves out late packets from before the slot came to the layer: they have no place in its
    sequence."""
    kept = [entry for entry in run if entry[0] >= first]
    consumer.downlink.drops[DropReason.BEFORE_SWITCH] += len(run) - len(kept)
    return kept


def _seal(run: list[Prepared], consumer: Consumer, epoch: Epoch) -> list[bytes]:
    """The innermost loop: what one copy costs."""
    pack = FIXED.pack
    sequence_offset = epoch.sequence_offset
    timestamp_offset = epoch.timestamp_offset
    payload_type = epoch.payload_type
    ssrc = consumer.ssrc
    seal = consumer.seal
    nonce_base = consumer.nonce_base
    out: list[bytes] = []
    append = out.append
    for index, flags, marker, timestamp, block, payload in run:
        index += sequence_offset
        header = (
            pack(
                flags,
                marker | payload_type,
                index & 0xFFFF,
                (timestamp + timestamp_offset) & 0xFFFFFFFF,
                ssrc,
            )
            + block
        )
        append(header + seal((nonce_base ^ index).to_bytes(12, "big"), payload, header))
    return out


def _rewrite(
    prepared: list[Prepared], packets: Sequence[Packet], offsets: tuple[int, int]
) -> list[Prepared]:
    """The same run with VP8 picture ids and TL0PICIDX moved by the offsets."""
    return [
        (*entry[:5], rewrite_payload(packet, *offsets))
        for entry, packet in zip(prepared, packets, strict=True)
    ]


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


def retransmit(consumer: Consumer, out: int, epoch: Epoch, packet: Packet) -> bytes:
    """One packet again: by RTX (RFC 4588) where negotiated, else the same bytes as before.

    Without RTX every byte must repeat (see OutboundSrtp), so the extensions carry the first
    send's abs-send-time.
    """
    index, flags, marker, timestamp, block, _ = prepare((packet,), consumer.profile)[0]
    payload = rewrite_payload(packet, epoch.picture_offset, epoch.tl0_offset)
    ssrc, payload_type, base = consumer.ssrc, epoch.payload_type, consumer.nonce_base
    if epoch.rtx_payload_type is not None:
        payload = (out & 0xFFFF).to_bytes(2, "big") + payload
        consumer.rtx_index += 1
        index = consumer.rtx_index
        ssrc, payload_type, base = (
            consumer.rtx_ssrc,
            epoch.rtx_payload_type,
            consumer.rtx_nonce_base,
        )
    else:
        index = out
    timestamp = (timestamp + epoch.timestamp_offset) & 0xFFFFFFFF
    header = FIXED.pack(flags, marker | payload_type, index & 0xFFFF, timestamp, ssrc) + block
    return header + consumer.seal((base ^ index).to_bytes(12, "big"), payload, header)
