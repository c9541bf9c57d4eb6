"""What a scripted peer publishes: RTP streams, a microphone, a simulcast camera.

Pure: no I/O, no clock. Frames are made on the rig's agenda; feedback comes in by the peer.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from tests.support import rtcp_client
from tests.support.clock import Agenda
from tests.support.media import Mark, write_mark, write_rtp, write_video
from tests.support.peer_sdp import OPUS, VP8, VP8_RTX

HISTORY = 1024
EXTENSIONS = {  # ids in the composed offers
    "level": 1,
    "abs-send-time": 2,
    "transport-cc": 3,
    "mid": 4,
    "rid": 10,
    "repaired-rid": 11,
}
AUDIO_INTERVAL = 0.02
PROBE_BYTES = 255
SILENT = 127


class Carrier(Protocol):
    """What senders need of the peer that carries them."""

    publisher: int
    agenda: Agenda

    def send_rtp(self, packet: bytes) -> None: ...
    def send_rtcp(self, packet: bytes) -> None: ...
    def transport_sequence(self) -> int: ...
    def wall(self, now: float) -> float: ...


class Sender(Protocol):
    """One published track."""

    stopped: bool

    @property
    def streams(self) -> list["OutStream"]: ...
    def start(self, carrier: Carrier, now: float) -> None: ...
    def keyframe(self, ssrc: int) -> None: ...
    def resend(self, carrier: Carrier, ssrc: int, sequence: int, now: float) -> None: ...
    def report(self, carrier: Carrier, now: float) -> None: ...


@dataclass(slots=True)
class OutStream:
    """One RTP stream with its retransmissions; names itself by mid (and rid) until it is heard."""

    mid: str
    ssrc: int
    payload_type: int
    rate: int
    sequence: int
    first_timestamp: int
    rid: str = ""
    rtx_ssrc: int | None = None
    rtx_sequence: int = 0
    feedback: bool = True
    heard: bool = False
    packets: int = 0
    octets: int = 0
    resent: int = 0
    keyframes_asked: int = 0
    history: dict[int, bytes] = field(default_factory=dict)

    def timestamp(self, captured: float, epoch: float) -> int:
        return self.first_timestamp + round((captured - epoch) * self.rate)

    def send(
        self,
        carrier: Carrier,
        payload: bytes,
        timestamp: int,
        marker: bool,
        now: float,
        level: int | None = None,
        padding: int = 0,
    ) -> None:
        extensions = self._extensions(carrier, now, "rid")
        if level is not None:
            extensions.append((EXTENSIONS["level"], bytes([level | (level < SILENT) << 7])))
        packet = write_rtp(
            self.payload_type,
            marker,
            self.sequence,
            timestamp,
            self.ssrc,
            extensions,
            payload,
            padding,
        )
        self.history[self.sequence] = packet
        self.history.pop((self.sequence - HISTORY) & 0xFFFF, None)
        self.sequence = (self.sequence + 1) & 0xFFFF
        self.packets += 1
        self.octets += len(payload)
        carrier.send_rtp(packet)

    def resend(self, carrier: Carrier, sequence: int, now: float) -> None:
        """By RTX (RFC 4588) where negotiated, else the very same packet again."""
        packet = self.history.get(sequence)
        if packet is None:
            return
        self.resent += 1
        if self.rtx_ssrc is None:
            carrier.send_rtp(packet)
            return
        header = 16 + 4 * int.from_bytes(packet[14:16], "big")
        padding = packet[-1] if packet[0] & 0x20 else 0
        carrier.send_rtp(
            write_rtp(
                VP8_RTX,
                packet[1] > 0x7F,
                self.rtx_sequence,
                int.from_bytes(packet[4:8], "big"),
                self.rtx_ssrc,
                self._extensions(carrier, now, "repaired-rid"),
                packet[2:4] + packet[header : len(packet) - padding],
                padding,
            )
        )
        self.rtx_sequence = (self.rtx_sequence + 1) & 0xFFFF

    def _extensions(self, carrier: Carrier, now: float, rid: str) -> list[tuple[int, bytes]]:
        send_time = int(now * (1 << 18)) & 0xFFFFFF
        extensions = [(EXTENSIONS["abs-send-time"], send_time.to_bytes(3, "big"))]
        if self.feedback:
            number = carrier.transport_sequence()
            extensions.append((EXTENSIONS["transport-cc"], number.to_bytes(2, "big")))
        if not self.heard or rid == "repaired-rid":
            extensions.append((EXTENSIONS["mid"], self.mid.encode()))
            if self.rid:
                extensions.append((EXTENSIONS[rid], self.rid.encode()))
        return extensions


@dataclass(slots=True)
class Microphone:
    """Opus every 20 ms; `level` in -dBov is what the level extension says."""

    stream: OutStream
    layer: int = 0
    level: int = SILENT
    enabled: bool = True
    stopped: bool = False
    number: int = 0
    epoch: float = 0.0

    @property
    def streams(self) -> list[OutStream]:
        return [self.stream]

    def start(self, carrier: Carrier, now: float) -> None:
        self.epoch = now
        self._tick(carrier, now)

    def resend(self, carrier: Carrier, ssrc: int, sequence: int, now: float) -> None:
        _resend(self.streams, carrier, ssrc, sequence, now)

    def keyframe(self, ssrc: int) -> None:
        """Sound has none."""

    def report(self, carrier: Carrier, now: float) -> None:
        _report(carrier, self.stream, self.epoch, now)

    def _tick(self, carrier: Carrier, now: float) -> None:
        if self.stopped:
            return
        if self.enabled:
            mark = Mark(carrier.publisher, self.layer, True, self.number, 0, 1, now)
            timestamp = self.stream.timestamp(now, self.epoch)
            self.stream.send(carrier, write_mark(mark, 80), timestamp, False, now, self.level)
        self.number += 1
        when = self.epoch + self.number * AUDIO_INTERVAL
        carrier.agenda.at(when, lambda later: self._tick(carrier, later))


@dataclass(slots=True)
class Encoding:
    """One simulcast layer: its stream, its size, and what its encoder remembers."""

    stream: OutStream
    layer: int
    packet_sizes: tuple[int, ...]
    key_packets: int
    active: bool = True
    number: int = 0
    picture_id: int = 0
    tl0picidx: int = 0
    wants_key: bool = True
    keyframes: int = 0


@dataclass(slots=True)
class Camera:
    """VP8 in one or several encodings; a key frame comes when asked for, and first."""

    encodings: list[Encoding]
    fps: float = 30.0
    enabled: bool = True
    stopped: bool = False
    ticks: int = 0
    epoch: float = 0.0
    on_frame: Callable[["Camera", float], None] | None = None

    @property
    def streams(self) -> list[OutStream]:
        return [encoding.stream for encoding in self.encodings]

    def start(self, carrier: Carrier, now: float) -> None:
        self.epoch = now
        self._tick(carrier, now)

    def keyframe(self, ssrc: int) -> None:
        for encoding in self.encodings:
            if encoding.stream.ssrc == ssrc:
                encoding.stream.keyframes_asked += 1
                encoding.wants_key = True

    def resend(self, carrier: Carrier, ssrc: int, sequence: int, now: float) -> None:
        _resend(self.streams, carrier, ssrc, sequence, now)

    def report(self, carrier: Carrier, now: float) -> None:
        for encoding in self.encodings:
            if encoding.stream.packets:
                _report(carrier, encoding.stream, self.epoch, now)

    def probe(self, carrier: Carrier, layer: int, packets: int, now: float) -> None:
        """Padding alone, as Chromium sends it to measure: same timestamp, next numbers."""
        stream = self.encodings[layer].stream
        timestamp = stream.timestamp(self._captured(), self.epoch)
        for _ in range(packets):
            stream.send(carrier, b"", timestamp, False, now, padding=PROBE_BYTES)

    def _captured(self) -> float:
        """When the newest frame was taken."""
        return self.epoch + max(0, self.ticks - 1) / self.fps

    def _tick(self, carrier: Carrier, now: float) -> None:
        if self.stopped:
            return
        self.ticks += 1
        if self.enabled:
            for encoding in self.encodings:
                if encoding.active:
                    self._encode(carrier, encoding, now)
            if self.on_frame is not None:
                self.on_frame(self, now)
        when = self.epoch + self.ticks / self.fps
        carrier.agenda.at(when, lambda later: self._tick(carrier, later))

    def _encode(self, carrier: Carrier, encoding: Encoding, now: float) -> None:
        key, encoding.wants_key = encoding.wants_key, False
        encoding.keyframes += key
        sizes = (1_100,) * encoding.key_packets if key else encoding.packet_sizes
        timestamp = encoding.stream.timestamp(self._captured(), self.epoch)
        for packet, size in enumerate(sizes):
            mark = Mark(
                carrier.publisher,
                encoding.layer,
                key,
                encoding.number,
                packet,
                len(sizes),
                self._captured(),
            )
            payload = write_video(mark, encoding.picture_id, encoding.tl0picidx, size)
            encoding.stream.send(carrier, payload, timestamp, packet == len(sizes) - 1, now)
        encoding.number += 1
        encoding.picture_id = (encoding.picture_id + 1) & 0x7FFF
        encoding.tl0picidx = (encoding.tl0picidx + 1) & 0xFF


def _resend(
    streams: list[OutStream], carrier: Carrier, ssrc: int, sequence: int, now: float
) -> None:
    for stream in streams:
        if stream.ssrc == ssrc:
            stream.resend(carrier, sequence, now)


def _report(carrier: Carrier, stream: OutStream, epoch: float, now: float) -> None:
    carrier.send_rtcp(
        rtcp_client.sender_report(
            stream.ssrc,
            carrier.wall(now),
            stream.timestamp(now, epoch),
            stream.packets,
            stream.octets,
        )
    )


ENCODINGS = {"q": (0, (320,), 1), "h": (1, (900,), 3), "f": (2, (1050, 1050, 1051), 6)}


@dataclass(slots=True)
class Numbers:
    """Where a stream's numbers begin; near their ends in the tests of wrapping."""

    sequence: int
    timestamp: int
    picture_id: int = 0
    tl0picidx: int = 0


def microphone(mid: str, ssrc: int, numbers: Numbers, feedback: bool = True) -> Microphone:
    return Microphone(
        OutStream(mid, ssrc, OPUS, 48_000, numbers.sequence, numbers.timestamp, feedback=feedback)
    )


def camera(
    mid: str, ssrcs: list[tuple[int, int | None]], rids: tuple[str, ...], numbers: list[Numbers]
) -> Camera:
    """One encoding per rid; without rids a single one of the largest size."""
    encodings = []
    for (ssrc, rtx_ssrc), rid, first in zip(ssrcs, rids or ("",), numbers, strict=True):
        layer, sizes, key_packets = ENCODINGS[rid or "f"]
        stream = OutStream(mid, ssrc, VP8, 90_000, first.sequence, first.timestamp, rid, rtx_ssrc)
        encodings.append(
            Encoding(
                stream,
                layer,
                sizes,
                key_packets,
                picture_id=first.picture_id,
                tl0picidx=first.tl0picidx,
            )
        )
    return Camera(encodings)
