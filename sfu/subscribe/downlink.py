"""The downlink of one participant: its slots, their layers within a budget, and its feedback.

Pure: no I/O, no clock.
"""

from collections import Counter
from collections.abc import Callable, Iterable

from sfu.events import SlotState
from sfu.negotiation.capabilities import ABS_SEND_TIME, VIDEO_ORIENTATION, Negotiation, Slot
from sfu.srtp.index_space import IndexSpaces
from sfu.srtp.rtp import OutboundSrtp
from sfu.stats import DropReason, TrafficTotals
from sfu.subscribe.allocator import SlotRequest, allocate, next_step
from sfu.subscribe.consumer import Consumer
from sfu.subscribe.estimator import BandwidthEstimator
from sfu.subscribe.retransmission_budget import RetransmissionBudget
from sfu.wire.address import Address
from sfu.wire.arith import compact_ntp, ntp_from_seconds
from sfu.wire.packet import ExtensionProfile
from sfu.wire.rtcp import Nack, ReportBlock, RtcpRecord, SenderReport, SourceDescription

FIRST_ROUND_TRIP = 0.1  # s, until a report tells
FIRST_REPORTS = 4  # Sender Reports a second apart after a switch, for sound and picture to meet
REPORT_EVERY = 3  # ticks between them from then on
MAX_SOURCES = 31  # of one SDES packet: five bits count them (RFC 3550 6.5)
PRIORITIES = {"pinned": 0, "speaker": 1, "page": 2}


def _nothing() -> None:
    """Stands in for a callback after the end."""


