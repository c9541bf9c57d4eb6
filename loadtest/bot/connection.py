"""A bot's peer connection without its socket: ICE, SRTP, what it receives, sends and reports.

Fed with datagrams and the time; sends by a callback; its deadlines are in `timers`, which a whole
fleet shares. Pure: no I/O, no clock.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from loadtest.bot.feedback import Feedback
from loadtest.bot.ice import IceClient
from loadtest.bot.offer import ReadAnswer
from loadtest.bot.receiver import ASK_AFTER, ReceivedStream
from loadtest.bot.sender import Publisher
from loadtest.media.stamp import read_stamp
from sfu.ice.agent import IceCredentials, IceState
from sfu.srtp.keys import SrtpError
from sfu.srtp.rtp import InboundSrtp, InboundStream, OutboundSrtp
from sfu.timers import Timers
from sfu.wire import demux, vp8
from sfu.wire.rtcp import (
    FullIntraRequest,
    Nack,
    PictureLossIndication,
    ReceiverReport,
    RtcpError,
    RtcpRecord,
    SenderReport,
    build_compound,
    parse_compound,
)
from sfu.wire.rtp import FIXED, RtpError, header_length, padding_length

Action = Callable[[float], None]
REPORT_EVERY = 1.0  # s
FIRST_ROUND_TRIP = 0.05  # s, until ICE has measured one


class ConnectionListener(Protocol):
    """The calls that a connection makes to its bot."""

    def send(self, data: bytes) -> None: ...
    def receive_dtls(self, data: bytes) -> None: ...
    def ice_connected(self) -> None: ...
    def probe(self, data: bytes) -> None: ...
    def probed(self, found: bool) -> None: ...
    def lost(self, code: str, message: str) -> None: ...
    def queued(self, now: float) -> float: ...
    def latency(self, stamp: int, arrival_ns: int) -> None: ...


@dataclass(slots=True)
class ConnectionCounts:
    """Counts of one connection since its beginning."""

    nacks: int = 0  # sequence numbers asked for
    plis: int = 0
    switches: int = 0
    undecryptable: int = 0


class Connection:
    """From the answer to the end. `streams` are those that have begun, by SSRC."""

    def __init__(
        self,
        answer: ReadAnswer,
        local: IceCredentials,
        hooks: ConnectionListener,
        timers: Timers[Action],
        random: Callable[[int], bytes],
        now: float,
    ) -> None:
        self.answer = answer
        self.streams: dict[int, ReceivedStream] = {}
        self.slots = {
            slot.ssrc: ReceivedStream(slot.mid, slot.kind == "video", slot.ssrc, slot.rtx_ssrc)
            for slot in answer.slots
        }
        self.tally = ConnectionCounts()
        self.publisher: Publisher | None = None
        self._by_mid = {stream.mid: stream for stream in self.slots.values()}
        self._repairs = {s.rtx_ssrc: s for s in self.slots.values() if s.rtx_ssrc is not None}
        self._shown: dict[str, object] = {}
        self._local = local
        self._hooks = hooks
        self._timers = timers
        self._random = random
        self._closed = False
        self._inbound: InboundSrtp | None = None
        self._outbound: OutboundSrtp | None = None
        self._opened: dict[int, InboundStream] = {}
        self._feedback = Feedback(int.from_bytes(random(4), "big"), now)
        self.ice = IceClient(local, answer.credentials, random, now)
        self._other: IceClient | None = None  # on its way to take over
        timers.set(self._keep_path, now)

    # -- ICE ----------------------------------------------------------------------------------

    def try_path(self, now: float) -> None:
        """Checks the path of another socket with `ConnectionListener.probe`.

        `ConnectionListener.probed` tells the result. Once the server has answered, everything goes
        that way.
        """
        self._other = IceClient(self._local, self.answer.credentials, self._random, now)
        self._timers.set(self._check_other, now)

    def _check_other(self, now: float) -> None:
        if self._other is None:
            return
        if (request := self._other.handle_timers(now)) is not None:
            self._hooks.probe(request)
        if self._other.state is IceState.FAILED:
            self._other = None
            self._hooks.probed(False)
        else:
            self._timers.set(self._check_other, self._other.next_deadline())

    def _keep_path(self, now: float) -> None:
        if self._closed:  # by what was due at the same time
            return
        was = self.ice.state
        if (request := self.ice.handle_timers(now)) is not None:
            self._hooks.send(request)
        if self.ice.state is IceState.FAILED:
            what = "never answered" if was is IceState.NEW else "no longer answers"
            self._hooks.lost("ice_timeout", f"The server {what} connectivity checks.")
            return
        self._timers.set(self._keep_path, self.ice.next_deadline())

    def _receive_stun(self, data: bytes, now: float) -> None:
        if (answer := self.ice.answer(data)) is not None:  # it asks where it was asked last
            (self._hooks.send if self._other is None else self._hooks.probe)(answer)
            return
        was = self.ice.state
        if self._other is not None and self._other.receive(data, now):
            self.ice, self._other = self._other, None
            self._hooks.probed(True)
        elif not self.ice.receive(data, now):
            return
        self._timers.clear(self._keep_path)
        self._timers.set(self._keep_path, self.ice.next_deadline())
        if was is IceState.NEW:
            self._hooks.ice_connected()

    # -- keys ---------------------------------------------------------------------------------

    def connect(
        self,
        inbound: InboundSrtp,
        outbound: OutboundSrtp,
        publisher: Publisher | None,
        phase: float,
        now: float,
    ) -> None:
        """The handshake is done; `phase` (0 to 1) spreads the reports of a fleet's bots."""
        self._inbound, self._outbound = inbound, outbound
        self.publisher = publisher
        self._timers.set(self._report, now + phase * REPORT_EVERY)
        if publisher is not None:
            self._timers.set(self._publish, publisher.next_deadline())

    def close(self, now: float) -> None:
        """Nothing is sent or received any more; idempotent."""
        if self._closed:
            return
        self._closed = True
        self._other = None
        actions = (self._keep_path, self._check_other, self._report, self._publish, self._chase)
        for action in actions:
            self._timers.clear(action)
        self.streams.clear()
        for stream in self.slots.values():
            stream.finish(now)

    # -- what arrives -------------------------------------------------------------------------

    def receive_unread(self, data: bytes, now: float) -> None:
        """Any datagram of a bot that is not sampled; `PlainLink` does the same on its own."""
        if len(data) >= FIXED.size:
            _, second, seq, _, ssrc = FIXED.unpack_from(data)
            if (stream := self.streams.get(ssrc)) is not None:
                stream.receive(seq, second, len(data), now)
                if stream.missing:
                    self.chase_soon(now)
                return
        self.receive(data, now)

    def receive(self, data: bytes, now: float) -> None:
        """A datagram that is no packet of a stream that has begun."""
        if self._closed:
            return
        kind = demux.classify(data)
        if kind == demux.RTP:
            self._receive_rtp(data, now, 0)
        elif kind == demux.RTCP:
            self._receive_rtcp(data, now)
        elif kind == demux.STUN:
            self._receive_stun(data, now)
        elif kind == demux.DTLS:
            self._hooks.receive_dtls(data)

    def receive_sampled(self, data: bytes, arrival_ns: int, now: float) -> None:
        """Any datagram of a sampled bot; media is decrypted, stamps are read."""
        if demux.classify(data) != demux.RTP:
            self.receive(data, now)
        elif not self._closed:
            self._receive_rtp(data, now, arrival_ns)

    def _receive_rtp(self, data: bytes, now: float, arrival_ns: int) -> None:
        """Decrypts; a bot that is not sampled sees only first packets and repairs here."""
        if self._inbound is None:
            return  # as a browser: before its handshake is done, media can't be read
        _, second, seq, _, ssrc = FIXED.unpack_from(data) if len(data) >= FIXED.size else (0,) * 5
        stream = self.slots.get(ssrc) or self._repairs.get(ssrc)
        payload = self._open(data, seq, ssrc) if stream is not None else None
        if stream is None or payload is None:
            self.tally.undecryptable += 1
            return
        stamp = (read_stamp(payload) or 0) if arrival_ns else 0
        if ssrc == stream.rtx_ssrc:
            if len(payload) > 2:
                original = payload[0] << 8 | payload[1]
                stream.repair(original, second, len(data), now, stamp)
        else:
            if not stream.begun:
                self._begin(stream, payload)
            stream.receive(seq, second, len(data), now, stamp)
        if stream.missing:
            self.chase_soon(now)
        if arrival_ns:
            self._measure(stream, stamp, arrival_ns)

    def _open(self, data: bytes, seq: int, ssrc: int) -> bytes | None:
        """The plain payload; None when it can't be read, b"" when it was there before."""
        assert self._inbound is not None
        opened = self._opened.get(ssrc)
        if opened is None:
            opened = self._opened[ssrc] = self._inbound.stream(ssrc)
        try:
            _, payload = opened.open(data, header_length(data), seq)
            return payload[: -padding_length(payload)] if data[0] & 0x20 else payload
        except SrtpError as error:
            return b"" if error.reason == "replayed" else None
        except RtpError:
            return None

    def _measure(self, stream: ReceivedStream, stamp: int, arrival_ns: int) -> None:
        if stream.is_video:
            for done in stream.stamps:
                self._hooks.latency(done, arrival_ns)
            stream.stamps.clear()
        elif stamp:
            self._hooks.latency(stamp, arrival_ns)

    def _begin(self, stream: ReceivedStream, payload: bytes) -> None:
        """A decoder can only start with a key frame."""
        self.streams[stream.ssrc] = stream
        if stream.is_video:
            descriptor = vp8.parse(payload)
            if descriptor is None or not descriptor.keyframe:
                self._request_keyframe(stream)

    # -- RTCP ---------------------------------------------------------------------------------

    def _receive_rtcp(self, data: bytes, now: float) -> None:
        if self._inbound is None:
            return
        try:
            records = parse_compound(self._inbound.unprotect_rtcp(data))
        except (SrtpError, RtcpError):
            self.tally.undecryptable += 1
            return
        for record in records:
            if isinstance(record, SenderReport):
                self._feedback.receive_report(record, now)
            if self.publisher is not None:
                _tell_publisher(self.publisher, record, now)

    def _send_rtcp(self, records: Sequence[RtcpRecord]) -> None:
        if self._outbound is not None and records:
            self._hooks.send(self._outbound.protect_rtcp(build_compound(records)))

    def _report(self, now: float) -> None:
        """Once a second: Sender Reports, Receiver Report and REMB in one datagram."""
        if self._closed:
            return
        for stream in self.streams.values():
            stream.mark()
        records = self.publisher.reports(now) if self.publisher is not None else []
        records += self._feedback.report(self.streams.values(), self._hooks.queued(now), now)
        self._send_rtcp(records)
        self._timers.set(self._report, now + REPORT_EVERY)

    def _request_keyframe(self, stream: ReceivedStream) -> None:
        self.tally.plis += 1
        self._send_rtcp([PictureLossIndication(self._feedback.ssrc, stream.ssrc)])

    def chase_soon(self, now: float) -> None:
        """A gap has opened: packets may have to be asked for."""
        self._timers.set(self._chase, now + ASK_AFTER)

    def _chase(self, now: float) -> None:
        """NACKs for video; a packet missing too long is lost, and video then needs a key frame."""
        round_trip = (self.ice.round_trip or FIRST_ROUND_TRIP) + self._hooks.queued(now)
        for stream in self.streams.values():
            if not stream.missing:
                continue
            lost = stream.lost
            if wanted := stream.chase(now, round_trip):
                self.tally.nacks += len(wanted)
                sequences = tuple(index & 0xFFFF for index in wanted)
                self._send_rtcp([Nack(self._feedback.ssrc, stream.ssrc, sequences)])
            if stream.is_video and stream.lost > lost:
                self._request_keyframe(stream)
            if (deadline := stream.next_chase()) is not None:
                self._timers.set(self._chase, max(deadline, now + ASK_AFTER))

    # -- publishing, showing ------------------------------------------------------------------

    def _publish(self, now: float) -> None:
        if self.publisher is not None and not self._closed:
            self.publisher.handle_timers(now)
            self._timers.set(self._publish, self.publisher.next_deadline())

    def slots_changed(self, slots: dict[str, object]) -> None:
        """The server's `slots`: what each receiving section shows from now on; None: nothing."""
        for mid, shown in slots.items():
            stream = self._by_mid.get(mid)
            before = self._shown.get(mid)
            self._shown[mid] = shown
            if stream is None or not stream.is_video:
                continue
            if before is not None and shown is not None and shown != before:
                self.tally.switches += 1
            if shown is None:
                stream.pause()


def _tell_publisher(publisher: Publisher, record: RtcpRecord, now: float) -> None:
    match record:
        case Nack():
            publisher.receive_nack(record, now)
        case PictureLossIndication():
            publisher.receive_keyframe_request(record.media_ssrc)
        case FullIntraRequest():
            for ssrc, _ in record.entries:
                publisher.receive_keyframe_request(ssrc)
        case SenderReport() | ReceiverReport():
            for block in record.reports:
                publisher.acknowledge(block.ssrc)
