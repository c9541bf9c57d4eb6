"""Plays a clip as a browser would send it: which packets are due, and when the next ones will be.

The video starts with a key frame and shows another one only at the clip's seam or when asked, in
all layers at once, as Chromium's VP8 encoder does; numbers run on over every jump. The sound is a
packet each 20 ms while loud and two each 420 ms while quiet, as Chromium's Opus with DTX.

Pure: no I/O, no clock. Times are seconds of the caller's clock.
"""

from dataclasses import dataclass
from hashlib import blake2b
from math import floor

from loadtest.media.footage import FPS, SOUND_PACKET_S, SOUND_RATE, VIDEO_RATE, Clip, ClipLayer
from loadtest.media.opus import dtx
from loadtest.media.packets import CutPicture, payloads

MIN_KEYFRAME_TICKS = round(0.3 * FPS)
"""Chromium ignores a request sooner than 300 ms after the last one that it followed."""
MAX_BEHIND_S = 0.25
"""A player called later than this leaves out the time it missed, as a stalled camera would."""
BEFORE_DTX = 10
"""Quiet packets in a row before the pauses begin (libopus)."""
DTX_TICKS = 20
"""How long a pause is."""
PICTURE_TICKS = VIDEO_RATE // FPS
SOUND_TICKS = round(SOUND_RATE * SOUND_PACKET_S)


@dataclass(slots=True)
class MediaPacket:
    """The bytes behind the RTP header. A payload at a frame's end has a place for a stamp."""

    layer: int
    """0 is the lowest simulcast layer; 0 for sound."""
    marker: bool
    timestamp: int
    """RTP units, 32 bits, from a random start."""
    payload: bytes
    level: int | None
    """-dBov (RFC 6464); None for video."""


@dataclass(slots=True)
class _Line:
    """One layer's numbers."""

    number: int
    layer: ClipLayer
    timestamp: int
    picture_id: int
    tl0picidx: int

    def packets(self, picture: CutPicture, tick: int) -> list[MediaPacket]:
        self.picture_id = self.picture_id + 1 & 0x7FFF
        if picture.temporal_id == 0:
            self.tl0picidx = self.tl0picidx + 1 & 0xFF
        made = payloads(picture, self.picture_id, self.tl0picidx)
        number = self.number
        timestamp = self.timestamp + tick * PICTURE_TICKS & 0xFFFFFFFF
        packets = [MediaPacket(number, False, timestamp, part, None) for part in made]
        packets[-1].marker = True
        return packets


class VideoPlayer:
    """One camera. A picture's packets come at once: the largest layer's first, as Chromium's."""

    def __init__(self, clip: Clip, layers: int, start: float, seed: int) -> None:
        """Plays the clip's lowest `layers` layers. Raises ValueError when it has fewer."""
        if not 1 <= layers <= len(clip.layers):
            raise ValueError(f"the clip has {len(clip.layers)} layers, not {layers}")
        self._start = start
        self._length = len(clip.layers[0].pictures)
        self._lines = [_line(clip.layers[n], n, seed) for n in range(layers)]
        self._tick = 0  # of the next picture
        self._index = 0  # of the next picture in the clip
        self._wanted = False
        self._asked_at = -MIN_KEYFRAME_TICKS

    def next_deadline(self) -> float:
        return self._start + self._tick / FPS

    def due(self, now: float) -> list[MediaPacket]:
        """The packets of all pictures taken until now, in the order in which to send them."""
        if now - self.next_deadline() > MAX_BEHIND_S:
            self._tick = max(self._tick, floor((now - self._start) * FPS))
        packets: list[MediaPacket] = []
        while self.next_deadline() <= now:
            self._take_picture(packets)
        return packets

    def _take_picture(self, packets: list[MediaPacket]) -> None:
        if self._wanted:
            self._wanted = False
            if self._tick - self._asked_at >= MIN_KEYFRAME_TICKS:
                self._asked_at = self._tick
                self._index = 0
        for line in reversed(self._lines):
            packets += line.packets(line.layer.pictures[self._index], self._tick)
        self._tick += 1
        self._index = (self._index + 1) % self._length

    def request_keyframe(self, layer: int) -> None:
        """The next picture is a key frame, in every layer; nothing when that layer is not sent."""
        if layer < len(self._lines):
            self._wanted = True

    def timestamp(self, layer: int, now: float) -> int:
        """The RTP timestamp of that moment in a layer, as a Sender Report needs it."""
        since = round((now - self._start) * VIDEO_RATE)
        return self._lines[layer].timestamp + since & 0xFFFFFFFF


class AudioPlayer:
    """One microphone, loud at first."""

    def __init__(self, clip: Clip, start: float, seed: int) -> None:
        self._start = start
        self._clip = clip
        self._first_timestamp = _number(seed, "sound") & 0xFFFFFFFF
        self._index = _number(seed, "voice") % len(clip.speech)
        self._pause = dtx(clip.silence[0].data)
        self._loud = True
        self._begins = True  # the next packet is the first of a talk spurt
        self._quiet = 0  # packets since it went quiet
        self._sent = -1  # the tick of the last packet
        self._step = 1  # ticks from that to the next

    def next_deadline(self) -> float:
        return self._start + (self._sent + self._step) * SOUND_PACKET_S

    def set_loud(self, loud: bool) -> None:
        """Speaks, or does not; ask `next_deadline` again afterwards."""
        if loud != self._loud:
            self._begins = self._loud = loud
            self._quiet = 0
            self._step = 1

    def due(self, now: float) -> list[MediaPacket]:
        """The packets of all sound recorded until now."""
        if self._begins or now - self.next_deadline() > MAX_BEHIND_S:
            current = floor((now - self._start) / SOUND_PACKET_S + 1e-6)
            self._sent = max(self._sent, current - 1)
        packets: list[MediaPacket] = []
        while self.next_deadline() <= now:
            packets.append(self._take())
        return packets

    def _take(self) -> MediaPacket:
        self._sent += self._step
        self._step = 1
        stamp = self._timestamp_of(self._sent * SOUND_TICKS)
        data, level = self._speech() if self._loud else self._silence()
        packet = MediaPacket(0, self._begins, stamp, data, level)
        self._begins = False
        self._index += 1
        return packet

    def _speech(self) -> tuple[bytes, int]:
        sound = self._clip.speech[self._index % len(self._clip.speech)]
        return sound.data, sound.level

    def _silence(self) -> tuple[bytes, int]:
        """Noise; in time, noise and the beginning of a pause by turns."""
        sound = self._clip.silence[self._index % len(self._clip.silence)]
        beyond = self._quiet - BEFORE_DTX
        self._quiet += 1
        if beyond < 0 or beyond % 2:
            return sound.data, sound.level
        self._step = DTX_TICKS
        return self._pause, sound.level

    def timestamp(self, now: float) -> int:
        """The RTP timestamp of that moment, as a Sender Report needs it."""
        return self._timestamp_of(round((now - self._start) * SOUND_RATE))

    def _timestamp_of(self, since: int) -> int:
        return self._first_timestamp + since & 0xFFFFFFFF


def _line(layer: ClipLayer, number: int, seed: int) -> _Line:
    return _Line(
        number,
        layer,
        _number(seed, f"timestamp {number}") & 0xFFFFFFFF,
        _number(seed, f"picture id {number}") & 0x7FFF,
        _number(seed, f"TL0PICIDX {number}") & 0xFF,
    )


def _number(seed: int, of: str) -> int:
    """A number that looks random, the same each time."""
    return int.from_bytes(blake2b(f"{seed} {of}".encode(), digest_size=8).digest(), "big")
