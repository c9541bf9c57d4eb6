"""The uplink of one participant: incoming streams, and feedback about them.

Owns the incoming streams, their NACKs, key frame requests, transport-cc feedback and
receiver reports. Pure: no I/O, no clock.
"""

from collections.abc import Callable, Iterable

from sfu.negotiation.capabilities import TRANSPORT_CC, Negotiation
from sfu.publish.clock import ClockMap
from sfu.publish.keyframe import KeyframeRequester
from sfu.publish.nack import NackGenerator
from sfu.publish.producer import Layer, Producer
from sfu.publish.ssrc_table import IncomingSsrc, SendingSection, SsrcTable
from sfu.publish.stream import Stream
from sfu.publish.twcc import TwccRecorder
from sfu.srtp.keys import SrtpError
from sfu.srtp.rtp import InboundSrtp
from sfu.stats import DropReason
from sfu.timers import earliest
from sfu.wire.arith import extend_seq, seconds_from_ntp
from sfu.wire.audio_level import parse_audio_level
from sfu.wire.rtcp import (
    Goodbye,
    Nack,
    PictureLossIndication,
    ReceiverReport,
    ReportBlock,
    RtcpRecord,
    SenderReport,
)
from sfu.wire.rtp import FIXED, RtpError, header_length, padding_length, parse_extensions
from sfu.workload import Workload

KEEP_ENDED = 5.0  # s at least that an ended stream's place isn't given to another

_SRTP_DROPS = {
    "replayed": DropReason.RTP_REPLAYED,
    "too_old": DropReason.RTP_TOO_OLD,
    "unauthentic": DropReason.RTP_UNAUTHENTIC,
    "malformed": DropReason.RTP_MALFORMED,
}

Header = tuple[int, int, int, int, int]  # as wire.rtp.FIXED reads it
LevelHandler = Callable[[Producer, int, float], None]


def _nothing(*_: object) -> None:
    """Stands in for a callback after the end."""


