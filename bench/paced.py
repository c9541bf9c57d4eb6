"""A class in real time: what a copy costs when the worker sleeps between the bursts.

A publisher on the other core sends 30 frames and 50 sounds a second, every subscriber its reports
and consent checks. All CPU time of the server counts, system time and idle wake-ups too.
"""

import asyncio
import resource
import time
from dataclasses import dataclass

from bench.scene import Scene
from bench.sinks import Timetable
from bench.stage import Stage, Wake
from bench.timetable import BLOCK, timetable

MARGIN = 0.3, 0.000_5  # s to make everything in: at least, and per subscriber and second
TAIL = 0.05  # s after the last datagram
PATIENCE = 10.0  # s that a machine which can't keep up may take longer
MAX_LOSS = 0.01  # copies that may be missing for the figure to count


class OverrunError(Exception):
    """The machine was too busy: copies are missing, so the stretch does not count."""


@dataclass(slots=True)
class Window:
    """One stretch of class. CPU in seconds; `system` is part of `cpu`.

    `lag` is how late the far end sent at worst, `unread` how many copies it did not read. Longer
    `seconds` than asked for: the machine could not keep up, which makes copies cheaper.
    """

    seconds: float
    copies: int
    expected: int
    cpu: float
    system: float
    lag: float
    unread: int

    @property
    def us_per_copy(self) -> float:
        """µs of CPU."""
        return self.cpu / self.copies * 1e6


async def paced(stage: Stage, seconds: float, speed: float = 1.0, seed: int = 1) -> Window:
    """Plays a stretch of class. Raises OverrunError when copies are missing."""
    worker, scene = stage.worker, stage.scene
    margin = MARGIN[0] + MARGIN[1] * len(scene.subscribers) * seconds
    start = time.monotonic() + margin
    table: Timetable = []

    def make() -> list[Wake]:
        wakes = _block_of_all(scene)
        table.extend(timetable(scene, start, seconds, speed, seed))
        return wakes

    per_block = _count(stage, stage.prepared(make))
    expected = round(seconds * speed / BLOCK) * per_block
    late = max(0.0, time.monotonic() + TAIL - start)
    stage.far.play(stage.port, [(at + late, person, data) for at, person, data in table])
    read, copies = stage.far.received(), worker.forwarded.copies
    before = resource.getrusage(resource.RUSAGE_SELF)
    ended = await _played(stage, start + late + seconds, copies + expected)
    after = resource.getrusage(resource.RUSAGE_SELF)
    system = after.ru_stime - before.ru_stime
    window = Window(
        seconds=ended - start - late,
        copies=worker.forwarded.copies - copies,
        expected=expected,
        cpu=after.ru_utime - before.ru_utime + system,
        system=system,
        lag=stage.far.worst_lag(),
        unread=0,
    )
    window.unread = max(0, window.copies - (stage.far.received() - read))
    if window.copies < window.expected * (1 - MAX_LOSS):
        raise OverrunError(f"{window.copies} of {window.expected} copies")
    return window


def _block_of_all(scene: Scene) -> list[Wake]:
    """A tenth of a second of everybody's media."""
    return [
        [(person, data) for data in datagrams]
        for person, publisher in enumerate(scene.publishers)
        for _, datagrams in publisher.block()
    ]


def _count(stage: Stage, wakes: list[Wake]) -> int:
    """How many copies they become."""
    before = stage.worker.forwarded.copies
    stage.by_hand(wakes)
    return stage.worker.forwarded.copies - before


async def _played(stage: Stage, end: float, copies: int) -> float:
    """Waits until everything is through; when that was."""
    await _until(end)
    while not stage.far.finished() or stage.worker.forwarded.copies < copies:
        if time.monotonic() > end + PATIENCE:
            break
        await _until(time.monotonic() + TAIL)
    return max(end, time.monotonic())


async def _until(when: float) -> None:
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()
    loop.call_later(max(0.0, when - time.monotonic()), done.set_result, None)
    await done
