"""The fan-out: from one layer's new packets to encrypted copies for every subscriber.

The hottest code of the product. Per batch: datagrams are laid out once per extension profile and
once per set of VP8 offsets, headers and nonces are written for all at once; per copy there is one
encryption in place.
Pure: no I/O, no clock.
"""

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice, repeat
from operator import call

import numpy as np

from sfu.fanout.gso_batch import GsoBatch, layout, pad_to_equal_size
from sfu.fanout.headers import FIXED_HEADER, Columns, NonceScratch
from sfu.fanout.outbox import Outbox
from sfu.fanout.plan import NOT_MOVED, PICTURE_GROUP, FanoutGroup, FanoutPlan, Offsets, make_plan
from sfu.fanout.segments import MAX_SEGMENTS
from sfu.publish.layer import Layer
from sfu.srtp.copies import Prepared, copy, prepare, rewrite_payload
from sfu.srtp.index_space import StreamMapping
from sfu.srtp.nonces import Bytes, Ledger, seal_few
from sfu.srtp.rtp import SealInto
from sfu.stats import DropReason
from sfu.subscribe.consumer import Consumer
from sfu.wire.packet import ExtensionProfile, Forwarded, Packet

MANY = 80  # copies from which on numpy pays
NO_PROFILE = (0, 0)  # of a group that takes a batch as it is laid out

NONCES = NonceScratch(PICTURE_GROUP * MAX_SEGMENTS)
_consume = deque[int](maxlen=0).extend

Written = tuple[Bytes, Bytes]  # headers and nonces, sfu.fanout.headers
Fault = tuple[Consumer, Exception]


@dataclass(slots=True)
class Totals:
    """What a worker has forwarded since its start, and what a layer's ledger has refused."""

    packets: int = 0
    copies: int = 0
    bytes: int = 0
    drops: Counter[DropReason] = field(default_factory=Counter)


def forward(layer: Layer, stamp: int, now: float, outbox: Outbox, totals: Totals) -> list[Fault]:
    """Sends the layer's pending packets to its consumers and starts those that wait.

    `stamp` is the batch's abs-send-time, never 0. Returns the consumers that it failed for: the
    others have got theirs.
    """
    faults: list[Fault] = []
    ledger = layer.ledger
    plans = layer.plans
    if not isinstance(plans, tuple):
        plans = layer.plans = tuple(
            make_plan(ledger, *group, lasting=True) for group in layer.by_profile
        )
    if not plans and not layer.waiters:  # most layers of a gallery: nothing is sealed
        totals.packets += len(layer.take_pending())
        return faults
    packets = _admitted(layer, stamp, totals)
    if not packets:
        return faults
    for plan in plans:
        faults += _send(Batch(packets, plan, ledger), plan, outbox, totals)
    if layer.waiters:
        position = next((at for at, packet in enumerate(packets) if packet.starts), len(packets))
        if rest := packets[position:]:
            for group in _switch_waiters(layer, rest[0], now, faults).items():
                plan = make_plan(ledger, *group)
                faults += _send(Batch(rest, plan, ledger), plan, outbox, totals)
    return faults


def _admitted(layer: Layer, stamp: int, totals: Totals) -> list[Forwarded]:
    """The layer's pending packets, which stay as they are from here on."""
    packets = layer.take_pending()
    if len(packets) > 1:
        pad_to_equal_size(packets)
    admitted = layer.ledger.admit(packets, stamp)
    totals.packets += len(admitted)
    if len(admitted) < len(packets):
        totals.drops[DropReason.NONCE_REFUSED] += len(packets) - len(admitted)
    return admitted


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

    __slots__ = (
        "_moved",
        "_packets",
        "count",
        "ledger",
        "newest",
        "oldest",
        "prepared",
        "runs",
        "size",
    )

    def __init__(self, packets: Sequence[Forwarded], plan: FanoutPlan, ledger: Ledger) -> None:
        self._packets = packets
        self.ledger = ledger
        self.prepared = prepare(packets, plan.profile)
        self.runs = layout(self.prepared, plan.places)
        self._moved = {NOT_MOVED: [run.payloads for run in self.runs]}
        indices = [packet.index for packet in packets]
        self.oldest, self.newest = min(indices), max(indices)
        self.count = len(packets)
        self.size = sum([run.length for run in self.runs])

    def payloads(self, group: FanoutGroup) -> list[list[bytes]]:
        """By run: what is sent, member by member. VP8 picture ids and TL0PICIDX are those of its
        own line, rewritten once for all whose line is off by the same."""
        if group.offsets is None:
            return [run.payloads * len(group.consumers) for run in self.runs]
        by_offsets = {offsets: self._line(offsets) for offsets in group.distinct}
        lines = [by_offsets[offsets] for offsets in group.offsets]
        return [
            list(chain.from_iterable([line[number] for line in lines]))
            for number in range(len(self.runs))
        ]

    def _line(self, offsets: Offsets) -> list[list[bytes]]:
        line = self._moved.get(offsets)
        if line is None:
            payloads = iter([rewrite_payload(packet, *offsets) for packet in self._packets])
            line = [list(islice(payloads, len(run.payloads))) for run in self.runs]
            self._moved[offsets] = line
        return line

    def moved(self, offsets: Offsets) -> list[Prepared]:
        """The datagrams on a line that is off by this much, one by one."""
        payloads = chain.from_iterable(self._line(offsets))
        return [
            (*entry[:5], payload) for entry, payload in zip(self.prepared, payloads, strict=True)
        ]


