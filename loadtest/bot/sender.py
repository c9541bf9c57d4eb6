"""The sources of a publishing bot: packets sealed as RTP, and the answers to feedback.

Pure: no I/O, no clock; the wall clock, for stamps and Sender Reports, is an argument.
"""

from collections.abc import Callable, Sequence
from struct import Struct
from typing import Protocol

from loadtest.bot import offer
from loadtest.media.player import AudioPlayer, MediaPacket, VideoPlayer
from loadtest.media.stamp import put_stamp
from sfu.srtp.rtp import OutboundSrtp
from sfu.wire.arith import ntp_from_seconds
from sfu.wire.rtcp import Nack, RtcpRecord, SenderReport, SourceDescription
from sfu.wire.rtp import FIXED, abs_send_time, build_extensions

HISTORY = 600  # packets of a stream kept for retransmission
SILENT = 127
NTP_EPOCH = 2_208_988_800  # s from 1900 to 1970

Span = tuple[float, float]
Random = Callable[[int], bytes]
WallNs = Callable[[], int]

# profile, words; abs-send-time, transport-cc (and the level), padding (RFC 8285 4.2)
_VIDEO_EXTENSION = Struct(">HHIBHx")
_AUDIO_EXTENSION = Struct(">HHIBHBB3x")
_PROFILE = 0xBEDE
_ABS_SEND_TIME = (offer.ABS_SEND_TIME << 4 | 2) << 24
_TRANSPORT_CC = offer.TRANSPORT_CC << 4 | 1
_AUDIO_LEVEL = offer.AUDIO_LEVEL << 4
_VOICE = 0x80


class OutgoingStream:
    """One RTP stream and its RTX; names itself by mid and rid until the server has heard it."""

    __slots__ = (
        "_history",
        "_nonce_base",
        "_payload_type",
        "_rtx_index",
        "_rtx_nonce_base",
        "_seal",
        "acknowledged",
        "index",
        "mid",
        "octets",
        "packets",
        "resent",
        "rid",
        "rtx_ssrc",
        "ssrc",
    )

    def __init__(
        self,
        srtp: OutboundSrtp,
        payload_type: int,
        ssrc: int,
        mid: str,
        rid: str,
        rtx_ssrc: int | None,
        random: Random,
    ) -> None:
        self._seal = srtp.seal
        self._payload_type = payload_type
        self.ssrc = ssrc
        self.rtx_ssrc = rtx_ssrc
        self.mid = mid
        self.rid = rid
        # 15 bits, so that a lost first packet hides no wrap (RFC 3711 3.3.1)
        self.index = int.from_bytes(random(2), "big") & 0x7FFF
        self._rtx_index = int.from_bytes(random(2), "big") & 0x7FFF
        self._nonce_base = srtp.nonce_base(ssrc)
        self._rtx_nonce_base = srtp.nonce_base(rtx_ssrc or 0)
        self.acknowledged = False
        self.packets = 0
        self.octets = 0
        self.resent = 0
        self._history: dict[int, tuple[int, int, bytes]] = {}

    def write(
        self,
        marker: bool,
        timestamp: int,
        payload: bytes,
        level: int | None,
        number: int,
        now: float,
    ) -> bytes:
        """The next packet, sealed; `number` is the transport-wide one."""
        index = self.index
        self.index = index + 1
        if self.acknowledged:
            extension = _steady(level, number, now)
        else:
            extension = self._introduction(level, number, now, offer.RID)
        second = self._payload_type | marker << 7
        header = FIXED.pack(0x90, second, index & 0xFFFF, timestamp, self.ssrc) + extension
        nonce = (self._nonce_base ^ index).to_bytes(12, "big")
        if self.rtx_ssrc is not None:
            self._history[index] = (marker << 7, timestamp, payload)
            self._history.pop(index - HISTORY, None)
        self.packets += 1
        self.octets += len(payload)
        return header + self._seal(nonce, payload, header)

    def resend(self, sequence: int, number: int, now: float) -> bytes | None:
        """By RTX (RFC 4588); None when it is no longer, or never was, in memory."""
        index = self.index - ((self.index - sequence) & 0xFFFF)
        kept = self._history.get(index)
        if kept is None or self.rtx_ssrc is None:
            return None
        marker, timestamp, payload = kept
        again = self._rtx_index
        self._rtx_index = again + 1
        extension = self._introduction(None, number, now, offer.REPAIRED_RID)
        second = offer.VP8_RTX | marker
        header = FIXED.pack(0x90, second, again & 0xFFFF, timestamp, self.rtx_ssrc) + extension
        nonce = (self._rtx_nonce_base ^ again).to_bytes(12, "big")
        self.resent += 1
        return header + self._seal(nonce, sequence.to_bytes(2, "big") + payload, header)

    def _introduction(self, level: int | None, number: int, now: float, rid: int) -> bytes:
        elements = [
            (offer.ABS_SEND_TIME, abs_send_time(now).to_bytes(3, "big")),
            (offer.TRANSPORT_CC, number.to_bytes(2, "big")),
            (offer.MID, self.mid.encode()),
        ]
        if level is not None:
            elements.append((offer.AUDIO_LEVEL, bytes((_level(level),))))
        if self.rid:
            elements.append((rid, self.rid.encode()))
        return build_extensions(elements)


