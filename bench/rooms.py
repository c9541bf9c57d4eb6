"""µs per copy where many publish: a gallery of cameras, a room of voices."""

from collections.abc import Mapping
from functools import partial

from bench.figures import Figure
from bench.paced import Window, paced
from bench.scene import Cast, gallery, sound_room
from bench.stage import Stage, Wake
from bench.turns import Step, by_turns

PEOPLE, SHOWN = 50, 9
SPEAKERS, LISTENERS = 10, 100
BLOCKS = 5  # tenths of a second in a round
WINDOW = 2.0  # s of class in a paced round


def measure(rounds: int) -> list[Figure]:
    """Both rooms, back to back, the core alone, and in real time."""
    return [
        *_room(f"gallery {PEOPLE} x {SHOWN}", gallery(PEOPLE, SHOWN), rounds),
        *_room(f"{SPEAKERS} voices -> {LISTENERS}", sound_room(SPEAKERS, LISTENERS), rounds),
    ]


def _room(title: str, cast: Cast, rounds: int) -> list[Figure]:
    windows: list[Window] = []
    found = by_turns(cast, partial(_steps, windows=windows), rounds)
    return [
        Figure(
            "rooms",
            f"{title} {case}",
            found.median(case),
            "µs",
            found.median("lean"),
            _note(windows[-1]) if case == "paced" else "",
        )
        for case in ("core alone", "back to back", "paced")
        if found.samples.get(case)
    ]


def _note(window: Window) -> str:
    rate, share = window.copies / window.seconds, window.cpu / window.seconds
    return f"{rate:,.0f} copies/s, {share:.0%} of a core, {window.system / window.cpu:.0%} kernel"


def _steps(stage: Stage, windows: list[Window]) -> Mapping[str, Step]:
    return {
        "core alone": partial(_by_hand, stage),
        "back to back": partial(_by_socket, stage),
        "paced": partial(_paced, stage, windows),
    }


def wakes(stage: Stage, blocks: int) -> list[Wake]:
    """A stretch of class as it arrives: every frame and every sound in a wake-up of its own."""
    timed = []
    for block in range(blocks):
        for person, publisher in enumerate(stage.scene.publishers):
            shift = person * 0.000_1  # nobody's clock is another's
            timed += [(block / 10 + at + shift, person, data) for at, data in publisher.block()]
    timed.sort(key=lambda entry: entry[0])
    return [[(person, data) for data in datagrams] for _, person, datagrams in timed]


async def _by_hand(stage: Stage) -> float:
    arriving = stage.prepared(partial(wakes, stage, BLOCKS))
    before = stage.worker.forwarded.copies
    spent = stage.by_hand(arriving)
    return spent / (stage.worker.forwarded.copies - before) * 1e6


async def _by_socket(stage: Stage) -> float:
    arriving = stage.prepared(partial(wakes, stage, BLOCKS))
    before = stage.worker.forwarded.copies
    spent = await stage.by_socket(arriving)
    return spent / (stage.worker.forwarded.copies - before) * 1e6


async def _paced(stage: Stage, windows: list[Window]) -> float:
    window = await paced(stage, WINDOW, seed=len(windows))
    windows.append(window)
    return window.us_per_copy
