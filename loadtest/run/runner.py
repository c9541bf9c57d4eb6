"""One run: starts the fleets, lets the class happen, asks the server, and gathers it all.

Everything is on one event loop; fleets are processes of their own. Times are seconds after the
run's start, `Begin.at`.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from loadtest.cli.progress import Progress
from loadtest.plan.cast import Cast, admit, fleets, wants_media, without_sight
from loadtest.plan.scenario import Scenario
from loadtest.plan.window import PATIENCE, Window
from loadtest.records import Begin, BrowserResult, Failed, Finish, Joined, RunRecord, Shift, Tick
from loadtest.run import machine
from loadtest.run.browsers import Browsers, Watch
from loadtest.run.contention import Contention
from loadtest.run.gather import Gathering
from loadtest.run.processes import ENDS_WITHIN, Crash, FleetError, FleetProcesses, Gone, fleet_main
from loadtest.run.server_stats import ServerWatch
from loadtest.run.target import Interrupted, RunError, Target, check_reachable

READY_WITHIN = 120.0
FINISHED_WITHIN = 15.0
HEAD_START = 0.5  # between telling fleets the start and the start
BEAT = 0.25
TOKEN_MARGIN = 600.0  # s a token lives beyond the run


@dataclass(slots=True)
class RunOptions:
    """The scenario to run, and how."""

    scenario: Scenario
    fleet_cores: list[int]  # empty: fleets are not pinned
    processes: int | None = None
    command: str = ""
    make_clip: Callable[[int], object] = lambda height: None
    fleet: Callable[..., None] = fleet_main
    browsers: int = 0
    watch: Watch | None = None  # loadtest.browser.viewers.watch, where there are browsers
    stop: asyncio.Event = field(default_factory=asyncio.Event)  # set: finish now, in order


async def run(target: Target, order: RunOptions, people: Cast, progress: Progress) -> RunRecord:
    """The findings; raises RunError or FleetError when there are none to be had."""
    await check_reachable(target)
    if people.publishers:
        progress.phase("loading the clip (made once on a machine)")
        progress.show(0.0)
        await asyncio.to_thread(order.make_clip, order.scenario.clip_height)
    return await _Run(target, order, people, progress).go()


class _Run:
    def __init__(
        self,
        target: Target,
        order: RunOptions,
        people: Cast,
        progress: Progress,
    ) -> None:
        self._target = target
        self._order = order
        self._progress = progress
        self._cast = people
        lifetime = people.measure_to + PATIENCE + TOKEN_MARGIN
        self._plans = fleets(
            admit(people, target.tokens(lifetime)),
            target.url,
            target.class_id,
            order.fleet_cores,
            order.processes,
            order.scenario.clip_height,
        )
        self._found = Gathering(people)
        self._fleets = FleetProcesses(self._plans, order.fleet)
        self._shown = 0  # of the server's samples
        self._awaited_until = 0.0  # when a browser was last awaited
        self._browsers = Browsers(target, order.watch, order.browsers, order.fleet_cores, lifetime)
        self._window = Window(people.measure_from, people.measure_to, order.scenario.settle)
        self._surroundings = Contention(target, order.fleet_cores, order.browsers, self._found)
        self._start = time.monotonic()
        self._watch = ServerWatch(
            target.metrics_url or f"{target.url}/metrics",
            self._now,
            token=target.metrics_token,
            pid=target.pid,
        )
        self._notes: list[str] = []

    def _now(self) -> float:
        return time.monotonic() - self._start

    async def go(self) -> RunRecord:
        """The whole run; whatever happens, no process is left behind."""
        started_at = time.time()
        asking: asyncio.Task[None] | None = None
        patience = 0.0
        try:
            self._phase("starting")
            self._fleets.start()
            await self._all(self._found.ready, READY_WITHIN, "was not ready", self._order.stop)
            if self._order.stop.is_set():
                raise Interrupted("interrupted before the class began")
            self._start = time.monotonic() + HEAD_START
            started_at = time.time() + HEAD_START
            self._fleets.tell(Begin(self._start))
            asking = asyncio.create_task(self._watch.run())
            await self._class()
            ended = self._now()
            self._phase("leaving")
            browsers = await self._browsers.finish()
            self._fleets.tell(Finish())
            await self._finish()
            patience = ENDS_WITHIN
            return self._record(started_at, ended, browsers)
        finally:
            if asking is not None:
                asking.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await asking
            await self._browsers.stop()
            await self._fleets.stop(patience)

    async def _class(self) -> None:
        """Waits until the measured time is over or the run is stopped."""
        window = self._window
        while self._now() < window.end and not self._order.stop.is_set():
            await self._take(min(BEAT, window.end - self._now()))
            self._check()
            if people := self._found.take_people():
                self._fleets.tell(people)
                self._browsers.start()  # a publisher is there to be seen
            window.update(self._now(), self._in_at())
            if self._found.shift is None and window.shift is not None:
                self._found.shift = window.shift
                self._fleets.tell(Shift(window.shift))
            self._progress.state.ends_at = max(window.end, self._cast.measure_to)
            if self._now() >= window.start:
                self._surroundings.begin(self._now())
            self._phase(window.phase(self._now()))
        self._surroundings.end(self._now())

    def _in_at(self) -> float | None:
        """When the last bot and browser was in; None while one is awaited."""
        if not self._browsers.all_in:
            self._awaited_until = self._now()
            return None
        found = self._found.in_at
        return None if found is None else max(found, self._awaited_until)

    def _phase(self, name: str) -> None:
        if name != self._progress.state.phase:
            self._progress.phase(name)
        for sample in self._watch.samples[self._shown :]:
            self._progress.hear(sample)
        self._shown = len(self._watch.samples)
        self._progress.show(max(0.0, self._now()))

    def _check(self) -> None:
        if not self._target.is_running():
            raise RunError(f"the server ended during the run:\n{self._target.log()}")
        if refused := self._found.refusal:
            raise RunError(f"the server refuses the key: {refused.message} ({refused.code})")

    async def _finish(self) -> None:
        """Every fleet's results, of those that answer in time."""
        allowed = FINISHED_WITHIN + len(self._cast.bots) / 100
        try:
            await self._all(self._found.done, allowed, "did not finish")
        except FleetError as error:
            self._notes.append(f"Results are incomplete: {error}")

    async def _all(
        self, heard: set[int], within: float, what: str, stop: asyncio.Event | None = None
    ) -> None:
        """Takes messages until all fleets are in `heard`; raises FleetError that names the late."""
        deadline = time.monotonic() + within
        while len(heard) < len(self._plans) and not (stop and stop.is_set()):
            left = deadline - time.monotonic()
            if left <= 0:
                late = [str(plan.number) for plan in self._plans if plan.number not in heard]
                raise FleetError(f"fleet {', '.join(late)} {what} within {within:.0f} s")
            await self._take(min(BEAT, left))

    async def _take(self, within: float) -> None:
        """The messages that come in that time; raises FleetError when a fleet died."""
        deadline = time.monotonic() + within
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                while time.monotonic() < deadline:
                    self._hear(await self._fleets.messages.get())

    def _hear(self, message: object) -> None:
        match message:
            case Crash():
                raise FleetError(f"fleet {message.fleet} failed: {message.error}")
            case Gone() if message.fleet not in self._found.done:
                raise FleetError(self._obituary(message.fleet))
            case Joined() | Failed() | Tick():
                self._found.take(message)
                self._progress.hear(message)
            case _:
                self._found.take(message)

    def _obituary(self, number: int) -> str:
        code = self._fleets.exit_code(number)
        bots = next(len(plan.bots) for plan in self._plans if plan.number == number)
        how = "closed its pipe" if code is None else f"exit code {code}"
        return f"fleet {number} with {bots} bots died ({how})"

    def _record(self, started_at: float, ended: float, browsers: list[BrowserResult]) -> RunRecord:
        found, people, scenario = self._found, self._cast, self._order.scenario
        measure_to = min(self._window.end, ended)
        measure_from = min(self._window.start, measure_to)
        core_of = {plan.number: plan.core for plan in self._plans if plan.core is not None}
        return RunRecord(
            scenario=scenario.name,
            title=scenario.title,
            viewers=scenario.viewers,
            duration=round(measure_to - measure_from, 3),
            url=self._target.url,
            spawned=self._target.spawned,
            machine=machine.describe(),
            started_at=started_at,
            server_core=self._target.core,
            fleet_cores=sorted(set(core_of.values())),
            commit=machine.version(),
            measure_from=measure_from,
            measure_to=measure_to,
            joined=list(found.joined.values()),
            failed=found.failed,
            ticks=found.ticks,
            results=found.results,
            server=self._watch.samples,
            browsers=browsers,
            expected=found.expected(ended),
            notes=[
                *self._notes,
                *self._about(ended),
                *self._surroundings.notes,
                *self._watch.notes,
            ],
            command=self._order.command,
            core_of=core_of,
            asks_nothing=frozenset(bot.name for bot in people.bots if not wants_media(bot)),
            wants_no_picture=without_sight(people),
        )

    def _about(self, ended: float) -> list[str]:
        """Notes for the reader on how this was run."""
        notes = self._found.failure_notes
        if ended < self._window.start:
            notes.append("Interrupted before the measured part began")
        elif ended < self._window.end - BEAT:
            notes.append(f"Interrupted after {ended - self._window.start:.0f} s measured")
        if self._window.note:
            notes.append(self._window.note)
        faulty = sum(bot.faults is not None for bot in self._cast.bots)
        if faulty:
            notes.append(
                f"{faulty} bots have bad links on purpose: loss and freezes include theirs, "
                "their latency counts as latecomers'"
            )
        return notes
