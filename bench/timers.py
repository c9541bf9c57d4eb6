"""µs per second of a subscriber's timers: reports, budgets, consent, whatever comes due."""

import time

from bench.figures import Figure, Rounds
from bench.lean import LeanLoop
from bench.scene import Scene, lecture, nowhere
from bench.sinks import SERVER_CORE, FarEnd, far_end, pin

SUBSCRIBERS = 200
STEP = 0.1  # s of virtual time between what arrives
LEAN_COPIES = 20_000


def measure(rounds: int) -> list[Figure]:
    """What a subscriber adds to a class; the publisher's own timers are told apart."""
    found = Rounds()
    with far_end(SUBSCRIBERS + 1) as far:
        pin(SERVER_CORE)
        alone, watched = _scene(0, far), _scene(SUBSCRIBERS, far)
        lean = LeanLoop(far.addresses)
        for _ in range(rounds):
            found.add("lean", lean.singly(LEAN_COPIES))
            publisher = second(alone)
            found.add("publisher", publisher * 1e6)
            found.add("subscriber", (second(watched) - publisher) / SUBSCRIBERS * 1e6)
        lean.close()
    return [
        Figure("timers", case, found.median(case), "µs/s", found.median("lean"))
        for case in ("publisher", "subscriber")
    ]


def _scene(subscribers: int, far: FarEnd) -> Scene:
    scene = Scene(lecture(subscribers), far.addresses)
    scene.point_at(nowhere())
    return scene


def second(scene: Scene) -> float:
    """CPU seconds in timers during one second of class; what arrives meanwhile is not counted."""
    spent, publisher = 0.0, scene.publishers[0]
    scene.receive(publisher.address, [publisher.check()])
    for subscriber in scene.subscribers:
        scene.receive(subscriber.address, [subscriber.check()])
    scene.receive(publisher.address, publisher.reports(scene.now))
    for _ in range(round(1 / STEP)):
        for _, datagrams in publisher.block():
            scene.receive(publisher.address, datagrams)
        started = time.process_time()
        scene.advance(STEP)
        spent += time.process_time() - started
    return spent
