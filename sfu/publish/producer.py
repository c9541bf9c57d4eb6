"""A Producer: one published track, its layers, and the packets on the way to their subscribers.

Pure: no I/O, no clock.
"""

from collections.abc import Callable
from dataclasses import dataclass

from common.work import WorkBudget
from sfu.codecs.payload_format import newest
from sfu.codecs.registry import known_format
from sfu.negotiation.capabilities import Published
from sfu.publish.origin import Origin
from sfu.publish.retransmission_buffer import RetransmissionBuffer
from sfu.publish.seqmap import SeqMap
from sfu.publish.stream import Stream
from sfu.publish.subscriber import Subscriber
from sfu.srtp.nonces import Ledger
from sfu.stats import DropReason
from sfu.wire.packet import (
    PADDING,
    PADDING_PAYLOAD,
    VERSION,
    ExtensionProfile,
    Numbers,
    Packet,
)

BUFFERED = {"audio": 64, "video": 1_024}  # packets; 5.6 s of a recorded 720p layer
# Packets a second, and at once, that go to the subscribers: Opus makes 100 at most, a 1080p screen
# 600. One publisher must not cause the copies of ten.
RATES = {"audio": (120.0, 240.0), "video": (1_500.0, 3_000.0)}
MAX_LEAP = 256  # indices; no repair closes a larger gap, and a receiver's ROC must not miss one
SEGMENT_EVERY = 1.0  # s at least between two segments that cut subscribers off
REORDERING = 32  # indices that may still come before the packet that began a segment
NOT_BEGUN = 1 << 48  # above every index
# Heights assumed until a key frame tells: by number of layers, smallest first.
NOMINAL_HEIGHTS = {1: (720,), 2: (360, 720), 3: (180, 360, 720)}

ProfileGroup = tuple[ExtensionProfile, tuple[Subscriber, ...]]


@dataclass(slots=True)
class LayerInfo:
    """One layer to choose: its measured bit rate in bits/s (0: not being sent) and height in
    pixels; `index` is its place among the producer's layers by height."""

    index: int
    bitrate: float
    height: int


