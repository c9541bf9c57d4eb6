"""One process of bots: joins them at their times, keeps them fed and their time, and reports.

`run_fleet` is what the process does, from Ready to Done (loadtest/records.py).
"""

import asyncio
import gc
import time
from array import array
from collections.abc import Coroutine
from functools import partial
from multiprocessing.connection import Connection as Pipe
from typing import Any

import aiohttp
import uvloop

from loadtest.bot.bot import Bot, BotContext
from loadtest.bot.connection import Action
from loadtest.bot.link import Lag, Poller
from loadtest.bot.totals import BotTotals, frozen, total
from loadtest.figures.arithmetic import thinned
from loadtest.media.footage import Clip
from loadtest.records import (
    Begin,
    Done,
    Finish,
    FleetPlan,
    People,
    Ready,
    Shift,
    Tick,
)
from sfu.dtls.session import AiortcDtls
from sfu.timers import Timers

JOINS_AT_ONCE = 64
MAX_LATENCIES = 2_000  # of a tick, of the base and of the others each
MAX_GATHERED = 100_000  # latencies between two ticks, likewise
TICK = 1.0  # s
# s between two looks at the sockets and the timers. Being woken for each datagram costs more than
# reading it; the kernel keeps the time of arrival, so that nothing that is measured suffers.
PACE = 0.004
LEAVES_WITHIN = 5.0  # s for all bots together
SHORTEST_WAIT = 0.001  # s; uvloop's timers count milliseconds, and would turn for less
GOLDEN = 0.6180339887498949  # its multiples spread evenly over a circle, however many there are
# Young objects are looked through seldom: bots make little garbage with cycles, and much without.
GC_THRESHOLDS = (50_000, 50, 100)


class RunnerGone(Exception):
    """The other end of the pipe has closed."""


