"""Names of drops and the records of a snapshot.

Pure: no I/O, no clock. A snapshot is plain data: signalling renders it as metrics and JSON.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum


class DropReason(StrEnum):
    """Why a datagram, a packet or a copy went no further. Each has its own counter."""

    EMPTY = "empty"
    OVERSIZED = "oversized"
    UNKNOWN_KIND = "unknown_kind"
    UNKNOWN_ADDRESS = "unknown_address"
    STUN_MALFORMED = "stun_malformed"
    STUN_UNKNOWN_USER = "stun_unknown_user"
    STUN_REFUSED = "stun_refused"
    STUN_OVER_BUDGET = "stun_over_budget"
    STUN_UNASKED = "stun_unasked"
    CHECK_TOO_LARGE = "check_too_large"
    ADDRESS_SILENT = "address_silent"
    NOT_CONNECTED = "not_connected"
    RTP_MALFORMED = "rtp_malformed"
    RTP_UNKNOWN_STREAM = "rtp_unknown_stream"
    RTP_TOO_MANY_STREAMS = "rtp_too_many_streams"
    RTP_REPLAYED = "rtp_replayed"
    RTP_TOO_OLD = "rtp_too_old"
    RTP_UNAUTHENTIC = "rtp_unauthentic"
    RTP_PADDING = "rtp_padding"
    RTP_UNWANTED_CODEC = "rtp_unwanted_codec"
    RTP_STREAM_ENDED = "rtp_stream_ended"
    RTP_LEAPING = "rtp_leaping"
    RTX_DUPLICATE = "rtx_duplicate"
    RTX_AHEAD = "rtx_ahead"
    PRODUCER_PAUSED = "producer_paused"
    BEFORE_SWITCH = "before_switch"
    NONCE_REFUSED = "nonce_refused"
    RTCP_UNAUTHENTIC = "rtcp_unauthentic"
    RTCP_MALFORMED = "rtcp_malformed"
    WORK_OVER_BUDGET = "work_over_budget"
    UNPROVEN_OVER_BUDGET = "unproven_over_budget"
    RTP_OVER_RATE = "rtp_over_rate"
    NACK_OVER_LIMIT = "nack_over_limit"
    KEYFRAME_OVER_BUDGET = "keyframe_over_budget"
    RTX_EXPIRED = "rtx_expired"
    RTX_RECENT = "rtx_recent"
    RTX_OVER_BUDGET = "rtx_over_budget"
    DTLS_QUEUE_FULL = "dtls_queue_full"
    DTLS_CROWDED = "dtls_crowded"
    DTLS_OVER_BUDGET = "dtls_over_budget"
    DTLS_UNPROVEN = "dtls_unproven"
    DTLS_DATA = "dtls_data"
    TRANSPORT_ERROR = "transport_error"
    BACKLOG_VIDEO = "backlog_video"
    BACKLOG_AUDIO = "backlog_audio"
    BACKLOG_CONTROL = "backlog_control"
    BACKLOG_STALE = "backlog_stale"
    BACKLOG_CLOSED = "backlog_closed"
    SEND_TOO_BIG = "send_too_big"
    SEND_REFUSED = "send_refused"
    SEND_FORBIDDEN = "send_forbidden"
    SEND_UNREACHABLE = "send_unreachable"
    SEND_FAILED = "send_failed"


@dataclass(slots=True)
class SocketSnapshot:
    """The worker's socket: datagrams the kernel dropped because its receive buffer was full,
    destinations that took no runs so far, and what waits to be sent now."""

    overruns: int = 0
    runs_refused: int = 0
    waiting_datagrams: int = 0
    waiting_bytes: int = 0


@dataclass(slots=True)
class LayerSnapshot:
    """One layer of a producer: what came, how well, and how often it was asked for more."""

    rid: str
    ssrc: int
    packets: int
    bytes: int
    bitrate: float
    fraction_lost: float
    jitter_ms: float
    nacks_sent: int
    plis_sent: int


@dataclass(slots=True)
class ProducerSnapshot:
    """A published track."""

    producer_id: str
    source: str
    kind: str
    codec: str
    paused: bool
    layers: list[LayerSnapshot] = field(default_factory=list)


@dataclass(slots=True)
class ConsumerSnapshot:
    """A receiving slot: what it shows and what it cost."""

    mid: str
    kind: str
    producer_id: str | None
    layer: int | None
    target_layer: int | None
    packets: int
    bytes: int
    retransmitted: int
    nacks_received: int
    plis_received: int
    switches: int


@dataclass(slots=True)
class TrafficTotals:
    """Traffic of one transport, or of all that a class has had since it opened."""

    packets_received: int = 0
    bytes_received: int = 0
    copies_sent: int = 0
    bytes_sent: int = 0
    drops: int = 0
    nacks_received: int = 0
    plis_received: int = 0
    retransmitted: int = 0
    switches: int = 0

    def add(self, other: "TrafficTotals") -> None:
        """Adds another's counts to these."""
        self.packets_received += other.packets_received
        self.bytes_received += other.bytes_received
        self.copies_sent += other.copies_sent
        self.bytes_sent += other.bytes_sent
        self.drops += other.drops
        self.nacks_received += other.nacks_received
        self.plis_received += other.plis_received
        self.retransmitted += other.retransmitted
        self.switches += other.switches