class Downlink:
    """The receiving half of a transport.

    `address` is where copies go (the nominated pair) or None; `limit` of the estimator is the
    budget for video. Slots exist from the offer on; they carry media once SRTP keys are there.
    """

    def __init__(
        self,
        transport_id: str,
        cname: str,
        random: Callable[[int], bytes],
        on_slots: Callable[[], None],
        drops: Counter[DropReason],
        estimator: BandwidthEstimator,
    ) -> None:
        self.transport_id = transport_id
        self.address: Address | None = None
        self.consumers: dict[str, Consumer] = {}
        self.index_spaces = IndexSpaces()
        self.ended = TrafficTotals()  # of slots that are no longer offered
        self._changed: dict[str, None] = {}  # by mid
        self._told: dict[str, SlotState] = {}  # by mid: what the page knows of it
        self.estimator = estimator
        self.counter = estimator.counter
        self.round_trip: float | None = None
        self.loss = 0.0
        self.remb: float | None = None
        self.sent_rate = 0.0
        self._cname = cname
        self._random = random
        self._on_slots = on_slots
        self.drops = drops
        self._srtp: OutboundSrtp | None = None
        self._retransmissions = RetransmissionBudget()
        self._by_ssrc: dict[int, Consumer] = {}
        self._counted: tuple[int, float] = (0, 0.0)
        self._ticks = 0

    # -- slots ------------------------------------------------------------------------------

    def negotiate(
        self, negotiation: Negotiation, ssrcs: dict[str, tuple[int, int]], now: float
    ) -> None:
        """Makes the slots that the offer added and ends those that it no longer receives in;
        all others keep running."""
        offered = {slot.mid for slot in negotiation.slots}
        for consumer in [c for mid, c in self.consumers.items() if mid not in offered]:
            self._end(consumer, now)
        for slot in negotiation.slots:
            if slot.mid in self.consumers:
                continue
            consumer = self._new_slot(slot, *ssrcs[slot.mid])
            self.consumers[slot.mid] = consumer
            self._by_ssrc[consumer.ssrc] = consumer

    def _new_slot(self, slot: Slot, ssrc: int, rtx_ssrc: int) -> Consumer:
        sequence, timestamp, rtx_sequence = self._first_numbers()
        spaces = (
            self.index_spaces.add(ssrc, sequence),
            self.index_spaces.add(rtx_ssrc, rtx_sequence),
        )
        consumer = Consumer(
            self, slot.mid, slot.kind, spaces, _payload_types(slot), _profile(slot), timestamp
        )
        if self._srtp is not None:
            consumer.connect(self._srtp)
        return consumer

    def _end(self, consumer: Consumer, now: float) -> None:
        """Takes a slot away; what it counted stays."""
        consumer.assign(None, now)
        del self.consumers[consumer.mid], self._by_ssrc[consumer.ssrc]
        self.ended.add(_traffic(consumer))

    def release(self) -> None:
        """Cuts references back to this object: a closed transport must hold no reference cycles."""
        self.consumers = {}
        self._changed, self._told = {}, {}
        self._by_ssrc = {}
        self._on_slots = _nothing

    def _first_numbers(self) -> tuple[int, int, int]:
        """Random starts (RFC 3550 5.1); 15 bits keep a lost first packet from hiding a wrap."""
        seed = self._random(8)
        return (
            int.from_bytes(seed[:2], "big") & 0x7FFF,
            int.from_bytes(seed[2:6], "big"),
            int.from_bytes(seed[6:], "big") & 0x7FFF,
        )

    def move(self, address: Address | None) -> None:
        """Sends to the nominated address from now on; another one is another path."""
        if address == self.address:
            return
        if self.address is not None:
            self.forget_path()
        self.address = address
        for consumer in self.consumers.values():
            if consumer.layer is not None:
                consumer.layer.discard_plans()

    def forget_path(self) -> None:
        """Nothing is known of the bandwidth after an outage or on another network: the loss that is
        reported next is of the time in between."""
        self.estimator.forget_path()
        self.remb = None
        self.loss = 0.0

    def connect(self, srtp: OutboundSrtp) -> None:
        """Takes the transport's keys: slots may carry media from now on."""
        self._srtp = srtp
        for consumer in self.consumers.values():
            consumer.connect(srtp)

    @property
    def connected(self) -> bool:
        """True once media can go out: there are SRTP keys and a nominated address."""
        return self._srtp is not None and self.address is not None

    def protect_rtcp(self, data: bytes) -> bytes:
        """SRTCP of a compound packet; only once connected."""
        if self._srtp is None:
            raise RuntimeError("RTCP before its transport had keys")
        return self._srtp.protect_rtcp(data)

    def slots(self, kind: str) -> list[Consumer]:
        """The slots of one kind in the order of the offer."""
        return [consumer for consumer in self.consumers.values() if consumer.kind == kind]

    def slot_changed(self, mid: str) -> None:
        """Remembers that the page may have to hear of this slot."""
        self._changed[mid] = None
        self._on_slots()

    def take_changed_slots(self) -> dict[str, SlotState | None]:
        """What is not as it was told last; what has changed and changed back is left out."""
        states = {mid: slot_state(self.consumers.get(mid)) for mid in self._changed}
        self._changed.clear()
        news = {mid: state for mid, state in states.items() if state != self._told.get(mid)}
        for mid, state in news.items():
            if state is None:
                del self._told[mid]
            else:
                self._told[mid] = state
        return news

    def detach_all(self, now: float) -> None:
        """Empties every slot."""
        for consumer in self.consumers.values():
            consumer.assign(None, now)
            consumer.detach(now)

    # -- layers within the budget -----------------------------------------------------------

    def allocate(self, now: float) -> None:
        """Gives each video slot the layer that fits its wish and the budget."""
        if not self.connected:
            return
        requests = self._requests(now)
        plan = allocate(requests, self.estimator.limit(now))
        if self.limited and self.estimator.trial(next_step(requests, plan), now):
            plan = allocate(requests, self.estimator.limit(now))
        for mid, position in plan.items():
            consumer = self.consumers[mid]
            producer = consumer.producer
            if producer is None:
                continue
            if position is None:
                consumer.detach(now)
            else:
                consumer.set_target(producer.by_height()[position], now)

    def _requests(self, now: float) -> list[SlotRequest[str]]:
        requests = []
        for consumer in self.slots("video"):
            if consumer.producer is not None and (infos := consumer.producer.layer_infos(now)):
                priority = PRIORITIES.get(consumer.wish.want, 2)
                wanted = consumer.wish.max_height
                requests.append(SlotRequest(consumer.mid, priority, infos, wanted))
        return requests

    @property
    def limited(self) -> bool:
        """True while bandwidth, not the layout, decides the layers."""
        return self.estimator.limit(0.0) is not None

    # -- feedback ---------------------------------------------------------------------------

    def consumer_by_ssrc(self, ssrc: int) -> Consumer | None:
        """The slot that sends with this SSRC."""
        return self._by_ssrc.get(ssrc)

    def receive_nack(self, nack: Nack, now: float) -> list[bytes]:
        """The retransmissions for a NACK, within the budget for them."""
        consumer = self._by_ssrc.get(nack.media_ssrc)
        if consumer is None:
            return []
        again: list[bytes] = []
        for sequence in nack.sequences:
            consumer.nacks_received += 1
            found = consumer.find_sent(sequence)
            if found is None:
                self.drops[DropReason.RTX_EXPIRED] += 1
                continue
            packet, size = (consumer.ssrc, found[0]), len(found[2].payload)
            if self._retransmissions.is_recent(packet, self.round_trip or 0.0, now):
                self.drops[DropReason.RTX_RECENT] += 1
            elif not self._retransmissions.take(packet, size, self.sent_rate, now):
                self.drops[DropReason.RTX_OVER_BUDGET] += 1
            elif (datagram := consumer.retransmit(*found)) is None:
                self.drops[DropReason.NONCE_REFUSED] += 1
            else:
                again.append(datagram)
        consumer.retransmitted += len(again)
        return again

    def receive_keyframe_request(self, ssrc: int, now: float) -> bool:
        """PLI or FIR of a subscriber, passed on to the layer it watches."""
        consumer = self._by_ssrc.get(ssrc)
        if consumer is None:
            return False
        consumer.plis_received += 1
        if consumer.layer is not None:
            consumer.layer.producer.request_keyframe(consumer.layer, now)
        return True

    def receive_reports(self, blocks: Iterable[ReportBlock], now: float) -> None:
        """Loss and round trip as the subscriber sees them (RFC 3550 6.4.1)."""
        fractions = []
        congested = False
        for block in blocks:
            consumer = self._by_ssrc.get(block.ssrc)
            if consumer is None:
                continue
            if block.lsr:
                elapsed = (compact_ntp(ntp_from_seconds(now)) - block.lsr - block.dlsr) & 0xFFFFFFFF
                if elapsed < 0x80000000:
                    self.round_trip = elapsed / 65536
            if packets := consumer.take_unreported():
                fraction = block.fraction_lost / 256
                fractions.append(fraction)
                round_trip = self.round_trip or FIRST_ROUND_TRIP
                congested |= self.estimator.on_report(fraction, round_trip, now, packets)
        if fractions:
            self.loss = max(fractions)
        if congested:
            self.allocate(now)

    def receive_remb(self, bitrate: float, now: float) -> None:
        """The receiver's own estimate."""
        self.remb = bitrate
        if self.estimator.on_remb(bitrate, now):
            self.allocate(now)

    def count_rate(self, now: float) -> None:
        """Called once a second: the rate of media that was sent, in bits per second.

        Without retransmissions: they grow with the loss, and would hide the congestion.
        """
        slots = self.consumers.values()
        total = self.ended.bytes_sent + sum(consumer.bytes for consumer in slots)
        before, at = self._counted
        self._counted = (total, now)
        if now > at > 0:
            self.sent_rate = (total - before) * 8 / (now - at)
            if not self.sent_rate:
                self.loss = 0.0  # what was lost before says nothing of the network any more
            self.estimator.sent_rate(self.sent_rate, now)

    def sender_reports(self, now: float) -> list[RtcpRecord]:
        """Per slot: the publisher's clock told on the server's, so that sound and picture of
        one person, and of different persons, share one time line (RFC 3550 6.4.1).

        Called once a second; a slot that has been told its time often enough is told seldom.
        """
        self._ticks += 1
        records: list[RtcpRecord] = []
        sources: list[tuple[int, str]] = []
        ntp = ntp_from_seconds(now)
        for consumer in self.consumers.values():
            layer, mapping = consumer.layer, consumer.mapping
            if layer is None or mapping is None or not consumer.packets:
                continue
            if consumer.reports_sent >= FIRST_REPORTS and self._ticks % REPORT_EVERY:
                continue
            timestamp = layer.stream.clock.rtp_at(now, layer.producer.origin.clockmap)
            if timestamp is None:
                continue
            shifted = (round(timestamp) + mapping.timestamp_offset) & 0xFFFFFFFF
            records.append(
                SenderReport(
                    consumer.ssrc,
                    ntp,
                    shifted,
                    consumer.packets & 0xFFFFFFFF,
                    consumer.bytes & 0xFFFFFFFF,
                )
            )
            consumer.reports_sent += 1
            sources.append((consumer.ssrc, self._cname))
        for start in range(0, len(sources), MAX_SOURCES):
            records.append(SourceDescription(tuple(sources[start : start + MAX_SOURCES])))
        return records


