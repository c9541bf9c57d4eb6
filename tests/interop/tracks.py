"""Tracks with something to see and hear, and sinks that look and listen."""

import asyncio
import math
from array import array
from collections.abc import Callable
from itertools import pairwise

import numpy
from aiortc import AudioStreamTrack, MediaStreamTrack, VideoStreamTrack
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, VideoFrame
from av.frame import Frame

from tests.interop.waiting import Signal

WIDTH, HEIGHT = 160, 120
FRAME_TICKS = 3000  # of the 90 kHz clock, at 30 frames a second
TONE = 440.0  # Hz


class Picture(VideoStreamTrack):
    """30 frames a second: one shade of grey, with noise that fills some packets a frame."""

    def __init__(self, shade: int) -> None:
        super().__init__()
        self._shade = shade
        self._noise = numpy.random.default_rng(shade)

    async def recv(self) -> VideoFrame:
        pts, time_base = await self.next_timestamp()
        noise = self._noise.integers(-24, 25, (HEIGHT, WIDTH))
        planes = numpy.full((HEIGHT * 3 // 2, WIDTH), 128, numpy.uint8)
        planes[:HEIGHT] = self._shade + noise
        frame = VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts, frame.time_base = pts, time_base
        return frame


class Tone(AudioStreamTrack):
    """A sine tone."""

    def __init__(self) -> None:
        super().__init__()
        self._position = 0

    async def recv(self) -> AudioFrame:
        frame = await super().recv()
        assert isinstance(frame, AudioFrame)
        angles = (
            2 * math.pi * TONE * (self._position + n) / frame.sample_rate
            for n in range(frame.samples)
        )
        wave = array("h", (int(8000 * math.sin(angle)) for angle in angles))
        frame.planes[0].update(wave.tobytes())
        self._position += frame.samples
        return frame


class Sink:
    """Takes the frames of a received track as they are decoded."""

    def __init__(self, track: MediaStreamTrack) -> None:
        self.frames: list[Frame] = []
        self._track = track
        self._signal = Signal()
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        try:
            while True:
                frame = await self._track.recv()
                assert isinstance(frame, Frame)
                self.frames.append(frame)
                self._signal.ring()
        except MediaStreamError:
            return

    async def more(self, count: int) -> list[Frame]:
        """The next `count` frames from now on."""
        begin = len(self.frames)
        await self.until(lambda: len(self.frames) >= begin + count)
        return self.frames[begin : begin + count]

    async def until(self, look: Callable[[], object]) -> None:
        """Waits until something is true; looks again at every frame."""
        await self._signal.until(look)

    async def sees(self, shade: int) -> None:
        """Waits until the picture has this shade of grey."""
        await self.until(lambda: self.frames and abs(mean_shade(self.frames[-1]) - shade) < 12)

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


def mean_shade(frame: Frame) -> float:
    """Average luma of a decoded picture."""
    assert isinstance(frame, VideoFrame)
    return float(frame.to_ndarray(format="yuv420p")[: frame.height].mean())


def loudness(frames: list[Frame]) -> float:
    """Root mean square of the samples."""
    samples = [f.to_ndarray().astype(float) for f in frames if isinstance(f, AudioFrame)]
    return float(numpy.sqrt(numpy.mean(numpy.concatenate(samples, axis=1) ** 2)))


def gaps(frames: list[Frame]) -> int:
    """How many frames are missing between these; time stamps of aiortc are off by one or so."""
    stamps = [frame.pts for frame in frames if frame.pts is not None]
    return sum(round((after - before) / FRAME_TICKS) - 1 for before, after in pairwise(stamps))


def sizes(frames: list[Frame]) -> set[tuple[int, int]]:
    """The sizes of decoded pictures."""
    return {(frame.width, frame.height) for frame in frames if isinstance(frame, VideoFrame)}
