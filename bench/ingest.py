"""µs per packet that nobody receives: what a publisher costs before the first subscriber."""

import asyncio
import time
from collections.abc import Callable, Mapping
from functools import partial

from bench.figures import Figure
from bench.publisher import Publisher
from bench.scene import lecture
from bench.sinks import drain, udp_socket
from bench.stage import Stage, Wake, from_person
from bench.turns import Step, by_turns

FRAMES = 300  # a round's, three layers each
SOUNDS = 1_000
BARE_WAKES, BARE_BYTES = 2_000, 1_100


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
    steps: dict[str, Step] = {
        f"{kind}, {way}": partial(run, stage, partial(make, publisher))
        for kind, make in (("video", _video), ("sound", _sound))
        for way, run in (("by socket", _by_socket), ("core alone", _by_hand))
    }
    return steps | {"a bare wake-up with one read": bare_wakes}


def _video(publisher: Publisher) -> list[Wake]:
    return from_person(0, [publisher.frame() for _ in range(FRAMES)])


def _sound(publisher: Publisher) -> list[Wake]:
    return from_person(0, [publisher.sound() for _ in range(SOUNDS)])


async def _by_socket(stage: Stage, make: Callable[[], list[Wake]]) -> float:
    wakes = make()
    return await stage.by_socket(wakes) / sum(map(len, wakes)) * 1e6


async def bare_wakes() -> float:
    """µs of a wake-up that only reads: what the loop and the bench itself cost in `by_socket`."""
    loop, arrived = asyncio.get_running_loop(), 0
    with udp_socket() as sender, udp_socket() as reader:

        def read() -> None:
            nonlocal arrived
            arrived += drain(reader)

        loop.add_reader(reader.fileno(), read)
        target, data, spent = reader.getsockname(), bytes(BARE_BYTES), 0.0
        for number in range(BARE_WAKES):
            sender.sendto(data, target)
            started = time.process_time()
            while arrived <= number:  # noqa: ASYNC110 - the tested loop runs
                await asyncio.sleep(0)
            spent += time.process_time() - started
        loop.remove_reader(reader.fileno())
    return spent / BARE_WAKES * 1e6


async def _by_hand(stage: Stage, make: Callable[[], list[Wake]]) -> float:
    wakes = make()
    return stage.by_hand(wakes) / sum(map(len, wakes)) * 1e6