class Uplink:
    """The publishing half of a transport."""

    def __init__(
        self,
        transport_id: str,
        local_ssrc: int,
        max_streams: int,
        on_pending: Callable[[Layer], None],
        on_level: LevelHandler,
        on_due: Callable[[], None],
        workload: Workload,
    ) -> None:
        self.transport_id = transport_id
        self.producers: dict[str, Producer] = {}
        self.layers: tuple[Layer, ...] = ()  # of all producers
        self.clockmap = ClockMap()
        self.round_trip = 0.1  # s, until the subscriber half measures one
        self.srtp: InboundSrtp | None = None
        self._local_ssrc = local_ssrc
        self._max_streams = max_streams
        self._on_pending = on_pending
        self._on_level = on_level
        self._on_due = on_due
        self._workload = workload
        self._incoming: dict[int, IncomingSsrc] = {}
        self._table = SsrcTable(())
        self._twcc = TwccRecorder()
        self._twcc_id = 0
        self._keyframes = KeyframeRequester()
        self._urgent: list[RtcpRecord] = []
        self._nacks: tuple[NackGenerator, ...] = ()

    def negotiate(self, negotiation: Negotiation) -> tuple[list[Producer], list[Producer]]:
        """Takes the sending sections of an offer; returns (opened, closed) producers.

        A section that keeps its source, codec and rids keeps its producer.
        """
        sections: list[SendingSection] = []
        opened: list[Producer] = []
        kept: dict[str, Producer] = {}
        for published in negotiation.published:
            producer_id = f"{self.transport_id}:{published.source}"
            producer = self.producers.get(producer_id)
            candidate = Producer(producer_id, published, self, self._on_pending)
            if producer is None or not _same_shape(producer, candidate):
                producer = candidate
                opened.append(producer)
            kept[producer_id] = producer
            sections.append(SendingSection(published, producer))
            self._twcc_id = published.extensions.get(TRANSPORT_CC, self._twcc_id)
        closed = [p for p in self.producers.values() if kept.get(p.producer_id) is not p]
        self.producers = kept
        self.layers = tuple(layer for producer in kept.values() for layer in producer.layers)
        self._nacks = tuple(
            layer.stream.nack for layer in self.layers if layer.stream.nack is not None
        )
        self._table = SsrcTable(sections)
        self._unbind_streams(closed)
        return opened, closed

    def release(self) -> None:
        """Cuts references back to this object: a closed transport must hold no reference cycles."""
        for producer in self.producers.values():
            producer.layers = ()
        self.producers = {}
        self.layers, self._nacks = (), ()
        self._incoming = {}
        self._table = SsrcTable(())
        self._on_due = self._on_level = self._on_pending = _nothing

    def _unbind_streams(self, closed: Iterable[Producer]) -> None:
        """Frees the SSRCs of closed producers for others; SRTP goes on (RFC 3711 3.2.1)."""
        gone = {id(layer) for producer in closed for layer in producer.layers}
        for incoming in self._incoming.values():
            if id(incoming.layer) in gone:
                incoming.layer = None

    # -- media ------------------------------------------------------------------------------

    def receive_rtp(self, data: bytes, now: float) -> DropReason | None:
        """Takes one SRTP packet; cheap checks come before decryption."""
        srtp = self.srtp
        if srtp is None:
            self._workload.exempt(len(data))
            return DropReason.NOT_CONNECTED
        try:
            length = header_length(data)
        except RtpError:
            self._workload.charge_failed(len(data))
            return DropReason.RTP_MALFORMED
        header: Header = FIXED.unpack_from(data)
        _, _, seq, _, ssrc = header
        incoming = self._incoming.get(ssrc)
        if incoming is None:
            if (reason := self._refuses_stream(now)) is not None:
                self._workload.exempt(len(data))
                return reason
            incoming = IncomingSsrc(srtp.stream(ssrc))
        try:
            index, payload = incoming.srtp.open(data, length, seq)
        except SrtpError as error:
            self._workload.charge_failed(len(data))
            return _SRTP_DROPS.get(error.reason, DropReason.RTP_UNAUTHENTIC)
        self._incoming.setdefault(ssrc, incoming)  # only now: forged packets can't fill the table
        return self._route(
            incoming, header, parse_extensions(data, length), index, payload, len(data), now
        )

    def _refuses_stream(self, now: float) -> DropReason | None:
        """Why a packet of an unknown SSRC, whose sender is unproven, is not even decrypted."""
        if self._workload.unproven.is_spent(now):
            return DropReason.UNPROVEN_OVER_BUDGET
        return None if self._has_room(now) else DropReason.RTP_TOO_MANY_STREAMS

    def _has_room(self, now: float) -> bool:
        """True when the table can hold one more SSRC: the one that ended first gives way."""
        if len(self._incoming) < self._max_streams:
            return True
        ended = [(s.ended_at, ssrc) for ssrc, s in self._incoming.items() if s.ended_at is not None]
        at, ssrc = min(ended, default=(now, 0))
        if now - at < KEEP_ENDED:
            return False
        del self._incoming[ssrc]
        return True

    def _route(
        self,
        incoming: IncomingSsrc,
        header: Header,
        extensions: dict[int, bytes],
        index: int,
        payload: bytes,
        size: int,
        now: float,
    ) -> DropReason | None:
        """Hands an authentic packet to its layer; `size` is that of the whole datagram."""
        first, second, _, timestamp, ssrc = header
        if self._twcc_id and (sent := extensions.get(self._twcc_id)) and len(sent) == 2:
            self._twcc.receive(int.from_bytes(sent, "big"), now)
        payload_type = second & 0x7F
        if incoming.layer is None and not self._table.resolve(
            incoming, ssrc, payload_type, extensions
        ):
            return DropReason.RTP_UNKNOWN_STREAM
        if payload_type != incoming.payload_type:
            return DropReason.RTP_UNWANTED_CODEC
        if incoming.ended_at is not None:
            return DropReason.RTP_STREAM_ENDED
        if first & 0x20:
            try:
                payload = payload[: -padding_length(payload)]
            except RtpError:
                return DropReason.RTP_MALFORMED
        if incoming.repair:
            return self._receive_repair(incoming, second & 0x80, timestamp, payload, now)
        return self._receive_media(
            incoming, ssrc, index, second & 0x80, timestamp, payload, extensions, size, now
        )

    def _receive_media(
        self,
        incoming: IncomingSsrc,
        ssrc: int,
        index: int,
        marker: int,
        timestamp: int,
        payload: bytes,
        extensions: dict[int, bytes],
        size: int,
        now: float,
    ) -> DropReason | None:
        layer = incoming.layer
        assert layer is not None  # resolved by the caller
        stream = layer.stream
        if stream.ssrc != ssrc:
            self._begin_stream(layer, ssrc, now)
        stream.reception.receive(index, timestamp, now, size)
        if incoming.level_id and (level := extensions.get(incoming.level_id)) is not None:
            self._on_level(layer.producer, parse_audio_level(level)[0], now)
        orientation = extensions.get(incoming.orientation_id) if incoming.orientation_id else None
        if orientation is not None and len(orientation) != 1:  # one octet (3GPP TS 26.114 7.4.5)
            orientation = None
        return self._into_layer(layer, index, marker, timestamp, payload, orientation, now)

    def _begin_stream(self, layer: Layer, ssrc: int, now: float) -> None:
        """A new SSRC takes a layer over, as after an encoder's restart: what came before ends,
        RTX too, whose numbers would mean other packets now."""
        for known, incoming in self._incoming.items():
            if layer.stream.ssrc and incoming.layer is layer and known != ssrc:
                incoming.ended_at = now
        layer.begin_stream(ssrc)

    def _receive_repair(
        self, incoming: IncomingSsrc, marker: int, timestamp: int, payload: bytes, now: float
    ) -> DropReason | None:
        """RFC 4588 4: the first two bytes are the sequence number of the packet sent again."""
        layer = incoming.layer
        assert layer is not None  # resolved by the caller
        if len(payload) < 2:
            return DropReason.RTP_PADDING
        newest = layer.stream.reception.highest_index
        if newest is None:
            return DropReason.RTX_AHEAD
        index = extend_seq(int.from_bytes(payload[:2], "big"), newest)
        if index > newest:
            return DropReason.RTX_AHEAD
        return self._into_layer(layer, index, marker, timestamp, payload[2:], None, now)

    def _into_layer(
        self,
        layer: Layer,
        index: int,
        marker: int,
        timestamp: int,
        payload: bytes,
        orientation: bytes | None,
        now: float,
    ) -> DropReason | None:
        reason = layer.receive(index, marker, timestamp, payload, orientation, now)
        pending = layer.pending
        if reason is None and pending and pending[-1].starts and layer.is_video:
            self._keyframes.received(layer.stream.ssrc, now)
        return reason

    # -- feedback ---------------------------------------------------------------------------

    def request_keyframe(self, stream: Stream, now: float) -> None:
        """One PLI now, or at the end of the throttle's window, or again until it comes."""
        if self._keyframes.request(stream.ssrc, now):
            self._urgent.append(self._pli(stream))
        self._on_due()

    def _pli(self, stream: Stream) -> RtcpRecord:
        stream.plis_sent += 1
        return PictureLossIndication(self._local_ssrc, stream.ssrc)

    def receive_report(self, report: SenderReport, now: float) -> bool:
        """Takes a publisher's sender report: its clock, for layer switches and lip sync."""
        incoming = self._incoming.get(report.ssrc)
        if incoming is None or incoming.layer is None or incoming.layer.stream.ssrc != report.ssrc:
            return False
        seconds = seconds_from_ntp(report.ntp)
        self.clockmap.sender_report(seconds, now)
        incoming.layer.stream.clock.sender_report(report.rtp_timestamp, seconds)
        incoming.layer.stream.reception.sender_report(report.ntp, now)
        return True

    def receive_goodbye(self, goodbye: Goodbye) -> None:
        """RFC 3550 6.6: the named streams end. Chromium says so, too, of a layer that it switches
        off, and goes on later with the same SSRC and the same SRTP state."""
        for ssrc in goodbye.ssrcs:
            incoming = self._incoming.get(ssrc)
            if (
                incoming is not None
                and incoming.layer is not None
                and incoming.layer.stream.ssrc == ssrc
            ):
                incoming.layer.stream.ended = True

    def handle_timers(self, now: float) -> list[RtcpRecord]:
        """The feedback that is due towards the publisher: PLI, NACK, transport-cc."""
        records: list[RtcpRecord] = []
        if not self.producers:
            return records
        streams = [layer.stream for layer in self.layers]
        for stream in streams:
            records.extend(self._due_nacks(stream, now))
        asked = set(self._keyframes.handle_timers(now))
        records += [self._pli(stream) for stream in streams if stream.ssrc in asked]
        records += self._urgent
        self._urgent = []
        media_ssrc = next((stream.ssrc for stream in streams if stream.ssrc), 0)
        deadline = self._twcc.next_deadline()
        if deadline is not None and deadline <= now:
            records.extend(self._twcc.build(now, self._local_ssrc, media_ssrc))
        return records

    def _due_nacks(self, stream: Stream, now: float) -> Iterable[RtcpRecord]:
        if stream.nack is None:
            return
        deadline = stream.nack.deadline
        if deadline is None or deadline > now:
            return
        plan = stream.nack.handle_timers(now, self.round_trip)
        if plan.give_up:
            self.request_keyframe(stream, now)
        if plan.sequences:
            sequences = tuple(index & 0xFFFF for index in plan.sequences)
            yield Nack(self._local_ssrc, stream.ssrc, sequences)

    def next_deadline(self, now: float) -> float | None:
        """The earliest of what handle_timers has to do; `now` itself when something waits."""
        if self._urgent:
            return now
        deadline = self._twcc.next_deadline()
        if not self.producers:
            return deadline  # the usual case: most participants only listen
        deadline = earliest(deadline, self._keyframes.next_deadline())
        for nack in self._nacks:
            if nack.deadline is not None:
                deadline = earliest(deadline, nack.deadline)
        return deadline

    def receiver_report(self, now: float) -> ReceiverReport | None:
        """RFC 3550 6.4.2 about every running stream: fewer than the 31 that fit."""
        if not self.producers:
            return None
        blocks = tuple(
            _report_block(layer.stream, now)
            for layer in self.layers
            if layer.stream.ssrc and layer.active
        )
        return ReceiverReport(self._local_ssrc, blocks) if blocks else None


def _report_block(stream: Stream, now: float) -> ReportBlock:
    fraction, lost, highest, jitter = stream.reception.report(now)
    stream.loss = fraction / 256
    lsr, dlsr = stream.reception.lsr_dlsr(now)
    return ReportBlock(stream.ssrc, fraction, lost, highest & 0xFFFFFFFF, jitter, lsr, dlsr)


def _same_shape(old: Producer, new: Producer) -> bool:
    """True when a producer can live on through a renegotiation."""
    rids = [layer.rid for layer in old.layers] == [layer.rid for layer in new.layers]
    return (
        rids
        and old.codec.name == new.codec.name
        and (old.codec.payload_type == new.codec.payload_type)
    )
