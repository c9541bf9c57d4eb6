"""The fleets' processes: starting them, hearing what they say, and noticing when one dies."""

import asyncio
import contextlib
import multiprocessing
import signal
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from loadtest.records import FleetPlan
from loadtest.run.machine import on_cores

Target = Callable[[FleetPlan, Connection], None]
MAX_WAITING = 100_000  # messages from fleets that have not been taken yet
ENDS_WITHIN = 5.0


class FleetError(Exception):
    """A fleet did not do what it must; one line that names it."""


@dataclass(slots=True)
class Crash:
    """Fleet to runner: an exception ended it."""

    fleet: int
    error: str
    trace: str


@dataclass(slots=True)
class Gone:
    """A fleet's pipe was closed: its process has ended, or is about to."""

    fleet: int


def fleet_main(plan: FleetPlan, pipe: Connection) -> None:
    """The main function of a fleet's process; it ends on the runner's word, or with its pipe."""
    try:
        from loadtest.run.fleet import run_fleet

        run_fleet(plan, pipe)
    except Exception as error:
        summary = f"{type(error).__name__}: {error}".splitlines()[0]
        try:
            pipe.send(Crash(plan.number, summary, traceback.format_exc()))
        except OSError:  # the runner is gone as well
            traceback.print_exc()
    finally:
        pipe.close()


@dataclass(slots=True)
class _Fleet:
    plan: FleetPlan
    process: BaseProcess
    pipe: Connection


class FleetProcesses:
    """All fleets of a run. `messages` holds what they said, in the order it came."""

    def __init__(self, plans: Sequence[FleetPlan], target: Target = fleet_main) -> None:
        self._plans = plans
        self._target = target
        self._fleets: dict[int, _Fleet] = {}
        self.messages: asyncio.Queue[object] = asyncio.Queue(MAX_WAITING)

    def start(self) -> None:
        """Starts every process; "spawn", so that nothing of this one's loop is in them."""
        context = multiprocessing.get_context("spawn")
        loop = asyncio.get_running_loop()
        for plan in self._plans:
            ours, theirs = context.Pipe()
            process = context.Process(
                target=self._target, args=(plan, theirs), name=f"fleet-{plan.number}", daemon=True
            )
            own = [] if plan.core is None else [plan.core]
            with _ctrl_c_held(), on_cores(own):
                process.start()
            theirs.close()
            fleet = self._fleets[plan.number] = _Fleet(plan, process, ours)
            loop.add_reader(ours.fileno(), self._hear, fleet)

    def _hear(self, fleet: _Fleet) -> None:
        """All that a pipe holds; the queue's bound is far above what fleets say in a minute."""
        try:
            while fleet.pipe.poll():
                self.messages.put_nowait(fleet.pipe.recv())
        except (EOFError, OSError):
            self._forget(fleet)
            self.messages.put_nowait(Gone(fleet.plan.number))

    def _forget(self, fleet: _Fleet) -> None:
        if not fleet.pipe.closed:
            asyncio.get_running_loop().remove_reader(fleet.pipe.fileno())
            fleet.pipe.close()

    def tell(self, message: object) -> None:
        """Sends to every fleet that still listens."""
        for fleet in self._fleets.values():
            if not fleet.pipe.closed:
                try:
                    fleet.pipe.send(message)
                except OSError:  # its end is heard as Gone
                    continue

    def exit_code(self, number: int) -> int | None:
        """Of a process that has ended; waits a moment for it."""
        process = self._fleets[number].process
        process.join(0.5)
        return process.exitcode

    async def stop(self, patience: float = 0.0) -> None:
        """Ends every process; one that still runs after `patience` seconds is killed."""
        deadline = time.monotonic() + patience
        for fleet in self._fleets.values():
            self._forget(fleet)
        for fleet in self._fleets.values():
            await _joined(fleet.process, deadline - time.monotonic())
        for end in (BaseProcess.terminate, BaseProcess.kill):
            alive = [fleet.process for fleet in self._fleets.values() if fleet.process.is_alive()]
            for process in alive:
                end(process)
            for process in alive:
                await _joined(process, 1.0)
        self._fleets.clear()


@contextlib.contextmanager
def _ctrl_c_held() -> Iterator[None]:
    """Processes begun meanwhile never get SIGINT: not even while they still import."""
    resource_tracker.ensure_running()  # which would let SIGINT through again when it starts
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


async def _joined(process: BaseProcess, within: float) -> None:
    if within > 0:
        await asyncio.to_thread(process.join, within)
