"""A Layer: one RTP stream of a producer (one rid), from its first packet to its subscribers.

Owns what is shared by all who receive the layer: its index space, the sequence map, the
retransmission history, reception statistics, the RTP clock, and the lists of consumers.
Pure: no I/O, no clock.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from common.work import WorkBudget
from sfu.publish.clock import RtpClock
from sfu.publish.nack import NackGenerator
from sfu.publish.reception import ReceptionStats
from sfu.publish.retransmission_buffer import PacketHistory
from sfu.publish.seqmap import SeqMap
from sfu.srtp.nonces import Ledger
from sfu.stats import DropReason
from sfu.wire import h264, vp8
from sfu.wire.packet import PADDING, PADDING_PAYLOAD, VERSION, ExtensionProfile, Packet

if TYPE_CHECKING:
    from sfu.publish.producer import Producer
    from sfu.subscribe.consumer import Consumer

HISTORY = {"audio": 64, "video": 1_024}  # packets; 5.6 s of a recorded 720p layer
# Packets a second, and at once, that go to those who watch: Opus makes 100 at most, a 1080p screen
# 600. One who may publish must not make the copies of ten.
RATES = {"audio": (120.0, 240.0), "video": (1_500.0, 3_000.0)}
QUIET_AFTER = 1.5  # s without a packet until a layer counts as stopped
MAX_LEAP = 256  # indices; no repair closes a larger gap, and a receiver's ROC must not miss one
SEGMENT_EVERY = 1.0  # s at least between two segments that cut subscribers off
REORDERING = 32  # indices that may still come before the packet that began a segment
NOT_BEGUN = 1 << 48  # above every index

ProfileGroup = tuple[ExtensionProfile, tuple["Consumer", ...]]


class Layer:
    """One incoming RTP stream and everybody it goes to.

    Its index space only ever grows, whatever the publisher does: a new SSRC, a leap in the
    sequence and a pause begin a new segment right behind the old one, and its consumers begin
    again there, so that no index stands for two packets. Its ledger sees to it that each index is
    forwarded once (sfu.srtp.nonces).
    """

    __slots__ = (
        "_first",
        "_members",
        "_newest",
        "_next_segment",
        "active",
        "clock",
        "codec_name",
        "ended",
        "height",
        "history",
        "is_whole",
        "last_packet_at",
        "ledger",
        "loss",
        "nack",
        "newest_index",
        "newest_picture_id",
        "newest_timestamp",
        "newest_tl0",
        "on_pending",
        "pending",
        "pending_since",
        "plans",
        "plis_sent",
        "position",
        "producer",
        "rate",
        "reception",
        "rid",
        "seqmap",
        "shift",
        "ssrc",
        "waiters",
    )

    def __init__(
        self,
        producer: "Producer",
        rid: str,
        position: int,
        height: int,
        on_pending: Callable[["Layer"], None],
    ) -> None:
        self.producer = producer
        self.rid = rid
        self.position = position
        self.height = height
        self.rate = _rate(producer.kind)
        self.on_pending = on_pending
        self.codec_name = producer.codec.name
        self.ssrc = 0
        self.active = False
        self.ended = False  # its publisher said good-bye
        self.last_packet_at = 0.0
        self.loss = 0.0
        self.seqmap = SeqMap()
        self.nack = NackGenerator() if producer.kind == "video" else None
        self.history: PacketHistory[Packet] = PacketHistory(HISTORY[producer.kind])
        self.ledger = Ledger()
        self.reception = ReceptionStats(producer.codec.clock_rate)
        self.clock = RtpClock(producer.codec.clock_rate)
        self.waiters: dict[Consumer, None] = {}
        self.pending: list[Packet] = []
        self.pending_since = 0.0
        self.is_whole = True  # nothing pending waits for the end of its frame
        self.plis_sent = 0
        self.newest_index = -1
        self.newest_timestamp = 0
        self.newest_picture_id = self.newest_tl0 = -1
        self.shift = 0  # from the stream's index to the layer's
        self._first = NOT_BEGUN  # the stream's lowest index that has a place in the layer's
        self._newest = -1  # of the layer's indices, probes included
        self._next_segment = 0.0  # s, when one may cut subscribers off again
        self._members: dict[ExtensionProfile, dict[Consumer, None]] = {}
        self.plans: object = None  # for the fan-out: how it serves these subscribers

    def begin_stream(self, ssrc: int) -> None:
        """Another SSRC sends this layer from here on."""
        if self.ssrc:
            self.reception = ReceptionStats(self.producer.codec.clock_rate)
            self.clock = RtpClock(self.producer.codec.clock_rate)
        self.ssrc = ssrc
        self.end_segment()

    def end_segment(self) -> None:
        """What was received last is the end: the next packet begins a new segment."""
        self._first = NOT_BEGUN
        if self.nack is not None:
            self.nack.restart()

    def forget_packets(self) -> None:
        """Frees the memory; slots that once showed this layer may hold on to it for long."""
        self.history = PacketHistory(1)
        self.pending.clear()

    def receive(
        self,
        index: int,
        marker: int,
        timestamp: int,
        payload: bytes,
        orientation: bytes | None,
        now: float,
    ) -> DropReason | None:
        """Takes one authentic packet (padding stripped); a reason when it goes no further."""
        if self.producer.paused:
            return DropReason.PRODUCER_PAUSED
        position = index + self.shift
        if index < self._first or position - self._newest > MAX_LEAP:
            if (refusal := self._refuses_segment(index, now)) is not None:
                return refusal
            self._begin_segment(index, now)
            reason = self.receive(index, marker, timestamp, payload, orientation, now)
            if self.waiters:
                self.producer.request_keyframe(self, now)
            return reason
        if position > self._newest:
            self._newest = position
        if self.nack is not None:
            self.nack.receive(position, now)
        if not payload:
            return self._receive_padding(position, timestamp, now)
        self.last_packet_at = now  # probes don't count: they come on layers that are off, too
        compact = self.seqmap.accept(position)
        if compact is None:
            return DropReason.RTP_TOO_OLD
        unwatched = not self._members and not self.waiters and not self.pending
        if unwatched and self._is_of_no_use(payload):
            return None
        packet = Packet(compact, timestamp, marker, payload, orientation=orientation)
        self._describe(packet)
        return self._queue(packet, now)

    def _is_of_no_use(self, payload: bytes) -> bool:
        """While nobody receives a running layer, only what may begin a picture is looked at: it
        tells the height, and whoever comes begins there. Most of a gallery's packets are others.

        They need no place in the history: no slot is sent anything from before its own start. Once
        a picture has begun to wait for its end it is whole: somebody may come meanwhile.
        """
        if not self.active or self.codec_name == "H264":
            return False
        return self.codec_name == "opus" or payload[0] & 0x17 != 0x10  # as in vp8.parse

    def _refuses_segment(self, index: int, now: float) -> DropReason | None:
        """Whoever receives the layer is cut off by a new segment, told, and needs a key frame: a
        publisher may do that to them once a second. Until then they keep what they have."""
        if index < self._first < NOT_BEGUN:
            return DropReason.RTP_TOO_OLD
        if self._members and now < self._next_segment:
            return DropReason.RTP_LEAPING
        return None

    def _begin_segment(self, index: int, now: float) -> None:
        """A new segment of the indices; there is room before `index` for what it overtook."""
        if self._members:
            self._next_segment = now + SEGMENT_EVERY
        self.shift = self._newest + 1 + REORDERING - index
        self._first = index - REORDERING
        self.pending.clear()
        if self.nack is not None:
            self.nack.restart()
        for consumer in self.consumers():
            consumer.begin_again(self)

    def _receive_padding(self, position: int, timestamp: int, now: float) -> DropReason | None:
        """A probe carries nothing: the gap is closed, unless later packets are out already."""
        if self.seqmap.drop(position):
            return DropReason.RTP_PADDING
        compact = self.seqmap.accept(position)
        if compact is None:
            return DropReason.RTP_PADDING
        padding = Packet(compact, timestamp, 0, PADDING_PAYLOAD, flags=VERSION | PADDING)
        return self._queue(padding, now)

    def _queue(self, packet: Packet, now: float) -> DropReason | None:
        """For the next flush. The history knows which index has come, or that it is too
        old to tell."""
        rate = self.rate
        if rate.credit < 0.0 and rate.is_spent(now):
            return DropReason.RTP_OVER_RATE
        rate.credit -= 1.0
        if not self.history.put(packet.index, packet):
            repeated = self.history.get(packet.index) is not None
            return DropReason.RTX_DUPLICATE if repeated else DropReason.RTP_TOO_OLD
        if not self.pending:
            self.pending_since = now
            self.is_whole = False
            self.on_pending(self)
        self.pending.append(packet)
        # a late packet completes an earlier frame: its receiver waits for it
        if packet.marker or packet.index < self.newest_index or self.nack is None:
            self.is_whole = True
        return None

    def _describe(self, packet: Packet) -> None:
        if self.codec_name == "opus":
            packet.starts = True
        elif self.codec_name == "VP8":
            descriptor = vp8.parse(packet.payload)
            packet.descriptor = descriptor
            if descriptor is not None and descriptor.keyframe:
                packet.starts = True
                size = vp8.keyframe_size(packet.payload, descriptor)
                if size is not None:
                    self.height = min(size)
        else:
            packet.starts = h264.is_keyframe(packet.payload)

    def take_pending(self) -> list[Packet]:
        """The packets since the last flush; remembers the newest numbers for later switches."""
        packets = self.pending
        self.pending = []
        for packet in packets:
            if packet.index > self.newest_index:
                self.newest_index = packet.index
                self.newest_timestamp = packet.timestamp
                descriptor = packet.descriptor
                if descriptor is not None:
                    if descriptor.picture_id is not None:
                        self.newest_picture_id = descriptor.picture_id
                    if descriptor.tl0picidx is not None:
                        self.newest_tl0 = descriptor.tl0picidx
        return packets

    def start(self) -> None:
        """Packets come: the layer can be chosen."""
        self.active = True
        self.ended = False

    def stop(self) -> None:
        """Nothing comes; what was lost before says nothing of the network any more."""
        self.active = False
        self.loss = 0.0

    def is_quiet(self, now: float) -> bool:
        """True when the publisher has stopped sending this layer."""
        return self.ended or now - self.last_packet_at > QUIET_AFTER

    @property
    def by_profile(self) -> tuple[ProfileGroup, ...]:
        """Consumers by extension profile: the fan-out builds extensions once for each."""
        return tuple((profile, tuple(group)) for profile, group in self._members.items())

    def consumers(self) -> tuple["Consumer", ...]:
        """All who receive the layer now."""
        return tuple(consumer for _, group in self.by_profile for consumer in group)

    def add(self, consumer: "Consumer") -> None:
        """From the next flush on the consumer gets this layer's packets."""
        self._members.setdefault(consumer.profile, {})[consumer] = None
        self.discard_plans()

    def remove(self, consumer: "Consumer") -> None:
        """Ends the forwarding; harmless when the consumer isn't here."""
        group = self._members.get(consumer.profile, {})
        group.pop(consumer, None)
        if not group:
            self._members.pop(consumer.profile, None)
        self.discard_plans()

    def discard_plans(self) -> None:
        """The subscribers or their addresses have changed: the fan-out plans anew."""
        self.plans = None

    def wait(self, consumer: "Consumer") -> None:
        """The consumer wants to begin at the next packet that can be started with."""
        self.waiters[consumer] = None

    def forget(self, consumer: "Consumer") -> None:
        """The consumer no longer waits."""
        self.waiters.pop(consumer, None)


def _rate(kind: str) -> WorkBudget:
    """What the layer may multiply, in packets."""
    rate, burst = RATES[kind]
    return WorkBudget(rate, burst, updated_at=0.0)
