"""A Layer: one RTP stream of a producer (one rid), from its first packet to its subscribers.

Owns what is shared by all who receive the layer: the sequence map, the retransmission
history, reception statistics, the RTP clock, and the lists of consumers. Pure: no I/O, no clock.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from sfu.clockmap import RtpClock
from sfu.history import PacketHistory
from sfu.nack import NackGenerator
from sfu.packet import PADDING, PADDING_PAYLOAD, VERSION, Packet
from sfu.reception import ReceptionStats
from sfu.seqmap import SeqMap
from sfu.stats import DropReason
from sfu.wire import h264, vp8

if TYPE_CHECKING:
    from sfu.consumer import Consumer
    from sfu.producer import Producer

VIDEO_HISTORY = 1_024  # packets; 2.5 s of a 720p layer at 30 fps
AUDIO_HISTORY = 64
QUIET_AFTER = 1.5  # s without a packet until a layer counts as stopped

ExtensionProfile = tuple[int, int]  # (abs-send-time id, video-orientation id); 0: not negotiated
Group = tuple[ExtensionProfile, tuple["Consumer", ...]]


class Layer:
    """One incoming RTP stream and everybody it goes to.

    `groups` holds the consumers by extension profile, as tuples replaced on change, so that
    the fan-out iterates without locks or copies and builds extensions once per profile.
    """

    __slots__ = (
        "active",
        "clock",
        "codec_name",
        "groups",
        "height",
        "history",
        "last_packet_at",
        "loss",
        "nack",
        "newest_index",
        "newest_picture_id",
        "newest_timestamp",
        "newest_tl0",
        "on_pending",
        "pending",
        "plis_sent",
        "position",
        "producer",
        "reception",
        "rid",
        "seqmap",
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
        video = producer.kind == "video"
        self.producer = producer
        self.rid = rid
        self.position = position
        self.height = height
        self.on_pending = on_pending
        self.codec_name = producer.codec.name
        self.ssrc = 0
        self.active = False
        self.last_packet_at = 0.0
        self.loss = 0.0
        self.seqmap = SeqMap()
        self.history: PacketHistory[Packet] = PacketHistory(
            VIDEO_HISTORY if video else AUDIO_HISTORY
        )
        self.nack = NackGenerator() if video else None
        self.reception = ReceptionStats(producer.codec.clock_rate)
        self.clock = RtpClock(producer.codec.clock_rate)
        self.groups: tuple[Group, ...] = ()
        self.waiters: tuple[Consumer, ...] = ()
        self.pending: list[Packet] = []
        self.plis_sent = 0
        self.newest_index = -1
        self.newest_timestamp = 0
        self.newest_picture_id = -1
        self.newest_tl0 = -1

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
        if self.nack is not None:
            self.nack.receive(index, now)
        if not payload:
            return self._receive_padding(index, timestamp)
        self.last_packet_at = now  # probes don't count: they come on layers that are off, too
        compact = self.seqmap.accept(index)
        if compact is None:
            return DropReason.RTP_TOO_OLD
        if self.history.get(compact) is not None:
            return DropReason.RTX_DUPLICATE
        packet = Packet(compact, timestamp, marker, payload, orientation=orientation)
        self._describe(packet)
        self._queue(packet)
        return None

    def _receive_padding(self, index: int, timestamp: int) -> DropReason | None:
        """A probe carries nothing: the gap is closed, unless later packets are out already."""
        if self.seqmap.drop(index):
            return DropReason.RTP_PADDING
        compact = self.seqmap.accept(index)
        if compact is None or self.history.get(compact) is not None:
            return DropReason.RTP_PADDING
        self._queue(Packet(compact, timestamp, 0, PADDING_PAYLOAD, flags=VERSION | PADDING))
        return None

    def _queue(self, packet: Packet) -> None:
        self.history.put(packet.index, packet)
        if not self.pending:
            self.on_pending(self)
        self.pending.append(packet)

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

    def is_quiet(self, now: float) -> bool:
        """True when the publisher has stopped sending this layer."""
        return now - self.last_packet_at > QUIET_AFTER

    def consumers(self) -> tuple["Consumer", ...]:
        """All who receive the layer now."""
        return tuple(consumer for _, group in self.groups for consumer in group)

    def add(self, consumer: "Consumer") -> None:
        """From the next flush on the consumer gets this layer's packets."""
        groups = dict(self.groups)
        groups[consumer.profile] = (*groups.get(consumer.profile, ()), consumer)
        self.groups = tuple(groups.items())

    def remove(self, consumer: "Consumer") -> None:
        """Ends the forwarding; harmless when the consumer isn't here."""
        groups = dict(self.groups)
        rest = tuple(c for c in groups.get(consumer.profile, ()) if c is not consumer)
        if rest:
            groups[consumer.profile] = rest
        else:
            groups.pop(consumer.profile, None)
        self.groups = tuple(groups.items())

    def wait(self, consumer: "Consumer") -> None:
        """The consumer wants to begin at the next packet that can be started with."""
        if consumer not in self.waiters:
            self.waiters = (*self.waiters, consumer)

    def forget(self, consumer: "Consumer") -> None:
        """The consumer no longer waits."""
        self.waiters = tuple(c for c in self.waiters if c is not consumer)