@dataclass(slots=True)
class TransportSnapshot:
    """One peer connection; `ended` has what slots that are no longer offered had counted."""

    transport_id: str
    state: str
    srtp_profile: str | None
    packets_received: int
    bytes_received: int
    copies_sent: int
    bytes_sent: int
    round_trip_ms: float | None
    downlink_loss: float
    remb: float | None
    budget: float | None
    drops: dict[str, int] = field(default_factory=dict)
    producers: list[ProducerSnapshot] = field(default_factory=list)
    consumers: list[ConsumerSnapshot] = field(default_factory=list)
    ended: TrafficTotals = field(default_factory=TrafficTotals)

    def traffic(self) -> TrafficTotals:
        """Its counters, over all slots there have been."""
        slots, ended = self.consumers, self.ended
        return TrafficTotals(
            self.packets_received,
            self.bytes_received,
            self.copies_sent,
            self.bytes_sent,
            sum(self.drops.values()),
            ended.nacks_received + sum(slot.nacks_received for slot in slots),
            ended.plis_received + sum(slot.plis_received for slot in slots),
            ended.retransmitted + sum(slot.retransmitted for slot in slots),
            ended.switches + sum(slot.switches for slot in slots),
        )


@dataclass(slots=True)
class RouterSums:
    """One class, added up over its transports; `traffic` includes those that have left."""

    router_id: str
    traffic: TrafficTotals = field(default_factory=TrafficTotals)
    connected: int = 0
    limited: int = 0
    worst_loss: float = 0.0
    worst_round_trip_ms: float = 0.0

    def add(self, transport: TransportSnapshot) -> None:
        """One more transport."""
        self.traffic.add(transport.traffic())
        self.connected += transport.state == "connected"
        self.limited += transport.budget is not None
        self.worst_loss = max(self.worst_loss, transport.downlink_loss)
        self.worst_round_trip_ms = max(self.worst_round_trip_ms, transport.round_trip_ms or 0)


def add_up(readings: Iterable["RouterReading"], into: list[RouterSums]) -> Iterator[None]:
    """Sums of classes; a step for each transport that was read."""
    for reading in readings:
        sums = RouterSums(reading.router_id, reading.closed_traffic)
        into.append(sums)
        for transport in reading.transports:
            sums.add(transport)
            yield


@dataclass(slots=True)
class RouterReading:
    """One class at one instant: what transports that had left had counted, and those present.

    These are read one by one as they are asked for; who has left by then is told as it left.
    """

    router_id: str
    closed_traffic: TrafficTotals
    transports: Iterator[TransportSnapshot]


@dataclass(slots=True)
class WorkerSnapshot:
    """The whole worker: totals since the start."""

    datagrams_received: int
    bytes_received: int
    packets_forwarded: int
    copies_sent: int
    bytes_sent: int
    stun_answers: int
    drops: dict[str, int] = field(default_factory=dict)
    transports: int = 0
    socket: SocketSnapshot = field(default_factory=SocketSnapshot)
    datagrams_accepted: int = 0