def run_fleet(plan: FleetPlan, pipe: Pipe) -> None:
    """The life of a fleet's process; returns after Done, or when the runner has gone."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(plan, pipe))


async def _run(plan: FleetPlan, pipe: Pipe) -> None:
    clip = _load_clip(plan)
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as http:
        fleet = Fleet(plan, pipe, http, clip)
        try:
            await fleet.run()
        except RunnerGone:
            pass  # there is no runner left to tell
        finally:
            await fleet.close()


def _load_clip(plan: FleetPlan) -> Clip | None:
    """Only for publishers: viewers need neither the clip nor the codecs."""
    if not any(bot.publish for bot in plan.bots):
        return None
    from loadtest.media.clip import load_clip

    return load_clip(plan.clip_height)


class Latencies:
    """Gathers what sampled bots measure between two ticks."""

    def __init__(self) -> None:
        self._base = array("f")
        self._late = array("f")

    def add(self, milliseconds: float, base: bool) -> None:
        values = self._base if base else self._late
        if len(values) < MAX_GATHERED:
            values.append(milliseconds)

    def take(self) -> "tuple[array[float], array[float]]":
        """The base's and the others' since the last call, each thinned to MAX_LATENCIES."""
        base, late = self._base, self._late
        self._base, self._late = array("f"), array("f")
        return array("f", thinned(base, MAX_LATENCIES)), array("f", thinned(late, MAX_LATENCIES))


class Fleet:
    """The bots of one process."""

    def __init__(
        self, plan: FleetPlan, pipe: Pipe, http: aiohttp.ClientSession, clip: Clip | None
    ) -> None:
        self._plan = plan
        self._pipe = pipe
        self._http = http
        self._clip = clip
        self._loop = asyncio.get_running_loop()
        self._timers: Timers[Action] = Timers()
        self._poller = Poller()
        self._lag = Lag()
        self._latencies = Latencies()
        self._gate = asyncio.Semaphore(JOINS_AT_ONCE)
        self._bots: list[Bot] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._people = People({}, None)
        self._begin: asyncio.Future[float] = self._loop.create_future()
        self._finish: asyncio.Future[None] = self._loop.create_future()
        self._before = BotTotals()
        self._overflows = 0
        self._unsent = 0
        self._cpu = 0.0
        self._wake: asyncio.TimerHandle | None = None
        self._began = 0.0

    async def run(self) -> None:
        """From Ready to Done; raises RunnerGone."""
        self._loop.add_reader(self._pipe.fileno(), self._hear)
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        self._tell(Ready(self._plan.number))
        self._began = await self._begin
        self._cpu = time.process_time()
        self._timers.set(self._tick, self._began + TICK)
        self._keep_time()
        self._schedule_joins()
        await self._finish
        await self._leave()
        self._tell(Done(self._plan.number, [bot.result() for bot in self._bots]))

    async def close(self) -> None:
        """Stops whatever still runs."""
        self._loop.remove_reader(self._pipe.fileno())
        if self._wake is not None:
            self._wake.cancel()
        await self._cancel_tasks()
        self._poller.close()

    # -- the runner ---------------------------------------------------------------------------

    def _tell(self, message: object) -> None:
        try:
            self._pipe.send(message)
        except OSError:
            self._break(RunnerGone())

    def _break(self, error: BaseException) -> None:
        """Ends the life of the fleet with this error, as the runner must hear of it."""
        for future in (self._begin, self._finish):
            if not future.done():
                future.set_exception(error)

    def _hear(self) -> None:
        try:
            while self._pipe.poll():
                self._take(self._pipe.recv())
        except (EOFError, OSError):
            self._loop.remove_reader(self._pipe.fileno())
            self._break(RunnerGone())

    def _take(self, message: object) -> None:
        match message:
            case Begin() if not self._begin.done():
                self._begin.set_result(message.at)
            case People():
                self._people.participants = message.participants
                self._people.teacher = message.teacher
                for bot in self._bots:
                    bot.people_changed()
            case Shift():
                self._let_latecomers_go(message.by)
            case Finish() if not self._finish.done():
                self._finish.set_result(None)

    # -- joining and leaving ------------------------------------------------------------------

    def _schedule_joins(self) -> None:
        around = BotContext(
            url=self._plan.url,
            class_id=self._plan.class_id,
            http=self._http,
            dtls=AiortcDtls(role="client"),
            timers=self._timers,
            poller=self._poller,
            lag=self._lag,
            clip=self._clip,
            tell=self._tell,
            latency=self._latencies.add,
            spawn=self._spawn,
            began=self._began,
            people=self._people,
        )
        for number, plan in enumerate(self._plan.bots):
            bot = Bot(plan, around, (number * GOLDEN) % 1.0)
            self._bots.append(bot)
            if not plan.late:
                self._timers.set(partial(self._start_join, bot), bot.due_at)

    def _let_latecomers_go(self, by: float) -> None:
        now = time.monotonic()
        for bot in self._bots:
            if bot.plan.late:
                bot.shift(by, now)
                self._timers.set(partial(self._start_join, bot), bot.due_at)

    def _start_join(self, bot: Bot, now: float) -> None:
        """The bot's time has come."""
        if not self._finish.done():
            self._spawn(self._join(bot))

    async def _join(self, bot: Bot) -> None:
        async with self._gate:
            await bot.join()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._break(error)

    async def _leave(self) -> None:
        """All leave in order, a few at a time; a bot that is still joining is stopped."""
        await self._cancel_tasks()

        async def leave(bot: Bot) -> None:
            async with self._gate:
                await bot.leave()

        try:
            async with asyncio.timeout(LEAVES_WITHIN):
                await asyncio.gather(*(leave(bot) for bot in self._bots))
        except TimeoutError:
            pass  # the results say what they saw; the sockets end with the process

    async def _cancel_tasks(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # -- time ---------------------------------------------------------------------------------

    def _keep_time(self) -> None:
        """Reads what has come and does what is due in all bots, by one timer."""
        try:
            self._poller.serve()
            now = time.monotonic()
            for action in self._timers.pop_due(now):
                action(now)
        except Exception as error:  # else the fleet would stand still and say nothing
            self._break(error)
            return
        wait = PACE
        # a frame has to leave when it is due; a viewer's report may be late by a moment
        if self._clip is not None and (deadline := self._timers.next_deadline()) is not None:
            wait = min(max(deadline - time.monotonic(), SHORTEST_WAIT), PACE)
        self._wake = self._loop.call_later(wait, self._keep_time)

    def _tick(self, now: float) -> None:
        self._timers.set(self._tick, now + TICK - (now - self._began) % TICK)
        connections = [bot.connection for bot in self._bots if bot.connection is not None]
        totals = total(connections, now)
        new, self._before = totals.since(self._before), totals
        overflows = sum(bot.overflowed() for bot in self._bots)
        unsent = sum(bot.refused() for bot in self._bots)
        latencies, late = self._latencies.take()
        cpu = time.process_time()
        self._tell(
            Tick(
                fleet=self._plan.number,
                at=now - self._began,
                present=sum(bot.present for bot in self._bots),
                packets=new.packets,
                bytes=new.bytes,
                lost=new.lost,
                cpu_s=cpu - self._cpu,
                lag_ms=self._lag.take_ms(),
                latencies=latencies,
                late_latencies=late,
                nacks=new.nacks,
                plis=new.plis,
                freezes=new.freezes,
                frames=new.frames,
                sent=new.sent,
                overflows=overflows - self._overflows,
                frozen=frozen(connections),
                unsent=unsent - self._unsent,
            )
        )
        self._cpu, self._overflows, self._unsent = cpu, overflows, unsent
