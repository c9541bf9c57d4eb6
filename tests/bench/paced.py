"""A class in real time: what a copy costs when the worker sleeps between the bursts.

A publisher on the other core sends 30 frames and 50 sounds a second, every subscriber its reports
and consent checks. All CPU time of the server counts, system time and idle wake-ups too.
"""

import asyncio
import random
import resource
import time
from dataclasses import dataclass

from tests.bench.publisher import Publisher
from tests.bench.scene import Scene
from tests.bench.sinks import Timetable
from tests.bench.stage import Stage
from tests.bench.subscriber import CHECK_EVERY, REPORT_EVERY, Subscriber

BLOCK = 0.1  # s of class
COPIES_PER_BLOCK = 18  # of the top layer and the sound, to each subscriber
LEAD = 0.1  # s until the first datagram
TAIL = 0.05  # s after the last
PATIENCE = 10.0  # s that a machine which can't keep up may take longer
MAX_LOSS = 0.01  # copies that may be missing for the figure to count


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


def timetable(scene: Scene, start: float, seconds: float, speed: float, seed: int) -> Timetable:
    """Everything that arrives: media of the first publisher, everybody's feedback."""
    draw = random.Random(seed)
    table: Timetable = []
    for number, publisher in enumerate(scene.publishers):
        table += _media(publisher, number, start, seconds, speed)
    first = len(scene.publishers)
    for number, subscriber in enumerate(scene.subscribers):
        table += _feedback(subscriber, first + number, start, seconds, draw)
    return sorted(table, key=lambda entry: entry[0])


def _media(
    publisher: Publisher, person: int, start: float, seconds: float, speed: float
) -> Timetable:
    """`speed` times 30 frames a second, reports and checks as usual."""
    table: Timetable = []
    for block in range(round(seconds * speed / BLOCK)):
        begins = start + block * BLOCK / speed
        table += [(begins + at / speed, person, data) for at, data in publisher.block()]
    for second in range(int(seconds)):
        table.append((start + second + 0.5, person, publisher.reports(start + second + 0.5)))
    table.append((start, person, [publisher.check()]))
    return table


def _feedback(
    subscriber: Subscriber, person: int, start: float, seconds: float, draw: random.Random
) -> Timetable:
    table: Timetable = []
    at = start + draw.random() * REPORT_EVERY
    while at < start + seconds:
        table.append((at, person, [subscriber.report(at)]))
        at += REPORT_EVERY
    at = start + draw.random() * CHECK_EVERY
    while at < start + seconds:
        table.append((at, person, [subscriber.check()]))
        at += CHECK_EVERY
    return table


async def paced(stage: Stage, seconds: float, speed: float = 1.0, seed: int = 1) -> Window:
    """Plays a stretch of class. Raises RuntimeError when copies are missing."""
    table = timetable(stage.scene, 0.0, seconds, speed, seed)
    start = time.monotonic() + LEAD
    stage.far.play(stage.port, [(start + at, person, data) for at, person, data in table])
    worker, read = stage.worker, stage.far.received()
    before, copies = resource.getrusage(resource.RUSAGE_SELF), worker.forwarded.copies
    expected = round(seconds * speed / BLOCK) * COPIES_PER_BLOCK * len(stage.scene.subscribers)
    await _until(start + seconds)
    limit = time.monotonic() + PATIENCE
    while not stage.far.finished() or worker.forwarded.copies - copies < expected:
        await _until(time.monotonic() + TAIL)
        if time.monotonic() > limit:
            break
    ended = time.monotonic()
    after = resource.getrusage(resource.RUSAGE_SELF)
    lag = stage.far.worst_lag()
    system = after.ru_stime - before.ru_stime
    window = Window(
        ended - start,
        worker.forwarded.copies - copies,
        expected,
        after.ru_utime - before.ru_utime + system,
        system,
        lag,
        0,
    )
    window.unread = max(0, window.copies - (stage.far.received() - read))
    if window.copies < window.expected * (1 - MAX_LOSS):
        raise RuntimeError(f"{window.copies} of {window.expected} copies: the run does not count")
    return window


async def _until(when: float) -> None:
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()
    loop.call_later(max(0.0, when - time.monotonic()), done.set_result, None)
    await done
