"""µs per control packet: reports, NACKs, key frame requests and consent checks of subscribers."""

import random
from collections.abc import Callable, Mapping
from functools import partial

from bench.figures import Figure
from bench.scene import ROUTER, Scene, lecture
from bench.stage import Stage, Wake
from bench.subscriber import Subscriber
from bench.turns import Step, by_turns

SUBSCRIBERS = 200
LOST = 2  # packets that one NACK asks for
KINDS = ("report", "nack", "pli", "check")
TITLES = {
    "report": "RR with REMB, a report",
    "nack": f"NACK of {LOST} packets, with their copies",
    "pli": "PLI",
    "check": "STUN check, answered",
}

Make = Callable[[], list[Wake]]


def measure(rounds: int, kinds: tuple[str, ...]) -> list[Figure]:
    """Each of them alone in its wake-up, as an idle class sends them."""
    found = by_turns(lecture(SUBSCRIBERS), partial(_steps, kinds=kinds), rounds)
    lean = found.median("lean")
    return [
        Figure("stun" if "STUN" in case else "feedback", case, found.median(case), "µs", lean)
        for case in found.samples
        if case != "lean"
    ]


def _steps(stage: Stage, kinds: tuple[str, ...]) -> Mapping[str, Step]:
    steps: dict[str, Step] = {}
    for kind in kinds:
        make = partial(_one_each, stage, kind)
        steps[f"{TITLES[kind]}, by socket"] = partial(_by_socket, stage, make)
        steps[f"{TITLES[kind]}, core alone"] = partial(_by_hand, stage, make)
    return steps


def _one_each(stage: Stage, kind: str) -> list[Wake]:
    """One packet of every subscriber, in an order of chance: their state is not in the cache."""
    scene, first = stage.scene, len(stage.scene.publishers)
    if kind == "nack":  # something new that may be asked for
        stage.by_hand([[(0, data) for data in scene.publishers[0].frame(key=True)]])
    make = _MAKERS[kind]
    wakes: list[Wake] = [[(first + n, make(scene, s))] for n, s in enumerate(scene.subscribers)]
    random.Random(len(wakes)).shuffle(wakes)
    return wakes


def _report(scene: Scene, subscriber: Subscriber) -> bytes:
    return subscriber.report(scene.clock())


def _nack(scene: Scene, subscriber: Subscriber) -> bytes:
    transport = scene.worker.routers[ROUTER].transports[subscriber.name]
    (consumer,) = transport.downlink.slots("video")
    newest = consumer.index_space.highest
    return subscriber.nack(consumer.ssrc, [(newest - n) & 0xFFFF for n in range(LOST)])


def _pli(scene: Scene, subscriber: Subscriber) -> bytes:
    return subscriber.pli()


def _check(scene: Scene, subscriber: Subscriber) -> bytes:
    return subscriber.check()


_MAKERS: dict[str, Callable[[Scene, Subscriber], bytes]] = {
    "report": _report,
    "nack": _nack,
    "pli": _pli,
    "check": _check,
}


async def _by_socket(stage: Stage, make: Make) -> float:
    wakes = make()
    return await stage.by_socket(wakes) / len(wakes) * 1e6


async def _by_hand(stage: Stage, make: Make) -> float:
    wakes = make()
    return stage.by_hand(wakes) / len(wakes) * 1e6
