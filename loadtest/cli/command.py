"""What `liveclass loadtest` does: runs, tells, writes, and answers an exit status."""

import asyncio
import importlib.util
import json
import signal
import sys
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from rich.console import Console

from common.file_limit import raise_file_limit
from loadtest.cli.options import Options
from loadtest.cli.overrides import command_line, limits_of, limits_to_find, overrides
from loadtest.cli.progress import Progress
from loadtest.cli.table import table
from loadtest.figures.figures import BY_PATH
from loadtest.figures.formats import formatted
from loadtest.figures.summary import Summary, summarise
from loadtest.figures.thresholds import breaches
from loadtest.media.clip import load_clip
from loadtest.plan import scenario
from loadtest.plan.cast import cast
from loadtest.plan.limit import Search, SearchStep, find
from loadtest.plan.scenario import Scenario, ScenarioError
from loadtest.records import RunRecord
from loadtest.report.html import render
from loadtest.run import machine
from loadtest.run.browsers import Watch
from loadtest.run.processes import FleetError
from loadtest.run.runner import RunOptions, run
from loadtest.run.target import Interrupted, RunError, Target, remote, spawned

FINE, BROKEN, UNABLE, INTERRUPTED = 0, 1, 2, 130
SEED = 1  # of what chance decides in a cast: two runs of a scenario have the same
LIMIT_DURATION = 15.0  # s measured in a step of --find-limit

# The figures printed for each step of --find-limit.
STEP_FIGURES = {
    "loss": "media.loss",
    "p50": "media.added_latency_ms.p50",
    "p99": "media.added_latency_ms.p99",
    "copies": "server.copies_per_s",
    "server": "server.cpu_share",
    "busiest bots": "bots.busiest_fleet",
}


@dataclass(slots=True)
class MeasuredRun:
    """One run and what it came to."""

    record: RunRecord
    summary: Summary


def main(options: Options) -> int:
    """The command; whatever keeps it from running is one line on stderr."""
    try:
        _check(options)
        wanted = scenario.load(options.scenario, overrides(options))
        raise_file_limit()
        return asyncio.run(_Command(options, wanted).go())
    except Interrupted as error:
        print(f"liveclass: {error}", file=sys.stderr)
        return INTERRUPTED
    except (RunError, FleetError, ScenarioError) as error:
        print(f"liveclass: {error}", file=sys.stderr)
        return UNABLE
    except asyncio.CancelledError:
        return INTERRUPTED
    except Exception:  # ours; it must not look like a limit that broke
        traceback.print_exc()
        print("liveclass: the load test itself failed, see above", file=sys.stderr)
        return UNABLE


def _check(options: Options) -> None:
    if options.spawn and options.url:
        raise RunError("give the URL of a server or --spawn, not both")
    if not options.spawn and not options.url:
        raise RunError("needs the URL of a server, or --spawn to start one here")
    for path in (options.json_file, options.html_file):
        if path is not None and not path.absolute().parent.is_dir():
            raise RunError(f"{path}: there is no folder {path.parent}")


