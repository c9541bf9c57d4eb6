"""The fan-out: from one layer's new packets to encrypted copies for every subscriber.

The hottest code of the product. Per batch: datagrams are laid out once per extension profile,
payloads are rewritten once for all slots whose running numbers differ by the same, headers and
nonces are written for all at once; per copy there is one encryption in place.
Pure: no I/O, no clock.
"""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice, repeat
from operator import call, length_hint

import numpy as np

from sfu.fanout.gso_batch import MAX_SEGMENTS, GsoBatch, layout, pad_to_equal_size
from sfu.fanout.outbox import Outbox
from sfu.fanout.plan import NOT_MOVED, PICTURE_GROUP, FanoutGroup, FanoutPlan, make_plans
from sfu.publish.producer import Layer
from sfu.publish.subscriber import Subscriber
from sfu.srtp.copies import Prepared
from sfu.srtp.headers import FIXED_HEADER, Bytes, NonceViews, PacketColumns, seal_each
from sfu.srtp.nonces import Ledger
from sfu.srtp.rtp import SealInto
from sfu.stats import DropReason
from sfu.wire.packet import ExtensionProfile, Forwarded, Offsets, Packet

MANY = 80  # copies from which on numpy pays

NONCES = NonceViews(PICTURE_GROUP * MAX_SEGMENTS)
_consume = deque[int](maxlen=0).extend

Written = tuple[Bytes, Bytes]  # headers and nonces, as HeaderColumns.write gives them
Fault = tuple[Subscriber, Exception]


@dataclass(slots=True)
class Totals:
    """Counts of a worker since its start: packets and copies forwarded, and packets that a layer's
    ledger refused."""

    packets: int = 0
    copies: int = 0
    bytes: int = 0
    drops: Counter[DropReason] = field(default_factory=Counter)


class SealError(Exception):
    """A consumer's copy could not be sealed: a fault of its transport alone."""

    def __init__(self, consumer: Subscriber, cause: Exception) -> None:
        super().__init__(str(cause))
        self.consumer = consumer
        self.cause = cause


def forward(layer: Layer, stamp: int, now: float, outbox: Outbox, totals: Totals) -> list[Fault]:
    """Sends the layer's pending packets to its consumers and starts those that wait.

    `stamp` is the batch's abs-send-time, never 0. Returns the consumers that it failed for, whose
    transports must be closed: the other consumers have got their copies.
    """
    faults: list[Fault] = []
    ledger, plans = layer.ledger, layer.plans
    if not isinstance(plans, tuple):
        made = [make_plans(ledger, *group, lasting=True) for group in layer.by_profile]
        plans = layer.plans = tuple(chain.from_iterable(made))
    if not plans and not layer.waiters:  # most layers of a gallery: nothing is sealed
        totals.packets += len(layer.take_pending())
        return faults
    packets = _admitted(layer, stamp, totals)
    if not packets:
        return faults
    indices = [packet.index for packet in packets]
    oldest, newest = min(indices), max(indices)
    plan: FanoutPlan
    for plan in plans:
        if plan.common.covers(oldest, newest):
            faults += _send(Batch(packets, plan, now), plan, outbox, totals)
        else:
            faults += _send_slowly(packets, plan, now, outbox, totals)
    if layer.waiters:
        position = next((at for at, packet in enumerate(packets) if packet.starts), len(packets))
        if rest := packets[position:]:
            for group in _start_waiters(layer, rest[0], now, faults).items():
                for plan in make_plans(ledger, *group):
                    faults += _send_slowly(rest, plan, now, outbox, totals)
    return faults


def _admitted(layer: Layer, stamp: int, totals: Totals) -> list[Forwarded]:
    """Takes the layer's pending packets, which can't be changed from here on."""
    packets = layer.take_pending()
    if len(packets) > 1:
        pad_to_equal_size(packets)
    admitted = layer.ledger.admit(packets, stamp)
    totals.packets += len(admitted)
    if len(admitted) < len(packets):
        totals.drops[DropReason.NONCE_REFUSED] += len(packets) - len(admitted)
    return admitted


def _start_waiters(
    layer: Layer, start: Packet, now: float, faults: list[Fault]
) -> dict[ExtensionProfile, list[Subscriber]]:
    """Starts the consumers that waited for such a packet; those it succeeded for, by profile."""
    started: dict[ExtensionProfile, list[Subscriber]] = {}
    for consumer in tuple(layer.waiters):
        try:
            consumer.start(start, now)
        except Exception as error:
            layer.forget(consumer)
            faults.append((consumer, error))
        else:
            started.setdefault(consumer.profile, []).append(consumer)
    return started


class Batch:
    """One layer's new packets as they go to the consumers of one plan."""

    __slots__ = ("_moved", "_packets", "_rewrite", "count", "gso", "now", "size")

    def __init__(self, packets: Sequence[Forwarded], plan: FanoutPlan, now: float) -> None:
        self._packets = packets
        self.now = now
        self._rewrite = plan.payload_format.rewrite
        self.gso = layout(Prepared(packets, plan.profile), plan.tag_length, plan.places)
        self._moved = {NOT_MOVED: [one.payloads for one in self.gso]}
        self.count = len(packets)
        self.size = sum([one.length for one in self.gso])

    def payloads(self, group: FanoutGroup) -> list[list[bytes]]:
        """By GSO batch: the payloads of all copies, member by member. Their running numbers are
        the slot's own, rewritten once for all slots with the same offsets."""
        if group.offsets is None:
            return [one.payloads * len(group.consumers) for one in self.gso]
        by_offsets = {offsets: self._rewritten(offsets) for offsets in group.distinct}
        payloads = [by_offsets[offsets] for offsets in group.offsets]
        return [
            list(chain.from_iterable([one[number] for one in payloads]))
            for number in range(len(self.gso))
        ]

    def _rewritten(self, offsets: Offsets) -> list[list[bytes]]:
        rewritten = self._moved.get(offsets)
        if rewritten is None:
            payloads = iter([self._rewrite(packet, offsets) for packet in self._packets])
            rewritten = [list(islice(payloads, len(one.payloads))) for one in self.gso]
            self._moved[offsets] = rewritten
        return rewritten


