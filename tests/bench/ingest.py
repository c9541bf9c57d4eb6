"""µs per packet that nobody receives: what a publisher costs before the first subscriber."""

from collections.abc import Callable, Mapping
from functools import partial

from tests.bench.figures import Figure
from tests.bench.publisher import Publisher
from tests.bench.scene import lecture
from tests.bench.stage import Stage, Wake, from_person
from tests.bench.turns import Step, by_turns

FRAMES = 300  # a round's, three layers each
SOUNDS = 1_000


def measure(rounds: int) -> list[Figure]:
    """A video packet and a packet of sound with its level, each by the socket and without."""
    found = by_turns(lecture(0), _steps, rounds)
    lean = found.median("lean")
    return [
        Figure("ingest", case, found.median(case), "µs/packet", lean)
        for case in found.samples
        if case != "lean"
    ]


def _steps(stage: Stage) -> Mapping[str, Step]:
    publisher = stage.scene.publishers[0]
    return {
        f"{kind}, {way}": partial(run, stage, partial(make, publisher))
        for kind, make in (("video", _video), ("sound", _sound))
        for way, run in (("by socket", _by_socket), ("core alone", _by_hand))
    }


def _video(publisher: Publisher) -> list[Wake]:
    return from_person(0, [publisher.frame() for _ in range(FRAMES)])


def _sound(publisher: Publisher) -> list[Wake]:
    return from_person(0, [publisher.sound() for _ in range(SOUNDS)])


async def _by_socket(stage: Stage, make: Callable[[], list[Wake]]) -> float:
    wakes = make()
    return await stage.by_socket(wakes) / sum(map(len, wakes)) * 1e6


async def _by_hand(stage: Stage, make: Callable[[], list[Wake]]) -> float:
    wakes = make()
    return stage.by_hand(wakes) / sum(map(len, wakes)) * 1e6
