"""The fan-out: from one layer's new packets to encrypted copies for every subscriber.

The hottest code of the product. Per batch: datagrams are laid out once per extension profile and
once per set of VP8 offsets; per copy there is one header, one nonce, one encryption in place.
Pure: no I/O, no clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sfu.consumer import Consumer, Epoch
from sfu.ice import Address
from sfu.layers import ExtensionProfile, Layer
from sfu.outbox import Outbox
from sfu.packet import Packet
from sfu.runs import Entry, Prepared, Run, equalise, lay_out, prepare, rewrite, rewrite_payload
from sfu.stats import DropReason
from sfu.wire.rtp import FIXED

CREW = 16  # consumers whose copies leave together: what they get fits in the second-level cache
NOT_MOVED = (0, 0)

Offsets = tuple[int, int]  # of VP8 picture ids and TL0PICIDX
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
    totals.packets += len(packets)
    if len(packets) > 1:
        equalise(packets)
    for packet in packets:
        packet.stamp = stamp
    for profile, consumers in layer.groups:
        faults += _send(Batch(packets, profile, len(consumers)), consumers, outbox, totals)
    if layer.waiters:
        position = next((at for at, packet in enumerate(packets) if packet.starts), len(packets))
        if rest := packets[position:]:
            for profile, started in _switch_waiters(layer, rest[0], now, faults).items():
                faults += _send(Batch(rest, profile, len(started)), started, outbox, totals)
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

    __slots__ = ("_packets", "_places", "count", "oldest", "prepared", "runs", "size")

    def __init__(
        self, packets: Sequence[Packet], profile: ExtensionProfile, consumers: int
    ) -> None:
        self._packets = packets
        self._places = min(CREW, consumers)
        self.prepared = prepare(packets, profile)
        self.runs = lay_out(self.prepared, self._places)
        self.oldest = min(packet.index for packet in packets)
        self.count = len(packets)
        self.size = sum(run.length for run in self.runs)

    def moved(self, offsets: Offsets) -> list[Run]:
        """The batch on a line of VP8 picture ids that is off by this much."""
        return lay_out(rewrite(self.prepared, self._packets, offsets), self._places)

    def moved_singly(self, offsets: Offsets) -> list[Prepared]:
        """As moved, not laid out."""
        return rewrite(self.prepared, self._packets, offsets) if any(offsets) else self.prepared


def _send(
    batch: Batch, consumers: Sequence[Consumer], outbox: Outbox, totals: Totals
) -> list[Fault]:
    """Seals the batch for each consumer; returns those that it failed for."""
    faults: list[Fault] = []
    oldest = batch.oldest
    plain: list[Consumer] = []
    moved: dict[Offsets, list[Consumer]] = {}
    for consumer in consumers:
        epoch = consumer.epoch
        if epoch is None or consumer.downlink.address is None:
            continue
        if consumer.seal_into is None or oldest < epoch.first_in:
            faults += _send_singly(batch, consumer, epoch, outbox, totals)
        elif epoch.picture_offset or epoch.tl0_offset:
            offsets = (epoch.picture_offset, epoch.tl0_offset)
            moved.setdefault(offsets, []).append(consumer)
        else:
            plain.append(consumer)
    for offsets, crowd in ((NOT_MOVED, plain), *moved.items()):
        runs = batch.moved(offsets) if offsets != NOT_MOVED else batch.runs
        for start in range(0, len(crowd), CREW):
            crew = crowd[start : start + CREW]
            failed = _send_runs(runs, crew, outbox)
            faults += failed
            _count(batch, crew, failed, totals)
    return faults


def _send_runs(runs: Sequence[Run], crew: list[Consumer], outbox: Outbox) -> list[Fault]:
    """All runs for a few consumers, run by run: their keys stay in the processor's cache."""
    faults: list[Fault] = []
    for run in runs:
        addresses: list[Address] = []
        places = run.places(len(crew))
        for consumer in crew:
            if (address := consumer.downlink.address) is None:
                continue
            try:
                _seal_run(run.buffer, places[len(addresses)], consumer)
            except Exception as error:  # the subscriber's, which must not cost the others
                faults.append((consumer, error))
            else:
                addresses.append(address)
        if faults:
            broken = {consumer for consumer, _ in faults}
            crew = [consumer for consumer in crew if consumer not in broken]
        outbox.append_runs(addresses, run.buffer, run.length, run.segment)
    return faults


def _count(batch: Batch, crew: list[Consumer], failed: list[Fault], totals: Totals) -> None:
    broken = [consumer for consumer, _ in failed]
    for consumer in crew:
        if consumer not in broken:
            consumer.packets += batch.count
            consumer.bytes += batch.size
            totals.copies += batch.count
            totals.bytes += batch.size


def _seal_run(buffer: bytearray, entries: list[Entry], consumer: Consumer) -> None:
    """The innermost loop: what one copy costs."""
    epoch, seal_into = consumer.epoch, consumer.seal_into
    assert epoch is not None
    assert seal_into is not None
    pack_into = FIXED.pack_into
    sequence_offset = epoch.sequence_offset
    timestamp_offset = epoch.timestamp_offset
    payload_type = epoch.payload_type
    ssrc = consumer.ssrc
    nonce_base = consumer.nonce_base
    for index, flags, marker, timestamp, payload, offset, header, sealed in entries:
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
    batch: Batch, consumer: Consumer, epoch: Epoch, outbox: Outbox, totals: Totals
) -> list[Fault]:
    """The same for few: without GCM sizes differ, and what is late from before the slot came to
    the layer is left out, as it has no place in its sequence."""
    prepared = batch.moved_singly((epoch.picture_offset, epoch.tl0_offset))
    downlink = consumer.downlink
    kept = [entry for entry in prepared if entry[0] >= epoch.first_in]
    if len(kept) < len(prepared):
        downlink.drops[DropReason.BEFORE_SWITCH] += len(prepared) - len(kept)
    if not kept or downlink.address is None:
        return []
    try:
        out = [_seal(entry, consumer, epoch) for entry in kept]
    except Exception as error:  # as in _send_runs
        return [(consumer, error)]
    outbox.append((downlink.address, out))
    size = sum(map(len, out))
    consumer.packets += len(out)
    consumer.bytes += size
    totals.copies += len(out)
    totals.bytes += size
    return []


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
