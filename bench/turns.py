"""Steps of a bench by turns with the lean loop, so that a slow moment meets all alike."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

import uvloop

from bench.figures import Rounds
from bench.lean import LeanLoop
from bench.paced import OverrunError
from bench.scene import Cast, Scene
from bench.sinks import SERVER_CORE, far_end, pin
from bench.stage import Stage

LEAN_COPIES = 20_000

Step = Callable[[], Awaitable[float]]  # one round of something: µs for one of it
Steps = Callable[[Stage], Mapping[str, Step]]


def by_turns(cast: Cast, steps: Steps, rounds: int) -> Rounds:
    """Sets the scene, then each round does every step once. "lean" is among the cases; a case
    that never came through is not."""
    found = Rounds()
    with far_end(len(cast.publishers) + len(cast.subscribers)) as far:
        pin(SERVER_CORE)
        scene = Scene(cast, far.addresses)
        uvloop.run(_take(Stage(scene, far), steps, rounds, found))
    return found


async def _take(stage: Stage, steps: Steps, rounds: int, found: Rounds) -> None:
    lean = LeanLoop(stage.far.addresses)
    await stage.open()
    try:
        cases = steps(stage)
        for _ in range(rounds):
            found.add("lean", lean.singly(LEAN_COPIES))
            for case, step in cases.items():
                with suppress(OverrunError):
                    found.add(case, await step())
    finally:
        stage.close()
        lean.close()
