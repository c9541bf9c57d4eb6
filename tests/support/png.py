"""What a screenshot shows, as numbers.

Pure: no I/O, no clock. PyAV decodes; the pixels are an array of height by width by RGB.
"""

import io

import av
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


def read(data: bytes) -> Pixels:
    """The pixels of a PNG."""
    with av.open(io.BytesIO(data), "r", format="png_pipe") as container:
        for frame in container.decode(video=0):
            return np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)
    raise ValueError("no picture in this file")


def bright_share(pixels: Pixels, *, above: int) -> float:
    """The part of the pixels whose strongest colour is above a value of 0 to 255."""
    return float(np.mean(pixels.max(axis=2) > above))


def colours(pixels: Pixels) -> int:
    """How many different colours there are, by the upper four bits of each sample."""
    coarse = (pixels >> 4).astype(np.uint16)
    packed = coarse[:, :, 0] << 8 | coarse[:, :, 1] << 4 | coarse[:, :, 2]
    return len(np.unique(packed))


def changed_share(before: Pixels, after: Pixels, *, by: int = 24) -> float:
    """The part of the pixels that differ by more than `by` in some colour."""
    difference = np.abs(before.astype(np.int16) - after.astype(np.int16))
    return float(np.mean(difference.max(axis=2) > by))
