"""Makes a clip: drawn pictures through libvpx in simulcast layers, made-up speech through libopus.

The settings are those of a Chromium camera: real time, constant rate, three temporal layers, one
key frame at the start. Encoding is the same each time: a fixed speed, one thread an encoder.
"""

from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.video.frame import PictureType
from numpy.typing import NDArray

from loadtest.media import pictures
from loadtest.media.footage import FPS, SOUND_RATE, Clip, ClipLayer, SoundPacket
from loadtest.media.opus import with_place
from loadtest.media.packets import CutPicture, cut_picture

PICTURES = 10 * FPS
SPEECH_S = 6.0
SILENCE_S = 2.0
SOUND_BIT_RATE = 24_000
_FRAME = SOUND_RATE // 50
# Pictures before the clip, whole temporal periods of them: the rate control has settled by then.
_WARM_UP = 32
_NEVER = "100000"
_TEMPORAL_IDS = (0, 2, 1, 2)
_TEMPORAL_SHARES = (0.33, 0.56, 1.0)  # of the rate: each layer with those below
# Chromium's period is twice that long: of it, these pictures need only the base layer's.
_SYNC_PERIOD, _SYNC = 8, (1, 2)

"""Called with the share that is done, 0 to 1."""


@dataclass(frozen=True, slots=True)
class LayerSpec:
    """Pixels and bits/s. The rates give the packets a frame that Chromium's layers have."""

    width: int
    height: int
    bit_rate: int


LAYERS = (
    LayerSpec(320, 180, 170_000),
    LayerSpec(640, 360, 480_000),
    LayerSpec(1280, 720, 1_070_000),
)


def make_clip(layers: int, count: int = PICTURES) -> Clip:
    """The lowest `layers` layers, `count` pictures long."""
    specs = LAYERS[:layers]
    made = _encode_pictures(specs, count)
    return Clip(
        tuple(
            ClipLayer(spec.width, spec.height, cut) for spec, cut in zip(specs, made, strict=True)
        ),
        tuple(_encode_sound(_speech())),
        tuple(_encode_sound(_silence())),
    )


def _encode_pictures(specs: tuple[LayerSpec, ...], count: int) -> list[tuple[CutPicture, ...]]:
    encoders = [_video_encoder(spec) for spec in specs]
    made: list[list[bytes]] = [[] for _ in specs]
    card = pictures.TestCard()
    for number in range(-_WARM_UP, count):
        sizes = _sizes(card.draw(number % count, FPS))
        for spec, encoder, packets in zip(specs, encoders, made, strict=True):
            pictures.label(sizes[spec.height])
            packets += _encode_picture(encoder, sizes[spec.height], number)
    return [_cut_all(packets[_WARM_UP:], count) for packets in made]


def _sizes(picture: pictures.Picture) -> dict[int, pictures.Picture]:
    """The picture in every layer's size, by height."""
    sizes = {pictures.HEIGHT: picture}
    for _ in LAYERS[1:]:
        picture = picture.halved()
        sizes[picture.y.shape[0]] = picture
    return sizes


def _video_encoder(spec: LayerSpec) -> av.VideoCodecContext:
    encoder = av.CodecContext.create("libvpx", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height = spec.width, spec.height
    encoder.pix_fmt = "yuv420p"
    encoder.framerate, encoder.time_base = Fraction(FPS), Fraction(1, FPS)
    encoder.bit_rate = spec.bit_rate
    encoder.thread_count = 1
    rate = spec.bit_rate
    kilobits = ",".join(str(round(rate * share / 1000)) for share in _TEMPORAL_SHARES)
    encoder.options = {
        **{"minrate": str(rate), "maxrate": str(rate), "bufsize": str(rate)},  # constant
        **{"deadline": "realtime", "cpu-used": "-8", "lag-in-frames": "0"},
        **{"g": _NEVER, "keyint_min": _NEVER, "max-intra-rate": "300"},
        **{"qmin": "2", "qmax": "56", "static-thresh": "1"},
        "error-resilient": "default",
        "ts-parameters": f"ts_number_layers=3:ts_target_bitrate={kilobits}:ts_rate_decimator=4,2,1:"
        "ts_periodicity=4:ts_layer_id=0,2,1,2:ts_layering_mode=3",
    }
    return encoder


def _encode_picture(
    encoder: av.VideoCodecContext, picture: pictures.Picture, number: int
) -> list[bytes]:
    frame = av.VideoFrame.from_ndarray(picture.planar(), format="yuv420p")
    frame.pts = number + _WARM_UP
    if number == 0:
        frame.pict_type = PictureType.I
    return [bytes(packet) for packet in encoder.encode(frame)]


def _cut_all(packets: list[bytes], count: int) -> tuple[CutPicture, ...]:
    """Each picture with its place in the temporal layers."""
    cut = tuple(
        cut_picture(data, _TEMPORAL_IDS[n % len(_TEMPORAL_IDS)], n % _SYNC_PERIOD in _SYNC)
        for n, data in enumerate(packets)
    )
    if [n for n, picture in enumerate(cut) if picture.keyframe] != [0] or len(cut) != count:
        raise RuntimeError("the VP8 encoder left out pictures or made more than one key frame")
    return cut


def _encode_sound(samples: NDArray[np.int16]) -> list[SoundPacket]:
    encoder = av.CodecContext.create("libopus", "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.sample_rate, encoder.layout, encoder.format = SOUND_RATE, "mono", "s16"
    encoder.bit_rate = SOUND_BIT_RATE
    encoder.options = {"application": "voip", "frame_duration": "20", "vbr": "constrained"}
    parts = samples.reshape(-1, _FRAME)
    packets: list[bytes] = []
    for number, part in enumerate(parts):
        frame = av.AudioFrame.from_ndarray(part[None, :], format="s16", layout="mono")
        frame.sample_rate, frame.pts = SOUND_RATE, number * _FRAME
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return [
        SoundPacket(with_place(packet), _level(part))
        for packet, part in zip(packets, parts, strict=True)
    ]


def _level(samples: NDArray[np.int16]) -> int:
    """-dBov of 20 ms (RFC 6465 with full scale as overload)."""
    power = float(np.mean(np.square(samples.astype(np.float64) / 32768)))
    return 127 if power == 0 else min(127, max(0, round(-10 * np.log10(power))))


def _speech() -> NDArray[np.int16]:
    """A voice's harmonics in syllables, never quite silent."""
    time = np.arange(int(SPEECH_S * SOUND_RATE)) / SOUND_RATE
    pitch = 2 * np.pi * np.cumsum(140 + 25 * np.sin(2 * np.pi * 0.6 * time)) / SOUND_RATE
    vowel = 1 + 0.5 * np.sin(2 * np.pi * 1.5 * time)
    voice = sum(np.sin(n * pitch) / (1 + abs(n - 4 * vowel)) for n in range(1, 20))
    syllables = 0.25 + 0.75 * np.sin(np.pi * 4 * time) ** 2
    samples: NDArray[np.int16] = (3500 * syllables * voice).astype(np.int16)
    return samples


def _silence() -> NDArray[np.int16]:
    """A room's faint noise."""
    chance = np.random.default_rng(2)
    return chance.integers(-6, 7, int(SILENCE_S * SOUND_RATE)).astype(np.int16)
