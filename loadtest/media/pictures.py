"""Draws the moving test card that the load test's cameras show.

Colour bars, a field of slow waves under a camera's noise (so that a rate-controlled encoder always
has work), a clock hand, a ball, the picture's number in digits and, for machines, in blocks.

Pure: no I/O, no clock, and no chance: the same picture each time.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]

WIDTH, HEIGHT = 1280, 720
CODE_BITS = 12
_CODE_LEFT, _CODE_TOP, _CODE_SIDE = 64, 624, 64  # of 1280x720; each block is a square
_LIGHT, _DARK = 235, 16
_NOISE = 6  # peak to peak, of 255
_FONT_WIDTH, _FONT_HEIGHT = 5, 7
_FONT = {
    "0": (14, 17, 19, 21, 25, 17, 14),
    "1": (4, 12, 4, 4, 4, 4, 14),
    "2": (14, 17, 1, 2, 4, 8, 31),
    "3": (31, 2, 4, 2, 1, 17, 14),
    "4": (2, 6, 10, 18, 31, 2, 2),
    "5": (31, 16, 30, 1, 1, 17, 14),
    "6": (6, 8, 16, 30, 17, 17, 14),
    "7": (31, 1, 2, 4, 8, 8, 8),
    "8": (14, 17, 17, 14, 17, 17, 14),
    "9": (14, 17, 17, 15, 1, 2, 12),
    "p": (0, 0, 30, 17, 30, 16, 16),
    ".": (0, 0, 0, 0, 0, 12, 12),
}
# Y, U, V of the eight bars at 75 %.
_BARS = (
    *((180, 128, 128), (162, 44, 142), (131, 156, 44), (112, 72, 58)),
    *((84, 184, 198), (65, 100, 212), (35, 212, 114), (16, 128, 128)),
)


@dataclass(slots=True)
class Picture:
    """Planar YUV 4:2:0."""

    y: Plane
    u: Plane
    v: Plane

    def halved(self) -> "Picture":
        """The picture at half the width and height."""
        return Picture(_halve(self.y), _halve(self.u), _halve(self.v))

    def planar(self) -> Plane:
        """The planes one behind the other, as PyAV's yuv420p arrays are."""
        planes = [plane.reshape(-1) for plane in (self.y, self.u, self.v)]
        return np.concatenate(planes).reshape(-1, self.y.shape[1])