def _send(batch: Batch, plan: FanoutPlan, outbox: Outbox, totals: Totals) -> list[Fault]:
    """Seals the batch for each consumer; returns those that it failed for."""
    faults: list[Fault] = []
    alone: Iterable[Consumer] = plan.alone
    if not plan.common.covers(batch.oldest, batch.newest):
        plan, alone = _look_at_each(batch, plan)
    written = _write_numbers(batch, plan)
    for group in plan.groups:
        payloads = batch.payloads(group)
        try:
            _send_runs(batch, group, payloads, outbox, written)
        except Exception:  # a subscriber's, which must not cost the others
            faults += _send_apart(batch, group, outbox, totals)
        else:
            _count(batch, group, totals)
    for consumer in alone:
        faults += _send_singly(batch, consumer, outbox, totals)
    return faults


def _look_at_each(batch: Batch, plan: FanoutPlan) -> tuple[FanoutPlan, list[Consumer]]:
    """Those who may be sent all of the batch, put in order anew, and the others."""
    whole: list[Consumer] = []
    apart: list[Consumer] = []
    for consumer in plan.consumers:
        mapping = consumer.index_space.mapping_on(batch.ledger)
        covered = (
            mapping is not None and mapping.covers(batch.oldest) and mapping.covers(batch.newest)
        )
        (whole if covered and consumer.index_space.seal_into is not None else apart).append(
            consumer
        )
    return make_plan(batch.ledger, plan.profile, whole), apart


def _write_numbers(batch: Batch, plan: FanoutPlan) -> list[Written | None]:
    """By run: headers and nonces for everybody at once, where that pays."""
    members = plan.members
    return [
        plan.numbers().write(Columns(run.rows)) if members * len(run.rows) >= MANY else None
        for run in batch.runs
    ]


def _send_runs(
    batch: Batch,
    group: FanoutGroup,
    payloads: list[list[bytes]],
    outbox: Outbox,
    written: list[Written | None],
) -> None:
    """All runs for a few consumers: their keys stay in the processor's cache."""
    for run, theirs, numbers in zip(batch.runs, payloads, written, strict=True):
        run.make_room(len(group.consumers))
        if numbers is None:
            places = zip(theirs, run.headers, run.sealed, strict=False)
            seal_few(group.rows, group.ciphers, run.rows, places)
        else:
            _seal_many(run, group, theirs, numbers)
        outbox.append_runs(group.destinations, run.buffer, run.length, run.segment)


def _seal_many(run: GsoBatch, group: FanoutGroup, payloads: list[bytes], written: Written) -> None:
    """The innermost loop: what one copy costs when headers and nonces are there already.

    The group's numbers are its members' among what was written for all.
    """
    headers, nonces = written
    count, packets = len(group.consumers), len(run.rows)
    members = slice(group.first, group.first + count)
    strides = (run.length, run.segment, 1)
    places = np.ndarray((count, packets, FIXED_HEADER), np.uint8, run.buffer, 0, strides)
    places[:] = headers[members]
    ciphers: Iterable[SealInto] = group.ciphers
    if packets > 1:
        ciphers = chain.from_iterable(map(repeat, ciphers, repeat(packets)))
    _consume(map(call, ciphers, NONCES.take(nonces[members]), payloads, run.headers, run.sealed))


def _count(batch: Batch, group: FanoutGroup, totals: Totals) -> None:
    count, size = batch.count, batch.size
    if group.tally is not None:
        group.tally.add(count, size)
    else:
        for consumer in group.consumers:
            consumer.sent.add(count, size)
    totals.copies += count * len(group.consumers)
    totals.bytes += size * len(group.consumers)


def _send_apart(batch: Batch, group: FanoutGroup, outbox: Outbox, totals: Totals) -> list[Fault]:
    """One of a group has failed: finds out who, and sends to the others.

    Runs that had left already come twice; receivers drop what they have had.
    """
    faults: list[Fault] = []
    for consumer in group.consumers:
        try:
            [alone] = make_plan(batch.ledger, NO_PROFILE, [consumer]).groups
            _send_runs(batch, alone, batch.payloads(alone), outbox, [None] * len(batch.runs))
        except Exception as error:  # as in _send
            faults.append((consumer, error))
        else:
            _count(batch, alone, totals)
    return faults


def _send_singly(batch: Batch, consumer: Consumer, outbox: Outbox, totals: Totals) -> list[Fault]:
    """The same for few: without GCM sizes differ, and what has no place in a slot's sequence is
    left out."""
    space, address = consumer.index_space, consumer.downlink.address
    mapping = space.mapping_on(batch.ledger)
    if mapping is None:
        totals.drops[DropReason.NONCE_REFUSED] += batch.count
    if mapping is None or address is None:
        return []
    kept = _with_a_place(batch, mapping, consumer)
    if not kept:
        return []
    try:
        out = [copy(entry, space, mapping) for entry in kept]
    except Exception as error:  # the subscriber's, as in _send
        return [(consumer, error)]
    outbox.append((address, out))
    size = sum(map(len, out))
    consumer.sent.add(len(out), size)
    totals.copies += len(out)
    totals.bytes += size
    return []


def _with_a_place(batch: Batch, mapping: StreamMapping, consumer: Consumer) -> list[Prepared]:
    """What the mapping covers: not what is late from before the slot came to the layer."""
    drops, kept = consumer.downlink.drops, []
    for entry in batch.moved((mapping.picture_offset, mapping.tl0_offset)):
        if mapping.covers(entry[0]):
            kept.append(entry)
        elif entry[0] < mapping.first_in:
            drops[DropReason.BEFORE_SWITCH] += 1
        else:
            drops[DropReason.NONCE_REFUSED] += 1
    return kept