def slot_state(consumer: Consumer | None) -> SlotState | None:
    """What a slot shows, for the page; None for an empty slot and one that is gone."""
    layer = None if consumer is None else consumer.layer
    if layer is None:
        return None
    producer = layer.producer
    position = producer.by_height().index(layer)
    return SlotState(producer.transport_id, producer.producer_id, producer.kind, position)


def _traffic(consumer: Consumer) -> TrafficTotals:
    return TrafficTotals(
        copies_sent=consumer.packets,
        bytes_sent=consumer.bytes,
        nacks_received=consumer.nacks_received,
        plis_received=consumer.plis_received,
        retransmitted=consumer.retransmitted,
        switches=consumer.switches,
    )


def _payload_types(slot: Slot) -> dict[str, tuple[int, int | None]]:
    """Payload type and RTX payload type by codec; of several of a codec the first offered."""
    return {
        codec.name: (codec.payload_type, codec.rtx_payload_type) for codec in reversed(slot.codecs)
    }


def _profile(slot: Slot) -> ExtensionProfile:
    """Sound needs neither: its REMB share is nothing and it has no orientation."""
    if slot.kind != "video":
        return (0, 0)
    return (slot.extensions.get(ABS_SEND_TIME, 0), slot.extensions.get(VIDEO_ORIENTATION, 0))
