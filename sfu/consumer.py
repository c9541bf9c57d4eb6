"""A Consumer: one receiving slot, pointed at a producer and moved without renegotiation.

It keeps one continuous SSRC, sequence and timestamp line (and VP8 picture ids) while the
layer behind it changes. Pure: no I/O, no clock.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfu.layers import ExtensionProfile, Layer
from sfu.packet import Packet
from sfu.producer import Producer
from sfu.srtp import Seal, SealInto
from sfu.wire.arith import extend_seq, ts_delta

if TYPE_CHECKING:
    from sfu.downlink import Downlink

MAX_EPOCHS = 8
ALIGNMENT_LIMIT = (
    1.0  # s that Sender Reports may disagree with arrival times before they are ignored
)

_TS_MASK = 0xFFFFFFFF


@dataclass(slots=True)
class Epoch:
    """What stood behind a slot from one outgoing index on: enough to send any of it again."""

    first_out: int
    first_in: int
    layer: Layer
    sequence_offset: int
    timestamp_offset: int
    picture_offset: int
    tl0_offset: int
    payload_type: int
    rtx_payload_type: int | None


@dataclass(slots=True)
class Tally:
    """Copies that were sent, without repeats; bytes of whole datagrams."""

    packets: int = 0
    bytes: int = 0

    def add(self, packets: int, size: int) -> None:
        """So many more."""
        self.packets += packets
        self.bytes += size


@dataclass(slots=True)
class SlotWish:
    """What the client asked of a video slot; audio slots are filled by the router."""

    want: str = "off"
    producer: str | None = None
    max_height: int | None = None


class Consumer:
    """One slot of one subscriber.

    The fan-out reads `seal_into`, `seal`, `nonce_base`, `ssrc` and `epoch`; everything else
    belongs to decisions outside the hot path.
    """

    __slots__ = (
        "_shared",
        "downlink",
        "epoch",
        "epochs",
        "kind",
        "last_at",
        "last_index",
        "last_picture",
        "last_timestamp",
        "last_tl0",
        "layer",
        "mid",
        "nacks_received",
        "nonce_base",
        "payload_types",
        "plis_received",
        "producer",
        "profile",
        "reported",
        "reports_sent",
        "retransmitted",
        "rtx_index",
        "rtx_nonce_base",
        "rtx_ssrc",
        "seal",
        "seal_into",
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
        ssrcs: tuple[int, int],
        payload_types: dict[str, tuple[int, int | None]],
        profile: ExtensionProfile,
        first_numbers: tuple[int, int, int],
    ) -> None:
        """`first_numbers`: sequence, timestamp and RTX sequence to begin with."""
        self.downlink = downlink
        self.mid = mid
        self.kind = kind
        self.ssrc, self.rtx_ssrc = ssrcs
        self.payload_types = payload_types
        self.profile = profile
        self.last_index, self.last_timestamp, self.rtx_index = first_numbers
        self.last_at: float | None = None
        self.last_picture = -1
        self.last_tl0 = -1
        self.wish = SlotWish()
        self.producer: Producer | None = None
        self.layer: Layer | None = None
        self.target: Layer | None = None
        self.epoch: Epoch | None = None
        self.epochs: list[Epoch] = []
        self.seal: Seal = downlink.seal
        self.seal_into: SealInto | None = downlink.seal_into
        self.nonce_base = downlink.nonce_base(self.ssrc)
        self.rtx_nonce_base = downlink.nonce_base(self.rtx_ssrc)
        self.reported = 0
        self.reports_sent = 0  # Sender Reports since the last switch
        self.sent = Tally()  # its own, beside what it shares with its crew
        self._shared = Tally()
        self.retransmitted = 0
        self.nacks_received = 0
        self.plis_received = 0
        self.switches = 0

    @property
    def packets(self) -> int:
        """Copies sent so far."""
        return self.sent.packets + self._shared.packets

    @property
    def bytes(self) -> int:
        """Bytes sent so far."""
        return self.sent.bytes + self._shared.bytes

    def share(self, tally: Tally) -> None:
        """What a crew of consumers gets together is counted once, there, from now on."""
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
        """Shows nothing from here on; numbers are kept so that the line continues later."""
        self.set_target(None, now)
        if self.layer is not None:
            self._leave_layer()
            self.downlink.slot_changed(self)

    def switch(self, layer: Layer, packet: Packet, now: float) -> None:
        """Begins `layer` with `packet`, right behind what was sent last."""
        timestamp_offset = self._timestamp_offset(layer, packet, now)
        self._leave_layer()
        layer.forget(self)
        self.target = None
        sequence_offset = self.last_index + 1 - packet.index
        payload_type, rtx_payload_type = self.payload_types[layer.codec_name]
        self.epoch = Epoch(
            self.last_index + 1,
            packet.index,
            layer,
            sequence_offset,
            timestamp_offset,
            *self._picture_offsets(packet),
            payload_type,
            rtx_payload_type,
        )
        self.epochs = [*self.epochs[1 - MAX_EPOCHS :], self.epoch]
        self.layer = layer
        self.reports_sent = 0
        self.switches += 1
        layer.add(self)
        self.downlink.slot_changed(self)

    def begin_again(self, layer: Layer) -> None:
        """The layer's line is broken: waits for its next start, unless it waits for another."""
        self._leave_layer()
        if self.target is None:
            self.target = layer
            layer.wait(self)
        self.downlink.slot_changed(self)

    def _leave_layer(self) -> None:
        """Takes the slot off its layer and keeps the numbers that were sent last."""
        layer, epoch = self.layer, self.epoch
        self.layer = None
        self.epoch = None
        if layer is None or epoch is None:
            return
        layer.remove(self)
        self.last_index = layer.newest_index + epoch.sequence_offset
        self.last_timestamp = (layer.newest_timestamp + epoch.timestamp_offset) & _TS_MASK
        self.last_at = layer.last_packet_at
        if layer.newest_picture_id >= 0:
            self.last_picture = (layer.newest_picture_id + epoch.picture_offset) & 0x7FFF
        if layer.newest_tl0 >= 0:
            self.last_tl0 = (layer.newest_tl0 + epoch.tl0_offset) & 0xFF

    def _timestamp_offset(self, layer: Layer, packet: Packet, now: float) -> int:
        """Offset that puts `packet` where its capture time belongs on the slot's line.

        With Sender Reports of both sides the capture times are compared on the server's clock;
        without them the time between the last packet sent and this one stands in.
        """
        old, epoch = self.layer, self.epoch
        if old is None or epoch is None:
            last, last_at = self.last_timestamp, self.last_at
            aligned = None
        else:
            last = (old.newest_timestamp + epoch.timestamp_offset) & _TS_MASK
            last_at = old.last_packet_at
            aligned = _aligned_timestamp(old, layer, packet)
        if last_at is None:
            return last - packet.timestamp
        rate = layer.producer.codec.clock_rate
        expected = last + max(1, int((now - last_at) * rate))
        if aligned is not None and epoch is not None:
            wanted = aligned + epoch.timestamp_offset
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

    def find_sent(self, sequence: int) -> tuple[int, Epoch, Packet] | None:
        """What went out under a 16-bit sequence number, while the layer's history has it."""
        newest = self.newest_out()
        if newest is None:
            return None
        out = extend_seq(sequence, newest)
        for epoch in reversed(self.epochs):
            if out >= epoch.first_out:
                packet = epoch.layer.history.get(out - epoch.sequence_offset)
                # A stamp of 0: received in this very batch, its first copies are still to come.
                if packet is None or out > newest or not packet.stamp:
                    return None
                return out, epoch, packet
        return None

    def newest_out(self) -> int | None:
        """The newest outgoing index, or None before the first packet."""
        if self.epoch is not None and self.layer is not None:
            return max(self.layer.newest_index + self.epoch.sequence_offset, self.last_index)
        return self.last_index if self.epochs else None

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
