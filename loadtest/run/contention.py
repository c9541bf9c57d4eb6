"""Contention on the cores of a test: other work disturbs what is measured, so a report names it.

Time that the kernel spends on interrupts belongs to no program and is left out.
"""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from common.addresses import is_loopback
from loadtest.run.gather import Gathering
from loadtest.run.server_stats import usage_of
from loadtest.run.target import Target

NOTABLE = 0.1  # share of a core


@dataclass(frozen=True, slots=True)
class CoreTime:
    """Seconds of one core since the machine's start (proc(5), /proc/stat)."""

    programs: float
    stolen: float  # by other machines on the same host


def read_cores(path: Path = Path("/proc/stat")) -> dict[int, CoreTime]:
    """By core; empty where it cannot be read."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError:
        return {}
    ticks = os.sysconf("SC_CLK_TCK")
    found = {}
    for line in lines:
        name, *fields = line.split()
        if name.startswith("cpu") and name != "cpu" and len(fields) >= 8:
            user, nice, system = (int(field) / ticks for field in fields[:3])
            found[int(name[3:])] = CoreTime(user + nice + system, int(fields[7]) / ticks)
    return found


def disturbances(
    before: Mapping[int, CoreTime],
    after: Mapping[int, CoreTime],
    seconds: float,
    own: Mapping[str, tuple[Sequence[int], float]],
) -> list[str]:
    """In words. `own`: of each part of the test, its cores and the CPU seconds it took there."""
    found = []
    for name, (cores, spent) in own.items():
        known = [core for core in cores if core in before and core in after]
        if not known or seconds <= 0:
            continue
        used = sum(after[core].programs - before[core].programs for core in known)
        stolen = sum(after[core].stolen - before[core].stolen for core in known)
        whole = seconds * len(known)
        where = f"{name} ({', '.join(map(str, known))})"
        if (others := (used - spent) / whole) > NOTABLE:
            found.append(
                f"Other programs took {100 * others:.0f} % of the time of {where}: "
                "latencies and joins are worse for it"
            )
        if stolen / whole > NOTABLE:
            found.append(
                f"Other machines on this host took {100 * stolen / whole:.0f} % of {where}"
            )
    return found


@dataclass(frozen=True, slots=True)
class _Moment:
    at: float
    cores: Mapping[int, CoreTime]
    server_cpu_s: float | None
    own_cpu_s: float


class Contention:
    """Looks at the start and at the end of the measured part."""

    def __init__(
        self, target: Target, fleet_cores: Sequence[int], browsers: int, found: Gathering
    ) -> None:
        self._target = target
        self._fleet_cores = fleet_cores
        self._browsers = browsers
        self._found = found
        self._first: _Moment | None = None
        self._last: _Moment | None = None

    def begin(self, now: float) -> None:
        """The first call counts."""
        self._first = self._first or self._look(now)

    def end(self, now: float) -> None:
        self._last = self._look(now)

    def _look(self, now: float) -> _Moment:
        usage = usage_of(self._target.pid) if self._target.pid is not None else None
        server = usage.cpu_s if usage is not None else None
        return _Moment(now, read_cores(), server, time.process_time())

    @property
    def notes(self) -> list[str]:
        """Notes for the reader on the machine."""
        return [*self._shared(), *self._disturbed()]

    def _shared(self) -> list[str]:
        target = self._target
        if target.core is not None and target.core in self._fleet_cores:
            return ["The server and the bots share a core: their figures disturb each other"]
        if not target.spawned and is_loopback(urlsplit(target.url).hostname or ""):
            return ["The server is on this machine: it may share cores with the bots"]
        return []

    def _disturbed(self) -> list[str]:
        first, last, target = self._first, self._last, self._target
        if first is None or last is None or self._shared() or not self._fleet_cores:
            return []
        own: dict[str, tuple[Sequence[int], float]] = {}
        if target.core is not None and first.server_cpu_s is not None:
            spent = (last.server_cpu_s or first.server_cpu_s) - first.server_cpu_s
            own["the server's core"] = ([target.core], spent)
        if not self._browsers:  # theirs is not known
            spent = self._found.cpu_s(first.at, last.at) + last.own_cpu_s - first.own_cpu_s
            own["the bots' cores"] = (self._fleet_cores, spent)
        return disturbances(first.cores, last.cores, last.at - first.at, own)
