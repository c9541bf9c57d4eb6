"""The figures of the real Chromium viewers. Pure: no I/O, no clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from loadtest.figures.arithmetic import Spread, spread
from loadtest.figures.series import share
from loadtest.records import BrowserResult


@dataclass(frozen=True, slots=True)
class BrowserFigures:
    """Of all browser viewers of a run; those that never joined count as errors only."""

    viewers: int
    joined: int
    join_ms: Spread | None
    first_frame_ms: Spread | None
    frames_decoded: int
    frames_dropped: int
    freezes: int
    freeze_s: float
    loss: float | None
    fps_median: float | None
    fps_worst: float | None
    jitter_buffer_ms_median: float | None
    jitter_buffer_ms_worst: float | None
    audio_concealed_worst: float | None  # share of the sound that was made up
    smallest: str | None  # picture, as "1280x720"
    errors: tuple[str, ...]


def browser_figures(results: Sequence[BrowserResult]) -> BrowserFigures | None:
    """None when the run had none."""
    if not results:
        return None
    seated = [result for result in results if result.joined]
    pictures = [result for result in seated if result.width and result.height]
    rates = [result.fps for result in seated]
    buffers = [result.jitter_buffer_ms for result in seated]
    smallest = min(pictures, key=lambda result: result.width * result.height, default=None)
    return BrowserFigures(
        viewers=len(results),
        joined=len(seated),
        join_ms=spread([r.join_ms for r in seated if r.join_ms is not None]),
        first_frame_ms=spread([r.first_frame_ms for r in seated if r.first_frame_ms is not None]),
        frames_decoded=sum(result.frames_decoded for result in seated),
        frames_dropped=sum(result.frames_dropped for result in seated),
        freezes=sum(result.freezes for result in seated),
        freeze_s=sum(result.freeze_s for result in seated),
        loss=share(sum(r.lost for r in seated), sum(r.packets for r in seated)),
        fps_median=median(rates) if rates else None,
        fps_worst=min(rates, default=None),
        jitter_buffer_ms_median=median(buffers) if buffers else None,
        jitter_buffer_ms_worst=max(buffers, default=None),
        audio_concealed_worst=max((result.audio_concealed for result in seated), default=None),
        smallest=f"{smallest.width}x{smallest.height}" if smallest else None,
        errors=tuple(f"{result.name}: {result.error}" for result in results if result.error),
    )
