"""A Consumer: one receiving slot, pointed at a producer and moved without renegotiation.

It keeps one SSRC with continuous sequence numbers and timestamps (and VP8 picture ids) while the
layer behind it changes. Pure: no I/O, no clock.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfu.layout import SlotWant
from sfu.publish.layer import Layer
from sfu.publish.producer import Producer
from sfu.srtp.copies import Datagram, retransmit
from sfu.srtp.index_space import IndexSpace, StreamMapping
from sfu.srtp.rtp import OutboundSrtp
from sfu.wire.arith import extend_seq, ts_delta
from sfu.wire.packet import ExtensionProfile, Forwarded, Packet

if TYPE_CHECKING:
    from sfu.subscribe.downlink import Downlink

ALIGNMENT_LIMIT = (
    1.0  # s that Sender Reports may disagree with arrival times before they are ignored
)

_TS_MASK = 0xFFFFFFFF


@dataclass(slots=True)
class Tally:
    """Copies that were sent, without repeats; bytes of whole datagrams."""

    packets: int = 0
    bytes: int = 0

    def add(self, packets: int, size: int) -> None:
        """So many more."""
        self.packets += packets
        self.bytes += size


class Consumer:
    """One slot of one subscriber.

    `index_space` seals what the slot sends, `rtx_index_space` what it sends again by RTX;
    everything else belongs to decisions outside the hot path.
    """

    __slots__ = (
        "_shared",
        "downlink",
        "index_space",
        "kind",
        "last_at",
        "last_picture",
        "last_timestamp",
        "last_tl0",
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
        downlink: "Downlink",
        mid: str,
        kind: str,
        spaces: tuple[IndexSpace, IndexSpace],
        payload_types: dict[str, tuple[int, int | None]],
        profile: ExtensionProfile,
        timestamp: int,
    ) -> None:
        """`spaces`: its own and that for RTX; `timestamp` to begin with."""
        self.downlink = downlink
        self.mid = mid
        self.kind = kind
        self.index_space, self.rtx_index_space = spaces
        self.ssrc, self.rtx_ssrc = self.index_space.ssrc, self.rtx_index_space.ssrc
        self.payload_types = payload_types
        self.profile = profile
        self.last_timestamp = timestamp
        self.last_at: float | None = None
        self.last_picture = -1
        self.last_tl0 = -1
        self.wish = SlotWant(mid, "off")  # of a video slot; audio slots are filled by the router
        self.producer: Producer | None = None
        self.layer: Layer | None = None
        self.target: Layer | None = None
        self.reported = 0
        self.reports_sent = 0  # Sender Reports since the last switch
        self.sent = Tally()  # its own, beside what it shares with its group
        self._shared = Tally()
        self.retransmitted = 0
        self.nacks_received = 0
        self.plis_received = 0
        self.switches = 0

    def connect(self, srtp: OutboundSrtp) -> None:
        """Keys are there: the slot may carry media from now on."""
        self.index_space.connect(srtp)
        self.rtx_index_space.connect(srtp)

    @property
    def mapping(self) -> StreamMapping | None:
        """Its stay on the layer that it shows."""
        return self.index_space.mapping

    @property
    def packets(self) -> int:
        """Copies sent so far."""
        return self.sent.packets + self._shared.packets

    @property
    def bytes(self) -> int:
        """Bytes sent so far."""
        return self.sent.bytes + self._shared.bytes

    def share(self, tally: Tally) -> None:
        """What a group of consumers gets together is counted once, there, from now on."""
        self.sent.add(self._shared.packets, self._shared.bytes)
        self._shared = tally

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
        """Shows nothing from here on; numbers are kept so that they continue later."""
        self.set_target(None, now)
        if self.layer is not None:
            self._leave_layer()
            self.downlink.slot_changed(self)

    def switch(self, layer: Layer, packet: Packet, now: float) -> None:
        """Begins `layer` with `packet`, right behind what was sent last."""
        timestamp_offset = self._timestamp_offset(layer, packet, now)
        payload_types = self.payload_types[layer.codec_name]
        self._leave_layer()
        layer.forget(self)
        self.target = None
        offsets = (timestamp_offset, *self._picture_offsets(packet))
        self.index_space.begin(layer, packet.index, self.profile, offsets, payload_types)
        self.layer = layer
        self.reports_sent = 0
        self.switches += 1
        layer.add(self)
        self.downlink.slot_changed(self)

    def begin_again(self, layer: Layer) -> None:
        """The layer begins a new segment: waits for its next start, unless it waits for another."""
        self._leave_layer()
        if self.target is None:
            self.target = layer
            layer.wait(self)
        self.downlink.slot_changed(self)

    def _leave_layer(self) -> None:
        """Takes the slot off its layer and keeps the numbers that were sent last."""
        layer, mapping = self.layer, self.mapping
        self.layer = None
        self.index_space.end()
        if layer is None or mapping is None:
            return
        layer.remove(self)
        self.last_timestamp = (layer.newest_timestamp + mapping.timestamp_offset) & _TS_MASK
        self.last_at = layer.last_packet_at
        if layer.newest_picture_id >= 0:
            self.last_picture = (layer.newest_picture_id + mapping.picture_offset) & 0x7FFF
        if layer.newest_tl0 >= 0:
            self.last_tl0 = (layer.newest_tl0 + mapping.tl0_offset) & 0xFF

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
            last_at = old.last_packet_at
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

    def _picture_offsets(self, packet: Packet) -> tuple[int, int]:
        """Offsets that continue VP8 picture ids and TL0PICIDX; 0 the first time."""
        descriptor = packet.descriptor
        if descriptor is None:
            return 0, 0
        picture = tl0 = 0
        if descriptor.picture_id is not None and self.last_picture >= 0:
            picture = self.last_picture + 1 - descriptor.picture_id
        if descriptor.tl0picidx is not None and self.last_tl0 >= 0:
            tl0 = self.last_tl0 + 1 - descriptor.tl0picidx
        return picture, tl0

    def find_sent(self, sequence: int) -> tuple[int, StreamMapping, Forwarded] | None:
        """What went out under a 16-bit sequence number, while the layer's history has it."""
        out = extend_seq(sequence, self.index_space.highest)
        mapping = self.index_space.find(out)
        if mapping is None:
            return None
        packet = mapping.layer.history.get(out - mapping.sequence_offset)
        # One that is no Forwarded was received in this very batch: its copies are still to come.
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
    ntp = new.clock.ntp_at(packet.timestamp)
    if ntp is None:
        return None
    server_time = new.producer.uplink.clockmap.to_server(ntp)
    if server_time is None:
        return None
    timestamp = old.clock.rtp_at(server_time, old.producer.uplink.clockmap)
    return None if timestamp is None else round(timestamp)