class Layer:
    """One size of a producer's picture, or its sound: from incoming packets to subscribers.

    A packet's position is the stream's index moved so that positions only ever grow, whatever the
    publisher does: a new SSRC, a leap in the sequence and a pause begin a new segment right behind
    the old one, and the subscribers begin again there. The compact index is the position without
    the gaps of dropped probes. So no index stands for two packets, and the ledger lets each be
    forwarded once (sfu.srtp.nonces).
    """

    __slots__ = (
        "_first",
        "_next_segment",
        "_subscribers",
        "active",
        "buffer",
        "height",
        "is_video",
        "is_whole",
        "ledger",
        "newest_index",
        "newest_numbers",
        "newest_position",
        "newest_timestamp",
        "on_pending",
        "payload_format",
        "pending",
        "pending_since",
        "plans",
        "position",
        "producer",
        "rate",
        "rid",
        "seqmap",
        "shift",
        "stream",
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
        kind, codec = producer.kind, producer.codec
        rate, burst = RATES[kind]
        self.producer = producer
        self.rid = rid
        self.position = position
        self.height = height
        self.is_video = kind == "video"
        self.payload_format = known_format(codec.name)
        self.stream = Stream(codec.clock_rate, is_video=self.is_video)
        self.active = False
        self.rate = WorkBudget(rate, burst, updated_at=0.0)  # of the packets to multiply
        self.on_pending = on_pending
        self.seqmap = SeqMap()
        self.buffer: RetransmissionBuffer[Packet] = RetransmissionBuffer(BUFFERED[kind])
        self.ledger = Ledger()
        self.pending: list[Packet] = []
        self.pending_since = 0.0
        self.is_whole = True  # nothing pending waits for the end of its frame
        self.newest_index = -1
        self.newest_timestamp = 0
        self.newest_numbers: Numbers = ()
        self.newest_position = -1  # probes included
        self.shift = 0  # from the stream's index to the layer's position
        self._first = NOT_BEGUN  # the stream's lowest index that has a position in the layer
        self._next_segment = 0.0  # s, when one may cut subscribers off again
        self._subscribers: dict[ExtensionProfile, dict[Subscriber, None]] = {}
        self.waiters: dict[Subscriber, None] = {}
        self.plans: object = None  # for the fan-out: how it serves these subscribers

    def begin_stream(self, ssrc: int) -> None:
        """Another SSRC sends this layer from here on."""
        self.stream.restart(ssrc)
        self.end_segment()

    def end_segment(self) -> None:
        """Ends the segment with what was received last: the next packet begins another."""
        self._first = NOT_BEGUN
        if self.stream.nack is not None:
            self.stream.nack.restart()

    def forget_packets(self) -> None:
        """Frees the memory; slots that once showed this layer may hold on to it for long."""
        self.buffer = RetransmissionBuffer(1)
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
        position, stream = index + self.shift, self.stream
        if index < self._first or position - self.newest_position > MAX_LEAP:
            reason = self._refuses_segment(index, now)
            if reason is None:
                self._begin_segment(index, now)
                reason = self.receive(index, marker, timestamp, payload, orientation, now)
                self._ask_for_waiters(now)
            return reason
        if position > self.newest_position:
            self.newest_position = position
        if stream.nack is not None:
            stream.nack.receive(index, now)
        if not payload:
            return self._receive_padding(position, timestamp, now)
        stream.last_packet_at = now
        compact = self.seqmap.accept(position)
        if compact is None:
            return DropReason.RTP_TOO_OLD
        # While no slot receives the layer, only starts of pictures and what follows in the same
        # batch are kept: a slot that comes meanwhile begins there, and is sent nothing older.
        unused = self.active and not (self._subscribers or self.waiters or self.pending)
        if unused and self.payload_format.can_skip(payload):
            return None
        packet = Packet(compact, timestamp, marker, payload, orientation=orientation)
        self.payload_format.describe(packet)
        if packet.height:
            self.height = packet.height
        return self._queue(packet, now)

    def _refuses_segment(self, index: int, now: float) -> DropReason | None:
        """A new segment interrupts every subscriber until the next key frame: a publisher may do
        that once a second. Until then subscribers keep what they have."""
        if index < self._first < NOT_BEGUN:
            return DropReason.RTP_TOO_OLD
        if self._subscribers and now < self._next_segment:
            return DropReason.RTP_LEAPING
        return None

    def _begin_segment(self, index: int, now: float) -> None:
        """Begins a new segment, with room before `index` for packets that it overtook."""
        if self._subscribers:
            self._next_segment = now + SEGMENT_EVERY
        self.shift = self.newest_position + 1 + REORDERING - index
        self._first = index - REORDERING
        self.pending.clear()
        if self.stream.nack is not None:
            self.stream.nack.restart()
        for subscriber in self.subscribers():
            subscriber.begin_again()

    def _ask_for_waiters(self, now: float) -> None:
        if self.waiters:
            self.producer.request_keyframe(self, now)

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
        """Keeps the packet for the next flush. The buffer knows which indices have come, or that
        they are too old to tell."""
        rate = self.rate
        if rate.credit < 0.0 and rate.is_spent(now):
            return DropReason.RTP_OVER_RATE
        rate.credit -= 1.0
        if not self.buffer.put(packet.index, packet):
            repeated = self.buffer.get(packet.index) is not None
            return DropReason.RTX_DUPLICATE if repeated else DropReason.RTP_TOO_OLD
        if not self.pending:
            self.pending_since = now
            self.is_whole = False
            self.on_pending(self)
        self.pending.append(packet)
        # a late packet completes an earlier frame: its receiver waits for it
        if packet.marker or packet.index < self.newest_index or not self.is_video:
            self.is_whole = True
        return None

    def take_pending(self) -> list[Packet]:
        """The packets since the last flush; remembers the newest numbers for later switches."""
        packets = self.pending
        self.pending = []
        for packet in packets:
            if packet.index > self.newest_index:
                self.newest_index = packet.index
                self.newest_timestamp = packet.timestamp
                numbers = packet.numbers
                if numbers:
                    self.newest_numbers = (
                        newest(self.newest_numbers, numbers) if None in numbers else numbers
                    )
        return packets

    def start(self) -> None:
        """Packets come: subscribers can be given the layer."""
        self.active = True
        self.stream.ended = False

    def stop(self) -> None:
        """No packets come; what was lost before says nothing of the network any more."""
        self.active = False
        self.stream.loss = 0.0

    @property
    def by_profile(self) -> tuple[ProfileGroup, ...]:
        """Subscribers by extension profile: the fan-out builds extensions once for each."""
        return tuple((profile, tuple(group)) for profile, group in self._subscribers.items())

    def subscribers(self) -> tuple[Subscriber, ...]:
        """All that receive the layer now."""
        return tuple(one for group in self._subscribers.values() for one in group)

    def add(self, subscriber: Subscriber) -> None:
        """Sends this layer's packets to the subscriber from the next flush on."""
        self._subscribers.setdefault(subscriber.profile, {})[subscriber] = None
        self.discard_plans()

    def remove(self, subscriber: Subscriber) -> None:
        """Ends the forwarding; harmless when the subscriber isn't here."""
        group = self._subscribers.get(subscriber.profile, {})
        group.pop(subscriber, None)
        if not group:
            self._subscribers.pop(subscriber.profile, None)
        self.discard_plans()

    def discard_plans(self) -> None:
        """The subscribers or their addresses have changed: the fan-out plans anew."""
        self.plans = None

    def wait(self, subscriber: Subscriber) -> None:
        """The subscriber begins with the next packet that starts a picture."""
        self.waiters[subscriber] = None

    def forget(self, subscriber: Subscriber) -> None:
        """The subscriber no longer waits."""
        self.waiters.pop(subscriber, None)


class Producer:
    """A track that a participant publishes; closed with its transport."""

    __slots__ = (
        "closed",
        "codec",
        "kind",
        "layers",
        "origin",
        "paused",
        "producer_id",
        "source",
        "watchers",
    )

    def __init__(
        self,
        producer_id: str,
        published: Published,
        origin: Origin,
        on_pending: Callable[[Layer], None],
    ) -> None:
        self.producer_id = producer_id
        self.source = published.source
        self.kind = published.kind
        self.codec = published.codecs[0]
        self.origin = origin
        self.paused = False
        self.closed = False
        self.watchers: dict[Subscriber, None] = {}  # in order of arrival
        rids = published.rids or ("",)
        heights = NOMINAL_HEIGHTS.get(len(rids), (720,) * len(rids))
        self.layers = tuple(
            Layer(self, rid, position, heights[position], on_pending)
            for position, rid in enumerate(rids)
        )

    @property
    def transport_id(self) -> str:
        """The id of the transport that publishes it."""
        return self.origin.transport_id

    @property
    def available(self) -> bool:
        """True while subscribers may be pointed at it."""
        return not self.paused and not self.closed

    def layer_by_rid(self, rid: str) -> Layer | None:
        """The layer that a rid names; a producer without simulcast has the one with rid ''."""
        return next((layer for layer in self.layers if layer.rid == rid), None)

    def by_height(self) -> list[Layer]:
        """Layers from the smallest to the largest picture."""
        return sorted(self.layers, key=lambda layer: (layer.height, layer.position))

    def layer_infos(self, now: float) -> tuple[LayerInfo, ...]:
        """What an allocator chooses from; index is the place in `by_height`.

        While every layer is silent (a still screen, a pause), those that once ran stay
        on offer with a token bit rate, so that a late joiner can wait for their key frame.
        """
        running = [layer for layer in self.layers if layer.active]
        candidates = running or [layer for layer in self.layers if layer.stream.ssrc]
        return tuple(
            LayerInfo(place, max(layer.stream.reception.bitrate(now), 1.0), layer.height)
            for place, layer in enumerate(self.by_height())
            if layer in candidates
        )

    def request_keyframe(self, layer: Layer, now: float) -> None:
        """Asks the publisher, through its throttled requester, unless one is just arriving."""
        arriving = any(packet.starts for packet in layer.pending)
        if self.kind == "video" and layer.stream.ssrc and not arriving:
            self.origin.request_keyframe(layer.stream, now)

    def pause(self, now: float) -> None:
        """Empties the slots that show this producer; packets that come meanwhile are dropped."""
        self.paused = True
        self._detach_subscribers(now)
        for layer in self.layers:
            layer.end_segment()

    def close(self, now: float) -> None:
        """Empties the slots and forgets the packets; idempotent."""
        self.closed = True
        self._detach_subscribers(now)
        for watcher in tuple(self.watchers):
            watcher.producer_closed(now)
        for layer in self.layers:
            layer.forget_packets()

    def _detach_subscribers(self, now: float) -> None:
        for layer in self.layers:
            for subscriber in (*layer.subscribers(), *layer.waiters):
                subscriber.detach(now)