def _level(level: int) -> int:
    return level if level >= SILENT else level | _VOICE


def _steady(level: int | None, number: int, now: float) -> bytes:
    sent = _ABS_SEND_TIME | abs_send_time(now)
    if level is None:
        return _VIDEO_EXTENSION.pack(_PROFILE, 2, sent, _TRANSPORT_CC, number)
    return _AUDIO_EXTENSION.pack(
        _PROFILE, 3, sent, _TRANSPORT_CC, number, _AUDIO_LEVEL, _level(level)
    )


class Source(Protocol):
    """One published track: a player and the streams of its layers, the lowest first."""

    @property
    def lines(self) -> Sequence[OutgoingStream]: ...
    def next_deadline(self) -> float: ...
    def due(self, now: float) -> list[MediaPacket]: ...
    def request_keyframe(self, layer: int) -> None: ...
    def timestamp(self, layer: int, now: float) -> int: ...


class Camera:
    """Simulcast layers of one picture."""

    def __init__(self, player: VideoPlayer, lines: Sequence[OutgoingStream]) -> None:
        self.lines = lines
        self._player = player
        self.next_deadline = player.next_deadline
        self.due = player.due
        self.timestamp = player.timestamp

    def request_keyframe(self, layer: int) -> None:
        self._player.request_keyframe(layer)


class Microphone:
    """A voice that is loud in some spans of time, or always."""

    def __init__(
        self, player: AudioPlayer, line: OutgoingStream, speaks: Sequence[Span] | None
    ) -> None:
        self.lines = (line,)
        self._player = player
        self._turns = [] if speaks is None else [at for span in sorted(speaks) for at in span]
        self._turn = 0  # of `_turns`, the next to come; odd while loud
        if speaks is not None:
            player.set_loud(False)

    def next_deadline(self) -> float:
        deadline = self._player.next_deadline()
        if self._turn < len(self._turns):
            return min(deadline, self._turns[self._turn])
        return deadline

    def due(self, now: float) -> list[MediaPacket]:
        packets = self._player.due(now)
        before = self._turn
        while self._turn < len(self._turns) and self._turns[self._turn] <= now:
            self._turn += 1
        if self._turn != before:
            self._player.set_loud(bool(self._turn % 2))
        return packets

    def request_keyframe(self, layer: int) -> None:
        """Sound has none."""

    def timestamp(self, layer: int, now: float) -> int:
        return self._player.timestamp(now)


class Publisher:
    """All that one bot sends. `send` takes a datagram."""

    def __init__(
        self, sources: Sequence[Source], send: Callable[[bytes], None], wall_ns: WallNs, cname: str
    ) -> None:
        self.sources = sources
        self._send = send
        self._wall_ns = wall_ns
        self._cname = cname
        self._number = 0  # transport-wide
        self._by_ssrc = {
            line.ssrc: (source, layer, line)
            for source in sources
            for layer, line in enumerate(source.lines)
        }
        self.sent = 0
        self.nacks = 0
        self.plis = 0

    def next_deadline(self) -> float:
        """When a source has something to send."""
        return min(source.next_deadline() for source in self.sources)

    def handle_timers(self, now: float) -> None:
        """Sends what is due; a frame is stamped in its last packet, as late as can be."""
        for source in self.sources:
            lines = source.lines
            for packet in source.due(now):
                payload = packet.payload
                if packet.marker or packet.level is not None:
                    payload = put_stamp(payload, self._wall_ns())
                self._number = self._number + 1 & 0xFFFF
                line = lines[packet.layer]
                self._send(
                    line.write(
                        packet.marker, packet.timestamp, payload, packet.level, self._number, now
                    )
                )
                self.sent += 1

    def receive_nack(self, nack: Nack, now: float) -> None:
        """Sends again what the server misses."""
        found = self._by_ssrc.get(nack.media_ssrc)
        if found is None:
            return
        self.nacks += 1
        for sequence in nack.sequences:
            self._number = self._number + 1 & 0xFFFF
            again = found[2].resend(sequence, self._number, now)
            if again is not None:
                self._send(again)
                self.sent += 1

    def receive_keyframe_request(self, ssrc: int) -> None:
        """PLI or FIR."""
        if found := self._by_ssrc.get(ssrc):
            self.plis += 1
            found[0].request_keyframe(found[1])

    def acknowledge(self, ssrc: int) -> None:
        """The server reports on this stream, so it knows whose it is."""
        if found := self._by_ssrc.get(ssrc):
            found[2].acknowledged = True

    def reports(self, now: float) -> list[RtcpRecord]:
        """A Sender Report of every stream that has begun, and who they are of."""
        ntp = ntp_from_seconds(self._wall_ns() / 1e9 + NTP_EPOCH)
        records: list[RtcpRecord] = [
            SenderReport(ssrc, ntp, source.timestamp(layer, now), line.packets, line.octets)
            for ssrc, (source, layer, line) in self._by_ssrc.items()
            if line.packets
        ]
        if records:
            records.append(SourceDescription(((next(iter(self._by_ssrc)), self._cname),)))
        return records
