"""What a decoder would notice of one slot's line of packets, taken in sequence order.

Every rule that is broken becomes a line in `violations`. Pure: no I/O, no clock.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.support.media import Mark, RtpFields, VideoPart, read_mark, read_video

_TS_HALF = 1 << 31
VIDEO_RATE, AUDIO_RATE = 90_000, 48_000


@dataclass(slots=True)
class Frame:
    """A picture or a piece of sound that arrived whole. `captured` is virtual time."""

    at: float
    publisher: int
    layer: int
    number: int
    key: bool
    timestamp: int
    captured: float
    picture_id: int = 0
    decodable: bool = True


@dataclass(slots=True)
class Line:
    """What both kinds of line share: frames, violations, and how their timestamps run."""

    rate: int
    frames: list[Frame] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    padding: int = 0
    worst_skew: float = 0.0

    def complain(self, now: float, what: str) -> None:
        self.violations.append(f"{now:.3f}: {what}")

    def switches(self) -> Iterator[tuple[Frame, Frame]]:
        """Neighbouring frames that come from different publishers or layers."""
        for before, after in zip(self.frames, self.frames[1:], strict=False):
            if (before.publisher, before.layer) != (after.publisher, after.layer):
                yield before, after

    def check_clock(self, frame: Frame, now: float) -> None:
        """Timestamps rise, and by as much as the capture times do."""
        if not self.frames:
            return
        before = self.frames[-1]
        step = (frame.timestamp - before.timestamp + _TS_HALF) % (2 * _TS_HALF) - _TS_HALF
        if step <= 0:
            self.complain(now, f"timestamp goes by {step}")
        skew = abs(step / self.rate - (frame.captured - before.captured))
        self.worst_skew = max(self.worst_skew, skew)


@dataclass(slots=True)
class AudioLine(Line):
    """Opus: each packet is a frame of its own."""

    rate: int = AUDIO_RATE

    def packet(self, packet: RtpFields, now: float) -> None:
        if not packet.payload:
            self.padding += 1
            return
        mark = read_mark(packet.payload)
        frame = Frame(
            now, mark.publisher, mark.layer, mark.frame, True, packet.timestamp, mark.captured
        )
        self.check_clock(frame, now)
        self.frames.append(frame)

    def gap(self) -> None:
        """A hole that stays; sound just goes on behind it."""


@dataclass(slots=True)
class VideoLine(Line):
    """VP8: frames of several packets that build on one another.

    `_broken`: nothing is decodable until a key frame. `_torn`: a hole lies behind the frame
    that was begun last, so numbers may jump forward once.
    """

    rate: int = VIDEO_RATE
    incomplete: int = 0
    _mark: Mark | None = None
    _next_packet: int = 0
    _timestamp: int = 0
    _tl0: int = 0
    _picture_id: int | None = None
    _broken: bool = True
    _torn: bool = False

    def packet(self, packet: RtpFields, now: float) -> None:
        if not packet.payload:
            self.padding += 1
            return
        part = read_video(packet.payload)
        if part.start:
            self._begin(packet, part, now)
        elif not self._belongs(packet, part):
            if not self._torn:
                self.complain(now, f"packet {part.mark} does not follow {self._mark}")
            self.gap()
            return
        self._next_packet = part.mark.packet + 1
        last = self._next_packet == part.mark.packets
        if last != packet.marker:
            self.complain(now, f"marker {packet.marker} on packet {part.mark}")
        if last:
            self._finish(part.mark, now)

    def gap(self) -> None:
        """A hole that stays."""
        self._drop_unfinished()
        self._broken = self._torn = True

    def _begin(self, packet: RtpFields, part: VideoPart, now: float) -> None:
        mark = part.mark
        if self._mark is not None:
            self.complain(now, f"frame {self._mark} was cut off by {mark}")
            self._drop_unfinished()
        if mark.key:
            self._broken = False
        elif not self._broken:
            self._check_reference(mark, now)
        self._check_picture(part, now)
        self._mark, self._timestamp, self._torn = mark, packet.timestamp, False
        self._picture_id, self._tl0 = part.picture_id, part.tl0picidx

    def _check_reference(self, mark: Mark, now: float) -> None:
        before = self.frames[-1]
        if (before.publisher, before.layer) != (mark.publisher, mark.layer):
            self.complain(now, f"{mark} follows {before} without a key frame")
        elif mark.frame != before.number + 1:
            self.complain(now, f"frame {mark.frame} follows {before.number}")

    def _check_picture(self, part: VideoPart, now: float) -> None:
        if self._picture_id is None:
            return
        step = (part.picture_id - self._picture_id) & 0x7FFF
        if step != 1 and not (self._torn and step < 0x4000):
            self.complain(now, f"picture id {part.picture_id} follows {self._picture_id}")
        if (part.tl0picidx - self._tl0) & 0xFF != 1 and not self._torn:
            self.complain(now, f"TL0PICIDX {part.tl0picidx} follows {self._tl0}")

    def _belongs(self, packet: RtpFields, part: VideoPart) -> bool:
        current = self._mark
        return (
            current is not None
            and part.mark[:4] == current[:4]
            and part.mark.packet == self._next_packet
            and packet.timestamp == self._timestamp
            and part.picture_id == self._picture_id
        )

    def _finish(self, mark: Mark, now: float) -> None:
        frame = Frame(
            now,
            mark.publisher,
            mark.layer,
            mark.frame,
            mark.key,
            self._timestamp,
            mark.captured,
            self._picture_id or 0,
            decodable=not self._broken,
        )
        self.check_clock(frame, now)
        self.frames.append(frame)
        self._mark = None

    def _drop_unfinished(self) -> None:
        self.incomplete += self._mark is not None
        self._mark = None
