"""The fan-out: from one layer's new packets to encrypted copies for every subscriber.

The hottest code of the product. Per batch: datagrams are laid out once per extension profile and
once per set of VP8 offsets, headers and nonces are written for all at once; per copy there is one
encryption in place.
Pure: no I/O, no clock.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from sfu.consumer import Consumer
from sfu.copies import copy
from sfu.crews import CREW, NO_PROFILE, NOT_MOVED, Company, Crew, Line, Offsets, muster
from sfu.layers import ExtensionProfile, Layer
from sfu.numbers import FIXED_HEADER, Bytes, Columns, NonceScratch
from sfu.outbox import Outbox
from sfu.packet import Packet
from sfu.runs import Prepared, Run, equalise, lay_out, prepare, rewrite
from sfu.segments import MAX_SEGMENTS
from sfu.stats import DropReason
from sfu.wire.rtp import FIXED

MANY = 80  # copies from which on numpy pays

NONCES = NonceScratch(CREW, MAX_SEGMENTS)
_consume = deque[int](maxlen=0).extend

Written = tuple[Bytes, Bytes]  # headers and nonces, sfu.numbers
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
    if layer.companies is None:
        layer.companies = tuple(muster(*group, lasting=True) for group in layer.groups)
    for company in layer.companies:
        faults += _send(Batch(packets, company), company, outbox, totals)
    if layer.waiters:
        position = next((at for at, packet in enumerate(packets) if packet.starts), len(packets))
        if rest := packets[position:]:
            for group in _switch_waiters(layer, rest[0], now, faults).items():
                company = muster(*group)
                faults += _send(Batch(rest, company), company, outbox, totals)
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

    def __init__(self, packets: Sequence[Packet], company: Company) -> None:
        self._packets = packets
        self._places = min(CREW, len(company.consumers))
        self.prepared = prepare(packets, company.profile)
        self.runs = lay_out(self.prepared, self._places)
        self.oldest = min(packet.index for packet in packets)
        self.count = len(packets)
        self.size = sum(run.length for run in self.runs)

    def moved(self, offsets: Offsets) -> list[Run]:
        """The batch on a line of VP8 picture ids that is off by this much."""
        if offsets == NOT_MOVED:
            return self.runs
        return lay_out(rewrite(self.prepared, self._packets, offsets), self._places)

    def moved_singly(self, offsets: Offsets) -> list[Prepared]:
        """As moved, not laid out."""
        return rewrite(self.prepared, self._packets, offsets) if any(offsets) else self.prepared


def _send(batch: Batch, company: Company, outbox: Outbox, totals: Totals) -> list[Fault]:
    """Seals the batch for each consumer; returns those that it failed for."""
    faults: list[Fault] = []
    alone: Iterable[Consumer] = company.alone
    if batch.oldest < company.newest_start:
        alone = dict.fromkeys(
            c for c in company.consumers if c.seal_into is None or _is_late(batch, c)
        )
        company = muster(company.profile, [c for c in company.consumers if c not in alone])
    for line in company.lines:
        runs = batch.moved(line.offsets)
        written = _write_numbers(runs, line)
        for number, crew in enumerate(line.crews):
            try:
                _send_runs(runs, crew, outbox, written, number * CREW)
            except Exception:  # a subscriber's, which must not cost the others
                faults += _send_apart(batch, runs, crew, outbox, totals)
            else:
                _count(batch, crew, totals)
    for consumer in alone:
        faults += _send_singly(batch, consumer, outbox, totals)
    return faults


def _is_late(batch: Batch, consumer: Consumer) -> bool:
    return consumer.epoch is not None and batch.oldest < consumer.epoch.first_in


def _write_numbers(runs: Sequence[Run], line: Line) -> list[Written | None]:
    """Headers and nonces for everybody at once, where that pays."""
    return [
        line.numbers().write(Columns(run.rows)) if line.count * len(run.rows) >= MANY else None
        for run in runs
    ]


def _send_runs(
    runs: Sequence[Run], crew: Crew, outbox: Outbox, written: list[Written | None], first: int
) -> None:
    """All runs for a few consumers: their keys stay in the processor's cache.

    The crew's numbers are those from `first` on of what was written for all.
    """
    for run, numbers in zip(runs, written, strict=True):
        run.make_room(len(crew.consumers))
        if numbers is None:
            _seal_few(run, crew)
        else:
            _seal_many(run, crew, numbers, first)
        outbox.append_runs(crew.destinations, run.buffer, run.length, run.segment)


def _seal_many(run: Run, crew: Crew, written: Written, first: int) -> None:
    """The innermost loop: what one copy costs when headers and nonces are there already."""
    headers, nonces = written
    count, packets = len(crew.consumers), len(run.payloads)
    strides = (run.length, run.segment, 1)
    places = np.ndarray((count, packets, FIXED_HEADER), np.uint8, run.buffer, 0, strides)
    places[:] = headers[first : first + count]
    NONCES.array[:count, :packets] = nonces[first : first + count]
    payloads = run.payloads
    for seal_into, nonce, header, sealed in zip(
        crew.ciphers, NONCES.views, run.headers, run.sealed, strict=False
    ):
        _consume(map(seal_into, nonce, payloads, header, sealed))


def _seal_few(run: Run, crew: Crew) -> None:
    """The same one by one: for few numpy costs more than it saves."""
    pack_into, rows, payloads = FIXED.pack_into, run.rows, run.payloads
    for seal_into, row, headers, sealed in zip(
        crew.ciphers, crew.rows, run.headers, run.sealed, strict=False
    ):
        nonce_base, ssrc, sequence_offset, timestamp_offset, payload_type = row
        for (index, flags, marker, timestamp), payload, header, place in zip(
            rows, payloads, headers, sealed, strict=True
        ):
            index += sequence_offset
            pack_into(
                header,
                0,
                flags,
                marker | payload_type,
                index & 0xFFFF,
                (timestamp + timestamp_offset) & 0xFFFFFFFF,
                ssrc,
            )
            seal_into((nonce_base ^ index).to_bytes(12, "big"), payload, header, place)


def _count(batch: Batch, crew: Crew, totals: Totals) -> None:
    count, size = batch.count, batch.size
    if crew.tally is not None:
        crew.tally.add(count, size)
    else:
        for consumer in crew.consumers:
            consumer.sent.add(count, size)
    totals.copies += count * len(crew.consumers)
    totals.bytes += size * len(crew.consumers)


def _send_apart(
    batch: Batch, runs: Sequence[Run], crew: Crew, outbox: Outbox, totals: Totals
) -> list[Fault]:
    """One of a crew has failed: finds out who, and sends to the others.

    Runs that had left already come twice; receivers drop what they have had.
    """
    faults: list[Fault] = []
    for consumer in crew.consumers:
        try:
            [line] = muster(NO_PROFILE, [consumer]).lines
            [alone] = line.crews
            _send_runs(runs, alone, outbox, [None] * len(runs), 0)
        except Exception as error:  # as in _send
            faults.append((consumer, error))
        else:
            _count(batch, alone, totals)
    return faults


def _send_singly(batch: Batch, consumer: Consumer, outbox: Outbox, totals: Totals) -> list[Fault]:
    """The same for few: without GCM sizes differ, and what is late from before the slot came to
    the layer is left out, as it has no place in its sequence."""
    epoch, address = consumer.epoch, consumer.downlink.address
    if epoch is None or address is None:
        return []
    prepared = batch.moved_singly((epoch.picture_offset, epoch.tl0_offset))
    kept = [entry for entry in prepared if entry[0] >= epoch.first_in]
    if len(kept) < len(prepared):
        consumer.downlink.drops[DropReason.BEFORE_SWITCH] += len(prepared) - len(kept)
    if not kept:
        return []
    try:
        out = [copy(entry, consumer, epoch) for entry in kept]
    except Exception as error:  # the subscriber's, as in _send
        return [(consumer, error)]
    outbox.append((address, out))
    size = sum(map(len, out))
    consumer.sent.add(len(out), size)
    totals.copies += len(out)
    totals.bytes += size
    return []
