"""Pictures made by hand, encoded by PyAV and read back."""

from fractions import Fraction

import av
import numpy as np
import pytest

from tests.support import png


def encoded(pixels: png.Pixels) -> bytes:
    codec = av.CodecContext.create("png", "w")
    codec.height, codec.width = pixels.shape[:2]
    codec.pix_fmt = "rgb24"
    codec.time_base = Fraction(1, 25)
    packets = codec.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")) + codec.encode()
    return b"".join(bytes(packet) for packet in packets)


def half_white() -> png.Pixels:
    pixels = np.zeros((16, 32, 3), np.uint8)
    pixels[:8] = 255
    return pixels


def test_pixels_survive() -> None:
    assert np.array_equal(png.read(encoded(half_white())), half_white())


def test_half_a_white_picture_is_half_bright_and_has_two_colours() -> None:
    assert png.bright_share(half_white(), above=40) == 0.5
    assert png.colours(half_white()) == 2


def test_only_clear_changes_count() -> None:
    after = half_white()
    after[8:12, :, 1] = 25
    after[12:, :, 1] = 24
    assert png.changed_share(half_white(), after) == 0.25


def test_other_data_is_refused() -> None:
    with pytest.raises((ValueError, av.FFmpegError)):
        png.read(b"GIF89a")
