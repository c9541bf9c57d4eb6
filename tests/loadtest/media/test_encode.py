"""What comes out of the encoders: it decodes, and it has Chromium's shape."""

from collections import Counter
from collections.abc import Sequence

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from loadtest.media import encode, pictures
from loadtest.media.footage import FPS, Clip, ClipLayer
from loadtest.media.packets import MAX_PAYLOAD, payloads
from sfu.wire import vp8
from tests.support import recorded


def decode(layer: ClipLayer, chosen: list[bool] | None = None) -> dict[int, NDArray[np.uint8]]:
    """The chosen pictures as decoded without the others, by index."""
    decoder = av.CodecContext.create("vp8", "r")
    shown: dict[int, NDArray[np.uint8]] = {}
    for n, picture in enumerate(layer.pictures):
        if chosen is None or chosen[n]:
            (image,) = decoder.decode(av.Packet(b"".join(picture.parts)))
            assert isinstance(image, av.VideoFrame)
            shown[n] = image.to_ndarray().astype(np.uint8)
    return shown


def test_every_layer_shows_the_same_picture_at_the_same_index(short_clip: Clip) -> None:
    for layer in short_clip.layers:
        for n, image in decode(layer).items():
            assert pictures.read_number(image[: layer.height]) == n


def test_only_the_first_picture_is_a_key_frame_and_has_its_layers_size(short_clip: Clip) -> None:
    for layer in short_clip.layers:
        keys = [picture.keyframe for picture in layer.pictures]
        assert keys == [True] + [False] * (len(keys) - 1)
        payload = payloads(layer.pictures[0], 1, 1)[0]
        descriptor = vp8.parse(payload)
        assert descriptor is not None
        assert vp8.keyframe_size(payload, descriptor) == (layer.width, layer.height)


def test_lower_temporal_layers_decode_without_the_higher_ones(short_clip: Clip) -> None:
    layer = short_clip.layers[1]
    whole = decode(layer)
    for highest in (0, 1):
        thinned = decode(layer, [p.temporal_id <= highest for p in layer.pictures])
        assert len(thinned) == len(whole) // (4 if highest == 0 else 2)
        assert all(np.array_equal(image, whole[n]) for n, image in thinned.items())


def test_a_sync_picture_needs_only_the_base_layer(short_clip: Clip) -> None:
    layer = short_clip.layers[1]
    whole = decode(layer)
    for turn in (1, 2):
        chosen = [p.temporal_id == 0 or n % 8 == turn for n, p in enumerate(layer.pictures)]
        some = decode(layer, chosen)
        assert len(some) == len(whole) * 3 // 8
        assert all(np.array_equal(image, whole[n]) for n, image in some.items())
    assert {n % 8 for n, picture in enumerate(layer.pictures) if picture.sync} == {1, 2}


def test_a_clip_is_the_same_each_time() -> None:
    first, second = (encode.make_clip(2, count=8) for _ in range(2))
    assert first == second


def recorded_frames(ssrc: int) -> list[list[int]]:
    """The payload sizes of each picture that the recording holds once its rates are steady."""
    frames: dict[int, list[int]] = {}
    for at, stream, packet in recorded.packets():
        size = len(packet) - 12 - 4 - 4 * int.from_bytes(packet[14:16], "big")
        padding_only = packet[0] & 0x20
        if stream == ssrc and at > 8 and not padding_only:
            frames.setdefault(int.from_bytes(packet[4:8], "big"), []).append(size)
    return list(frames.values())


def made_frames(layer: ClipLayer) -> list[list[int]]:
    return [[len(part) for part in payloads(p, 0, 0)] for p in layer.pictures[1:]]


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


@pytest.mark.parametrize(
    ("index", "ssrc", "lowest", "highest"),
    [
        (0, recorded.SMALL, 130e3, 200e3),
        (1, recorded.MIDDLE, 400e3, 550e3),
        (2, recorded.LARGE, 950e3, 1200e3),
    ],
)
def test_pictures_have_the_recordings_shape(
    short_clip: Clip, index: int, ssrc: int, lowest: float, highest: float
) -> None:
    theirs = recorded_frames(ssrc)
    ours = made_frames(short_clip.layers[index])
    for frames in (theirs, ours):
        assert all(max(sizes) - min(sizes) <= 1 for sizes in frames)
        assert all(sizes == sorted(sizes) for sizes in frames)
        assert max(map(max, frames)) <= MAX_PAYLOAD
    their_count, our_count = (mean([len(sizes) for sizes in frames]) for frames in (theirs, ours))
    assert our_count == pytest.approx(their_count, rel=0.15)
    assert lowest < mean([sum(sizes) for sizes in ours]) * 8 * FPS < highest


def test_most_pictures_of_the_top_layer_have_four_or_five_packets(short_clip: Clip) -> None:
    for frames in (recorded_frames(recorded.LARGE), made_frames(short_clip.layers[2])):
        counts = Counter(map(len, frames))
        assert counts[4] + counts[5] > 0.6 * len(frames)
        assert counts.most_common(1)[0][0] == 4


def test_sound_has_levels_and_speech_is_far_above_silence(short_clip: Clip) -> None:
    speech = [packet.level for packet in short_clip.speech]
    silence = [packet.level for packet in short_clip.silence]
    assert max(speech) < 40
    assert min(silence) > 60
    assert len(speech) == encode.SPEECH_S * 50