class _Command:
    def __init__(self, options: Options, wanted: Scenario) -> None:
        self._options = options
        self._scenario = wanted
        self._limits = limits_of(options)
        self._console = Console(soft_wrap=True)
        self._stop = asyncio.Event()
        cores = machine.cores()
        self._server_core = cores[0] if options.spawn else None
        self._fleet_cores = cores[1:] if options.spawn and len(cores) > 1 else cores

    async def go(self) -> int:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self._interrupt)
        loop.add_signal_handler(signal.SIGTERM, self._stop.set)
        with machine.on_cores(self._fleet_cores):
            return await (self._find() if self._options.find_limit else self._once())

    def _interrupt(self) -> None:
        """The first Ctrl-C ends the run in order, the second at once."""
        if self._stop.is_set():
            asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)
            for task in asyncio.all_tasks():
                task.cancel()
        self._stop.set()

    async def _once(self) -> int:
        outcome = await self._measure(self._scenario)
        self._console.print(table(outcome.summary, self._limits))
        self._write(outcome, outcome.summary.to_json())
        if self._stop.is_set():
            return INTERRUPTED
        return BROKEN if breaches(outcome.summary, self._limits) else FINE

    async def _measure(self, wanted: Scenario) -> MeasuredRun:
        order = RunOptions(
            wanted,
            self._fleet_cores,
            self._options.processes,
            command=command_line(sys.argv[1:]),
            make_clip=load_clip,
            browsers=self._options.browsers,
            watch=_watch() if self._options.browsers else None,
            stop=self._stop,
        )
        people = cast(wanted, Random(SEED).random)
        async with self._target(len(people.bots)) as target:
            screen = Console(stderr=True, quiet=self._options.quiet)
            with Progress(wanted.title, len(people.bots), people.measure_to, screen) as progress:
                record = await run(target, order, people, progress)
        return MeasuredRun(record, summarise(record))

    @asynccontextmanager
    async def _target(self, people: int) -> AsyncIterator[Target]:
        options = self._options
        if not options.spawn:
            yield remote(options.url, options.class_key, options.metrics_token, options.metrics_url)
            return
        async with spawned(self._server_core, people) as target:
            yield target

    async def _find(self) -> int:
        """Prints each step as it is known, then the answer."""
        options = self._options
        self._limits = limits_to_find(options)
        try:
            search = Search(self._scenario.viewers, options.resolution, options.most)
        except ValueError as error:
            raise RunError(str(error)) from None
        shown: MeasuredRun | None = None  # of the best step, or the last while none has held

        async def measure(viewers: int) -> SearchStep:
            nonlocal shown
            step, outcome = await self._step(viewers)
            if step.holds or search.best is None:
                shown = outcome
            return step

        await find(search, measure)
        assert shown is not None
        self._console.print(f"[bold]{search.answer()}[/bold]")
        self._write(shown, shown.summary.to_json() | {"find_limit": search.to_json()})
        return FINE if search.best else BROKEN

    async def _step(self, viewers: int) -> tuple[SearchStep, MeasuredRun]:
        changed: dict[str, object] = {"viewers": viewers}
        if self._options.duration is None:
            changed["duration"] = LIMIT_DURATION
        outcome = await self._measure(scenario.changed(self._scenario, changed))
        if self._stop.is_set():
            raise Interrupted("interrupted before the limit was found")
        summary = outcome.summary
        step = SearchStep(
            viewers,
            tuple(breaches(summary, self._limits)),
            summary.bots.reasons if summary.bots.were_the_limit else (),
            {path: BY_PATH[path].of(summary) for path in STEP_FIGURES.values()},
        )
        self._console.print(_told(step), highlight=False)
        return step, outcome

    def _write(self, outcome: MeasuredRun, found: dict[str, object]) -> None:
        options = self._options
        if options.json_file is not None:
            _save(options.json_file, json.dumps(found, indent=2) + "\n")
        if options.html_file is not None:
            _save(options.html_file, render(outcome.record, outcome.summary, self._limits))


def _watch() -> Watch:
    """Browsers need playwright, which bots do not."""
    if importlib.util.find_spec("playwright") is None:
        raise RunError("--browser needs playwright: pip install playwright")
    from loadtest.browser.viewers import watch

    return watch


def _told(step: SearchStep) -> str:
    """A step in one line."""
    figures = ", ".join(
        f"{name} {formatted(step.figures[path], BY_PATH[path].unit)}"
        for name, path in STEP_FIGURES.items()
    )
    broken = "; ".join(step.broken)
    outcome = "[green]holds[/green]" if step.holds else f"[red]breaks[/red]: {broken}"
    bots = f"; the bots were the limit: {'; '.join(step.bots_limit)}" if step.bots_limit else ""
    return f"{step.viewers:,} viewers ({figures}) {outcome}{bots}"


def _save(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise RunError(f"{path}: cannot be formatted: {error.strerror}") from None
