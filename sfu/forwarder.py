"""The fan-out: from one layer's new packets to encrypted copies for every subscriber.

The hottest code of the product. Per batch: datagrams are laid out once per extension profile and
once per set of VP8 offsets; per copy there is one header, one nonce, one encryption in place.
Pure: no I/O, no clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sfu.consumer import Consumer, Epoch
from sfu.layers import ExtensionProfile, Layer
from sfu.outbox import Outbox
from sfu.packet import Packet
from sfu.runs import Prepared, Run, equalise, lay_out, prepare, rewrite, rewrite_payload
from sfu.srtp import SealInto
from sfu.stats import DropReason
from sfu.wire.rtp import FIXED

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
    equalise(packets)
    for packet in packets:
        packet.stamp = stamp
    totals.packets += len(packets)
    for profile, consumers in layer.groups:
        faults += _send(Batch(packets, profile), consumers, outbox, totals)
    if layer.waiters:
        position = next((at for at, packet in enumerate(packets) if packet.starts), len(packets))
        if rest := packets[position:]:
            for profile, started in _switch_waiters(layer, rest[0], now, faults).items():
                faults += _send(Batch(rest, profile), started, outbox, totals)
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


class Batch:
    """One layer's new packets as they go to the consumers of one extension profile."""

    __slots__ = ("_packets", "_rewritten", "oldest", "prepared", "runs", "size")

    def __init__(self, packets: Sequence[Packet], profile: ExtensionProfile) -> None:
        self._packets = packets
        self._rewritten: dict[tuple[int, int], tuple[list[Prepared], list[Run]]] = {}
        self.prepared = prepare(packets, profile)
        self.runs = lay_out(self.prepared)
        self.size = sum(len(run.buffer) for run in self.runs)
        self.oldest = min(packet.index for packet in packets)

    def moved(self, offsets: tuple[int, int]) -> tuple[list[Prepared], list[Run]]:
        """The batch on a line of VP8 picture ids that is off by this much."""
        known = self._rewritten.get(offsets)
        if known is None:
            moved = rewrite(self.prepared, self._packets, offsets)
            known = self._rewritten[offsets] = (moved, lay_out(moved))
        return known


def _send(
    batch: Batch, consumers: Sequence[Consumer], outbox: Outbox, totals: Totals
) -> list[Fault]:
    """Seals the batch for each consumer; returns those that it failed for."""
    faults: list[Fault] = []
    oldest, count, size = batch.oldest, len(batch.prepared), batch.size
    for consumer in consumers:
        epoch = consumer.epoch
        address = consumer.downlink.address
        if epoch is None or address is None:
            continue
        prepared, runs = batch.prepared, batch.runs
        if epoch.picture_offset or epoch.tl0_offset:
            prepared, runs = batch.moved((epoch.picture_offset, epoch.tl0_offset))
        try:
            seal_into = consumer.seal_into
            if seal_into is None or oldest < epoch.first_in:
                _send_singly(prepared, consumer, epoch, outbox, totals)
                continue
            for run in runs:
                _seal_run(run, consumer, epoch, seal_into)
                outbox.append_run(address, run.buffer, run.segment)
        except Exception as error:  # the subscriber's, which must not cost the others
            faults.append((consumer, error))
            continue
        consumer.packets += count
        consumer.bytes += size
        totals.copies += count
        totals.bytes += size
    return faults


def _seal_run(run: Run, consumer: Consumer, epoch: Epoch, seal_into: SealInto) -> None:
    """The innermost loop: what one copy costs."""
    pack_into = FIXED.pack_into
    buffer = run.buffer
    sequence_offset = epoch.sequence_offset
    timestamp_offset = epoch.timestamp_offset
    payload_type = epoch.payload_type
    ssrc = consumer.ssrc
    nonce_base = consumer.nonce_base
    for index, flags, marker, timestamp, payload, offset, header, sealed in run.entries:
        index += sequence_offset
        pack_into(
            buffer,
            offset,
            flags,
            marker | payload_type,
            index & 0xFFFF,
            (timestamp + timestamp_offset) & 0xFFFFFFFF,
            ssrc,
        )
        seal_into((nonce_base ^ index).to_bytes(12, "big"), payload, header, sealed)


def _send_singly(
    prepared: Sequence[Prepared],
    consumer: Consumer,
    epoch: Epoch,
    outbox: Outbox,
    totals: Totals,
) -> None:
    """The same for few: without GCM sizes differ, and what is late from before the slot came to
    the layer is left out, as it has no place in its sequence."""
    downlink = consumer.downlink
    kept = [entry for entry in prepared if entry[0] >= epoch.first_in]
    if len(kept) < len(prepared):
        downlink.drops[DropReason.BEFORE_SWITCH] += len(prepared) - len(kept)
    out = [_seal(entry, consumer, epoch) for entry in kept]
    if out and downlink.address is not None:
        outbox.append((downlink.address, out))
        size = sum(map(len, out))
        consumer.packets += len(out)
        consumer.bytes += size
        totals.copies += len(out)
        totals.bytes += size


def _seal(entry: Prepared, consumer: Consumer, epoch: Epoch) -> bytes:
    index, flags, marker, timestamp, block, payload = entry
    index += epoch.sequence_offset
    timestamp = (timestamp + epoch.timestamp_offset) & 0xFFFFFFFF
    second = marker | epoch.payload_type
    header = FIXED.pack(flags, second, index & 0xFFFF, timestamp, consumer.ssrc) + block
    nonce = (consumer.nonce_base ^ index).to_bytes(12, "big")
    return header + consumer.seal(nonce, payload, header)


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
