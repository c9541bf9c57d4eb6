"""A Consumer: one receiving slot, pointed at a producer and moved without renegotiation.

It keeps one SSRC with continuous sequence numbers and timestamps, and running numbers in the
payloads such as VP8 picture ids, while the layer behind it changes. Pure: no I/O, no clock.
"""

from collections.abc import Mapping
from types import MappingProxyType

from sfu.codecs.payload_format import newest
from sfu.layout import SlotWant
from sfu.publish.producer import Layer, Producer
from sfu.publish.subscriber import CopyCount, SendContext
from sfu.srtp.copies import Datagram, retransmit
from sfu.srtp.index_space import IndexSpace, StreamMapping
from sfu.srtp.rtp import OutboundSrtp
from sfu.wire.arith import extend_seq, ts_delta
from sfu.wire.packet import ExtensionProfile, Forwarded, Numbers, Packet

ALIGNMENT_LIMIT = (
    1.0  # s that Sender Reports may disagree with arrival times before they are ignored
)

_TS_MASK = 0xFFFFFFFF
_NO_NUMBERS: Mapping[str, Numbers] = MappingProxyType({})


class Consumer:
    """One slot of one subscriber.

    `index_space` seals what the slot sends, `rtx_index_space` what it sends again by RTX;
    everything else belongs to decisions outside the packet path.
    """

    __slots__ = (
        "_last_numbers",
        "_shared",
        "context",
        "index_space",
        "kind",
        "last_at",
        "last_timestamp",
        "layer",
        "mid",
        "nacks_received",
        "payload_types",
        "plis_received",
        "producer",
        "profile",
        "reported",
        "reports_sent",
        "retransmitted",
        "rtx_index_space",
        "rtx_ssrc",
        "sent",
        "ssrc",
        "switches",
        "target",
        "wish",
    )

    def __init__(
        self,
        context: SendContext,
        mid: str,
        kind: str,
        spaces: tuple[IndexSpace, IndexSpace],
        payload_types: dict[str, tuple[int, int | None]],
        profile: ExtensionProfile,
        timestamp: int,
    ) -> None:
        """`spaces`: its own and that for RTX; `timestamp` to begin with."""
        self.context = context
        self.mid = mid
        self.kind = kind
        self.index_space, self.rtx_index_space = spaces
        self.ssrc, self.rtx_ssrc = self.index_space.ssrc, self.rtx_index_space.ssrc
        self.payload_types = payload_types
        self.profile = profile
        self.last_timestamp = timestamp
        self.last_at: float | None = None
        self._last_numbers = _NO_NUMBERS  # by codec
        self.wish = SlotWant(mid, "off")  # of a video slot; audio slots are filled by the router
        self.producer: Producer | None = None
        self.layer: Layer | None = None
        self.target: Layer | None = None
        self.reported = 0
        self.reports_sent = 0  # Sender Reports since the last switch
        self.sent = CopyCount()  # its own, beside what it shares with its group
        self._shared = CopyCount()
        self.retransmitted = 0
        self.nacks_received = 0
        self.plis_received = 0
        self.switches = 0

    def connect(self, srtp: OutboundSrtp) -> None:
        """Takes the transport's keys: the slot may carry media from now on."""
        self.index_space.connect(srtp)
        self.rtx_index_space.connect(srtp)

    @property
    def mapping(self) -> StreamMapping | None:
        """How the packets of the layer that it shows become its own."""
        return self.index_space.mapping

    @property
    def packets(self) -> int:
        """Copies sent so far."""
        return self.sent.packets + self._shared.packets

    @property
    def bytes(self) -> int:
        """Bytes sent so far."""
        return self.sent.bytes + self._shared.bytes

    def share(self, count: CopyCount) -> None:
        """Counts its copies in `count` from now on, once for a group that is served together."""
        self.sent.add(self._shared.packets, self._shared.bytes)
        self._shared = count

    def accepts(self, producer: Producer) -> bool:
        """True when the subscriber negotiated the producer's codec for this slot."""
        return producer.kind == self.kind and producer.codec.name in self.payload_types

    def assign(self, producer: Producer | None, now: float) -> None:
        """Points the slot at a producer; the old picture stays until the new one can begin."""
        if producer is self.producer:
            return
        if self.producer is not None:
            self.producer.watchers.pop(self, None)
        self.producer = producer
        if producer is not None:
            producer.watchers[self] = None
        self.set_target(None, now)
        if producer is None or (self.layer and not self.layer.producer.available):
            self.detach(now)

    def producer_closed(self, now: float) -> None:
        """The producer that it is pointed at is gone: the slot is empty."""
        self.assign(None, now)

    def start_smallest(self, now: float) -> None:
        """Waits for its producer's smallest running layer, unless it shows or awaits something, or
        bandwidth decides: then the allocator may pause the slot."""
        if self.layer is None and self.target is None and not self.context.limited:
            running = [] if self.producer is None else self.producer.by_height()
            self.set_target(next((layer for layer in running if layer.active), None), now)

    def set_target(self, layer: Layer | None, now: float) -> None:
        """Asks for a layer: the slot moves there at the next packet that can start it."""
        if layer is self.target:
            return
        if self.target is not None:
            self.target.forget(self)
        self.target = None
        if layer is None or layer is self.layer:
            return
        self.target = layer
        layer.wait(self)
        layer.producer.request_keyframe(layer, now)

    def detach(self, now: float) -> None:
        """Empties the slot; its numbers are kept and go on with the next layer."""
        self.set_target(None, now)
        if self.layer is not None:
            self._leave_layer()
            self.context.slot_changed(self.mid)

    def start(self, packet: Packet, now: float) -> None:
        """Begins the target layer with `packet`, right behind what was sent last."""
        layer = self.target
        if layer is None:
            raise RuntimeError("a slot that waits for no layer can't begin one")
        payload_format = layer.payload_format
        payload_types = self.payload_types[payload_format.name]
        timestamp_offset = self._timestamp_offset(layer, packet, now)
        self._leave_layer()
        layer.forget(self)
        self.target = None
        last_numbers = self._last_numbers.get(payload_format.name, ())
        number_offsets = payload_format.offsets(last_numbers, packet.numbers)
        self.index_space.begin(
            layer, packet.index, self.profile, timestamp_offset, number_offsets, payload_types
        )
        self.layer = layer
        self.reports_sent = 0
        self.switches += 1
        layer.add(self)
        self.context.slot_changed(self.mid)

    def begin_again(self) -> None:
        """The layer begins a new segment: waits for its next start, unless it waits for another."""
        layer = self.layer
        self._leave_layer()
        if self.target is None and layer is not None:
            self.target = layer
            layer.wait(self)
        self.context.slot_changed(self.mid)

    def _leave_layer(self) -> None:
        """Takes the slot off its layer and keeps the numbers that were sent last."""
        layer, mapping = self.layer, self.mapping
        self.layer = None
        self.index_space.end()
        if layer is None or mapping is None:
            return
        layer.remove(self)
        self.last_timestamp = (layer.newest_timestamp + mapping.timestamp_offset) & _TS_MASK
        self.last_at = layer.stream.last_packet_at
        if layer.newest_numbers:
            self._keep_numbers(layer, mapping)

    def _keep_numbers(self, layer: Layer, mapping: StreamMapping) -> None:
        """The running numbers that were sent last: the next layer of this codec follows them."""
        name = layer.payload_format.name
        sent = layer.payload_format.moved(layer.newest_numbers, mapping.number_offsets)
        numbers = newest(self._last_numbers.get(name, ()), sent)
        self._last_numbers = {**self._last_numbers, name: numbers}

    def _timestamp_offset(self, layer: Layer, packet: Packet, now: float) -> int:
        """Offset that puts `packet` where its capture time belongs in the slot's timestamps.

        With Sender Reports of both sides the capture times are compared on the server's clock;
        without them the time between the last packet sent and this one stands in.
        """
        old, mapping = self.layer, self.mapping
        if old is None or mapping is None:
            last, last_at = self.last_timestamp, self.last_at
            aligned = None
        else:
            last = (old.newest_timestamp + mapping.timestamp_offset) & _TS_MASK
            last_at = old.stream.last_packet_at
            aligned = _aligned_timestamp(old, layer, packet)
        if last_at is None:
            return last - packet.timestamp
        rate = layer.producer.codec.clock_rate
        expected = last + max(1, int((now - last_at) * rate))
        if aligned is not None and mapping is not None:
            wanted = aligned + mapping.timestamp_offset
            if abs(ts_delta(wanted & _TS_MASK, expected & _TS_MASK)) < ALIGNMENT_LIMIT * rate:
                expected = wanted
        if ts_delta(expected & _TS_MASK, last) <= 0:
            expected = last + 1
        return expected - packet.timestamp

    def find_sent(self, sequence: int) -> tuple[int, StreamMapping, Forwarded] | None:
        """The packet sent under a 16-bit sequence number, while the layer's buffer has it."""
        out = extend_seq(sequence, self.index_space.highest)
        mapping = self.index_space.find(out)
        if mapping is None:
            return None
        packet = mapping.layer.buffer.get(out - mapping.sequence_offset)
        # A packet that is not Forwarded came in this very batch: its copies are still to be made.
        return (out, mapping, packet) if isinstance(packet, Forwarded) else None

    def retransmit(self, out: int, mapping: StreamMapping, packet: Forwarded) -> Datagram | None:
        """What `find_sent` found, as a datagram; None when the indices of RTX are used up."""
        return retransmit(self.index_space, self.rtx_index_space, out, mapping, packet)

    def take_unreported(self) -> int:
        """Packets sent since the last call: what a receiver report's loss is a share of."""
        packets = self.packets - self.reported
        self.reported = self.packets
        return packets


def _aligned_timestamp(old: Layer, new: Layer, packet: Packet) -> int | None:
    """The old layer's RTP time at the capture time of the new layer's packet."""
    ntp = new.stream.clock.ntp_at(packet.timestamp)
    if ntp is None:
        return None
    server_time = new.producer.origin.clockmap.to_server(ntp)
    if server_time is None:
        return None
    timestamp = old.stream.clock.rtp_at(server_time, old.producer.origin.clockmap)
    return None if timestamp is None else round(timestamp)