class TestCard:
    """The card's unmoving parts, drawn once."""

    __test__ = False  # not a test case

    def __init__(self) -> None:
        rows = np.linspace(58, 96, HEIGHT, dtype=np.float32)[:, None]
        y = np.broadcast_to(rows, (HEIGHT, WIDTH)).astype(np.uint8)
        u = np.full((HEIGHT // 2, WIDTH // 2), 138, np.uint8)
        v = np.full((HEIGHT // 2, WIDTH // 2), 120, np.uint8)
        self._still = Picture(y, u, v)
        for n, (luma, blue, red) in enumerate(_BARS):
            y[:80, n * 160 : (n + 1) * 160] = luma
            u[:40, n * 80 : (n + 1) * 80] = blue
            v[:40, n * 80 : (n + 1) * 80] = red
        chance = np.random.default_rng(1)
        self._noise = chance.integers(0, _NOISE + 1, (HEIGHT + 64, WIDTH + 64), np.uint8)

    def draw(self, number: int, fps: int) -> Picture:
        """The picture of that number, full size, without its layer's name."""
        still = self._still
        picture = Picture(still.y.copy(), still.u.copy(), still.v.copy())
        seconds = number / fps
        _draw_waves(picture, seconds)
        _draw_ball(picture, seconds)
        _draw_hand(picture.y, seconds)
        left, top = number * 37 % 64, number * 23 % 64
        picture.y += self._noise[top : top + HEIGHT, left : left + WIDTH]
        write(picture.y, f"{number // fps:02}.{number % fps:02}", 700, 470, 16)
        _draw_code(picture.y, number)
        return picture


def write(y: Plane, text: str, left: int, top: int, scale: int) -> None:
    """Light letters of `scale` pixels a dot on a dark ground."""
    step = (_FONT_WIDTH + 1) * scale
    ground = y[top - scale : top + (_FONT_HEIGHT + 1) * scale]
    ground[:, left - scale : left + step * len(text)] = _DARK
    for place, letter in enumerate(text):
        rows = (
            np.array(_FONT[letter], np.uint8)[:, None] >> np.arange(4, -1, -1, dtype=np.uint8) & 1
        )
        dots = np.kron(rows, np.ones((scale, scale), np.uint8))
        x = left + place * step
        area = y[top : top + dots.shape[0], x : x + dots.shape[1]]
        area[dots > 0] = _LIGHT


def label(picture: Picture) -> None:
    """Writes a layer's own height into its corner, so that a viewer sees which one it gets."""
    height = picture.y.shape[0]
    scale = height // 90
    write(picture.y, f"{height}p", 11 * scale, 17 * scale, scale)


def read_number(y: Plane) -> int:
    """The number in the blocks of a decoded picture of any layer."""
    scale = HEIGHT // y.shape[0]
    side, top = _CODE_SIDE // scale, _CODE_TOP // scale
    number = 0
    for bit in range(CODE_BITS):
        left = _CODE_LEFT // scale + bit * side
        middle = y[top + side // 4 : top + side * 3 // 4, left + side // 4 : left + side * 3 // 4]
        number = number << 1 | int(middle.mean() > 128)
    return number


def _draw_code(y: Plane, number: int) -> None:
    for bit in range(CODE_BITS):
        left = _CODE_LEFT + bit * _CODE_SIDE
        lit = number >> CODE_BITS - 1 - bit & 1
        area = y[_CODE_TOP : _CODE_TOP + _CODE_SIDE, left : left + _CODE_SIDE]
        area[:] = _LIGHT if lit else _DARK


def _draw_waves(picture: Picture, seconds: float) -> None:
    """A field of 560x480 whose waves run through each other."""
    x = np.arange(560, dtype=np.float32)
    y = np.arange(480, dtype=np.float32)[:, None]
    across = np.sin(x / 23 + seconds * 2.1) + np.sin(x / 61 - seconds * 1.3)
    down = np.sin(y / 31 - seconds * 1.7) + np.sin(y / 47 + seconds * 0.9)
    picture.y[112:592, 64:624] = 128 + 22 * (across * down)
    picture.u[56:296, 32:312] = 128 + 24 * (across[::2] + down[::2]) / 2
    picture.v[56:296, 32:312] = 128 + 24 * (across[::2] - down[::2]) / 2


def _draw_ball(picture: Picture, seconds: float) -> None:
    """Bounces to the right of the waves."""
    radius = 40
    x = 700 + round(240 * (1 + np.sin(seconds * 1.9)))
    y = 390 - round(250 * abs(np.sin(seconds * 2.3)))
    side = np.arange(-radius, radius)
    inside = side[:, None] ** 2 + side**2 < radius**2
    picture.y[y - radius : y + radius, x - radius : x + radius][inside] = 190
    half = inside[::2, ::2]
    rows, columns = slice((y - radius) // 2, None), slice((x - radius) // 2, None)
    picture.u[rows, columns][: half.shape[0], : half.shape[1]][half] = 60
    picture.v[rows, columns][: half.shape[0], : half.shape[1]][half] = 170


def _draw_hand(y: Plane, seconds: float) -> None:
    """Goes round once in four seconds."""
    angle = seconds * np.pi / 2
    along = np.arange(0, 90)
    for offset in range(-3, 4):
        columns = (1180 + along * np.sin(angle) + offset * np.cos(angle)).astype(int)
        rows = (230 - along * np.cos(angle) + offset * np.sin(angle)).astype(int)
        y[rows, columns] = 220


def _halve(plane: Plane) -> Plane:
    wide = plane.astype(np.uint16)
    sums = wide[::2, ::2] + wide[1::2, ::2] + wide[::2, 1::2] + wide[1::2, 1::2]
    return ((sums + 2) >> 2).astype(np.uint8)
