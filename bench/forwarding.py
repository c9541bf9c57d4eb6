"""µs per forwarded copy, 1 -> N: back to back, paced, and the core alone, beside the lean loop."""

from contextlib import suppress

import uvloop

from bench.figures import Figure, Rounds
from bench.lean import LeanLoop
from bench.paced import OverrunError, paced
from bench.scene import Scene, lecture
from bench.sinks import SERVER_CORE, far_end, pin
from bench.stage import Stage, Wake, from_person

SUBSCRIBERS = (10, 100, 200, 500, 1_000)
LEAN_COPIES = 20_000
COPIES_PER_BLOCK = 18  # to each subscriber, in a tenth of a second
ROUND_COPIES = 40_000
WINDOW = 2.5  # s of class for each paced figure of a round
PACED_ROUNDS = 3
PUSHED_SPEED = {100: 9.0, 200: 4.75}  # 162,000 and 171,000 copies/s
FULL = 0.95  # of a core
FINDING = 3  # windows to find the speed that fills it
# From where on a note tells: share of copies, s, times the planned seconds.
NOTABLE_UNREAD, NOTABLE_LAG, NOTABLE_STRETCH = 0.001, 0.02, 1.1


class Lecture:
    """One teacher and N who watch, measured by turns with the lean loop."""

    def __init__(self, stage: Stage, lean: LeanLoop, rounds: Rounds) -> None:
        self._stage, self._lean, self._rounds = stage, lean, rounds
        self._subscribers = len(stage.scene.subscribers)
        self._full_speed = 0.0

    def lean(self) -> None:
        """Both forms of the lean loop."""
        self._rounds.add("lean", self._lean.singly(LEAN_COPIES))
        self._rounds.add("segments", self._lean.by_segments(LEAN_COPIES))

    async def pushed(self) -> None:
        """Back to back, with and without the socket."""
        stage = self._stage
        wakes = stage.prepared(self._wakes)
        before = stage.worker.forwarded.copies
        self._rounds.add("back to back", self._per_copy(await stage.by_socket(wakes), before))
        wakes = stage.prepared(self._wakes)
        before = stage.worker.forwarded.copies
        self._rounds.add("core alone", self._per_copy(stage.by_hand(wakes), before))

    async def full(self, number: int) -> None:
        """As many copies a second as fill the core; how many is found first."""
        if not self._full_speed:
            speed = PUSHED_SPEED[self._subscribers]
            for _ in range(FINDING):
                window = await paced(self._stage, WINDOW, speed, number)
                speed *= FULL / (window.cpu / window.seconds)
            self._full_speed = speed
        await self.paced(number, self._full_speed, "full")

    async def paced(self, number: int, speed: float = 1.0, case: str = "paced") -> None:
        """In real time, `speed` times as much of it."""
        window = await paced(self._stage, WINDOW, speed, number)
        self._rounds.add(case, window.us_per_copy)
        self._rounds.add(f"{case} system share", window.system / window.cpu)
        self._rounds.add(f"{case} copies/s", window.copies / window.seconds)
        self._rounds.add(f"{case} core share", window.cpu / window.seconds)
        self._rounds.add(f"{case} lag", window.lag)
        self._rounds.add(f"{case} stretch", window.seconds / WINDOW)
        self._rounds.add(f"{case} unread", window.unread / window.copies)

    def _wakes(self) -> list[Wake]:
        blocks = max(1, ROUND_COPIES // (COPIES_PER_BLOCK * self._subscribers))
        publisher = self._stage.scene.publishers[0]
        return from_person(0, [data for _ in range(blocks) for _, data in publisher.block()])

    def _per_copy(self, spent: float, before: int) -> float:
        return spent / (self._stage.worker.forwarded.copies - before) * 1e6


def measure(
    subscribers: int, rounds: int, only: frozenset[str], *, plain: bool = False
) -> list[Figure]:
    """One N; `only` of "forwarding" and "paced". `plain`: the far end reads datagrams singly."""
    with far_end(subscribers + 1, plain=plain) as far:
        pin(SERVER_CORE)
        scene = Scene(lecture(subscribers), far.addresses)
        found = Rounds()
        uvloop.run(_rounds(Stage(scene, far), found, rounds, only))
    return figures(subscribers, found)


async def _rounds(stage: Stage, found: Rounds, rounds: int, only: frozenset[str]) -> None:
    lean = LeanLoop(stage.far.addresses)
    await stage.open()
    try:
        bench = Lecture(stage, lean, found)
        for number in range(rounds):
            bench.lean()
            if "forwarding" in only:
                await bench.pushed()
            if "paced" in only and number < max(PACED_ROUNDS, rounds // 3):
                with suppress(OverrunError):
                    await bench.paced(number)
                bench.lean()
                if speed := PUSHED_SPEED.get(len(stage.scene.subscribers)):
                    with suppress(OverrunError):
                        await bench.paced(number, speed, "pushed")
                    with suppress(OverrunError):
                        await bench.full(number)
        stage.scene.check_pictures()
    finally:
        stage.close()
        lean.close()


def figures(subscribers: int, found: Rounds) -> list[Figure]:
    """The lines of one N."""
    lean = found.median("lean")
    lines = [
        Figure("lean", f"sendto (beside {subscribers})", lean, "µs", lean),
        Figure("lean", f"segments (beside {subscribers})", found.median("segments"), "µs", lean),
    ]
    for case in ("core alone", "back to back", "paced", "pushed", "full"):
        if found.samples.get(case):
            bench = "forwarding" if case in ("core alone", "back to back") else "paced"
            note = _note(found, case) if bench == "paced" else ""
            lines.append(
                Figure(bench, f"1 -> {subscribers} {case}", found.median(case), "µs", lean, note)
            )
    return lines


def _note(found: Rounds, case: str) -> str:
    rate, share = found.median(f"{case} copies/s"), found.median(f"{case} core share")
    system, unread = found.median(f"{case} system share"), found.median(f"{case} unread")
    lag, stretch = found.median(f"{case} lag"), found.median(f"{case} stretch")
    return (
        f"{rate:,.0f} copies/s, {share:.0%} of a core, {system:.0%} of it in the kernel"
        + (f", {unread:.1%} not read" if unread > NOTABLE_UNREAD else "")
        + (f", took {stretch:.1f} times as long" if stretch > NOTABLE_STRETCH else "")
        + (f", far end up to {lag * 1_000:.0f} ms late" if lag > NOTABLE_LAG else "")
    )
