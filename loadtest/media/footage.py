"""The clip that publishers play: encoded pictures in simulcast layers, and encoded sound.

Pure: no I/O, no clock.
"""

from dataclasses import dataclass

from loadtest.media.packets import CutPicture

FPS = 30
VIDEO_RATE = 90_000
SOUND_RATE = 48_000
SOUND_PACKET_S = 0.02


@dataclass(frozen=True, slots=True)
class ClipLayer:
    """One simulcast layer. Only its first picture is a key frame."""

    width: int
    height: int
    pictures: tuple[CutPicture, ...]


@dataclass(frozen=True, slots=True)
class SoundPacket:
    """20 ms of Opus with a place for a stamp, and its level as RFC 6464 has it (-dBov)."""

    data: bytes
    level: int


@dataclass(frozen=True, slots=True)
class Clip:
    """All layers show the same picture at the same index; the lowest comes first."""

    layers: tuple[ClipLayer, ...]
    speech: tuple[SoundPacket, ...]
    silence: tuple[SoundPacket, ...]