def _send(batch: Batch, plan: FanoutPlan, outbox: Outbox, totals: Totals) -> list[Fault]:
    """Seals the batch for each consumer; returns those that it failed for.

    The rest of a failing consumer's group is planned and sealed again: a GSO batch that had left
    already comes twice, and receivers drop the second.
    """
    faults: list[Fault] = []
    written = _write_headers(batch, plan)
    for group in plan.groups:
        try:
            _send_group(batch, group, outbox, written)
        except SealError as error:
            faults.append((error.consumer, error.cause))
            rest = [consumer for consumer in group.consumers if consumer is not error.consumer]
            for again in make_plans(plan.ledger, plan.profile, rest):
                faults += _send(batch, again, outbox, totals)
        else:
            _count(batch, group, totals)
    return faults


def _write_headers(batch: Batch, plan: FanoutPlan) -> list[Written | None]:
    """By GSO batch: headers and nonces for all consumers at once, where that pays."""
    members = plan.members
    return [
        plan.headers().write(PacketColumns(one.fields))
        if members * len(one.fields) >= MANY
        else None
        for one in batch.gso
    ]


def _send_group(
    batch: Batch, group: FanoutGroup, outbox: Outbox, written: list[Written | None]
) -> None:
    """All copies for a few consumers, whose keys stay in the processor's cache meanwhile."""
    for gso, payloads, headers in zip(batch.gso, batch.payloads(group), written, strict=True):
        gso.make_room(len(group.consumers))
        waiting = iter(payloads)
        try:
            if headers is None:
                places = zip(waiting, gso.headers, gso.sealed, strict=False)
                seal_each(group.contexts, gso.fields, places)
            else:
                _seal_many(gso, group, waiting, headers)
        except Exception as error:  # one subscriber's, which must not cost the others
            tried = len(payloads) - length_hint(waiting)
            if not tried:
                raise
            raise SealError(group.consumers[(tried - 1) // len(gso.fields)], error) from error
        outbox.append_batches(group.destinations, gso.buffer, gso.length, gso.segment)


def _seal_many(
    gso: GsoBatch, group: FanoutGroup, payloads: Iterator[bytes], written: Written
) -> None:
    """The innermost loop: what one copy costs when headers and nonces are there already.

    The group's headers are its members' among those that were written for the whole plan.
    """
    headers, nonces = written
    count, packets = len(group.consumers), len(gso.fields)
    members = slice(group.first, group.first + count)
    strides = (gso.length, gso.segment, 1)
    places = np.ndarray((count, packets, FIXED_HEADER), np.uint8, gso.buffer, 0, strides)
    places[:] = headers[members]
    ciphers: Iterable[SealInto] = group.ciphers
    if packets > 1:
        ciphers = chain.from_iterable(map(repeat, ciphers, repeat(packets)))
    _consume(map(call, ciphers, NONCES.take(nonces[members]), payloads, gso.headers, gso.sealed))


def _count(batch: Batch, group: FanoutGroup, totals: Totals) -> None:
    count, size = batch.count, batch.size
    if group.count is not None:
        group.count.add(count, size)
    else:
        for consumer in group.consumers:
            consumer.sent.add(count, size)
    if group.counters:
        sizes = [size for gso in batch.gso for size in gso.sizes]
        for counter in group.counters:
            counter.count(sizes, batch.now)
    totals.copies += count * len(group.consumers)
    totals.bytes += size * len(group.consumers)


def _send_slowly(
    packets: list[Forwarded], plan: FanoutPlan, now: float, outbox: Outbox, totals: Totals
) -> list[Fault]:
    """The slow path, for packets that not all consumers of the plan may get.

    Consumers that get the same part of them have a plan of their own for this batch.
    """
    shares: dict[tuple[int, ...], tuple[list[Forwarded], list[Subscriber]]] = {}
    for consumer in plan.consumers():
        covered = _covered(packets, consumer, plan.ledger, totals)
        indices = tuple([packet.index for packet in covered])
        shares.setdefault(indices, (covered, []))[1].append(consumer)
    faults: list[Fault] = []
    for covered, sharers in shares.values():
        for part in make_plans(plan.ledger, plan.profile, sharers if covered else ()):
            faults += _send(Batch(covered, part, now), part, outbox, totals)
    return faults


def _covered(
    packets: list[Forwarded], consumer: Subscriber, ledger: Ledger, totals: Totals
) -> list[Forwarded]:
    """The packets that have an index in the consumer's mapping: none from before its switch."""
    mapping = consumer.index_space.mapping_on(ledger)
    if mapping is None:
        totals.drops[DropReason.NONCE_REFUSED] += len(packets)
        return []
    drops, covered = consumer.context.drops, []
    for packet in packets:
        if mapping.covers(packet.index):
            covered.append(packet)
        elif packet.index < mapping.first_in:
            drops[DropReason.BEFORE_SWITCH] += 1
        else:
            drops[DropReason.NONCE_REFUSED] += 1
    return covered
