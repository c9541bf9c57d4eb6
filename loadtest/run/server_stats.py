"""The server's own figures during a test: the worker's metrics, once a second.

Statistics are a help, not a need: whatever is wrong with them is a note, never an error.
"""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
from prometheus_client.parser import text_string_to_metric_families
from yarl import URL

from loadtest.records import ServerSample

PERIOD = 1.0
TIMEOUT = aiohttp.ClientTimeout(total=5.0)
MAX_SAMPLES = 100_000  # more than a day

_CPU = "process_cpu_seconds_total"
_RSS = "process_resident_memory_bytes"
_COPIES = "liveclass_worker_copies_sent_total"
_FORWARDED = "liveclass_worker_packets_forwarded_total"
_SENT_BYTES = "liveclass_worker_sent_bytes_total"
_DROPS = "liveclass_worker_drops_total"
_STALLS = "liveclass_loop_stalls_total"
_LONGEST_STALL = "liveclass_loop_longest_stall_seconds"
_NEEDED = (_CPU, _COPIES)
_WANTED = (_RSS, _FORWARDED, _SENT_BYTES, _STALLS, _LONGEST_STALL)


class StatsError(Exception):
    """No sample can be had; one line that says why."""


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU and memory of a process of this machine, from /proc."""

    cpu_s: float
    rss_bytes: int


def usage_of(pid: int, proc: Path = Path("/proc")) -> Usage | None:
    """None when the process is gone."""
    try:
        stat = (proc / str(pid) / "stat").read_text()
        pages = int((proc / str(pid) / "statm").read_text().split()[1])
    except (OSError, IndexError):
        return None
    fields = stat.rpartition(")")[2].split()  # after the name, which may hold anything
    ticks = int(fields[11]) + int(fields[12])  # utime, stime: proc(5)
    return Usage(ticks / os.sysconf("SC_CLK_TCK"), pages * os.sysconf("SC_PAGE_SIZE"))


def parse(text: str, at: float) -> tuple[ServerSample, list[str]]:
    """A sample, and the names of wanted series that are not there; raises StatsError."""
    values: dict[str, float] = {}
    drops: dict[str, int] = {}
    families = set()
    try:
        for family in text_string_to_metric_families(text):
            families.add(family.name)
            for one in family.samples:
                if one.name == _DROPS:
                    drops[one.labels.get("reason", "")] = int(one.value)
                elif not one.labels:
                    values[one.name] = one.value
    except (ValueError, KeyError, IndexError):
        raise StatsError("/metrics is not Prometheus text") from None
    if missing := [name for name in _NEEDED if name not in values]:
        raise StatsError(f"/metrics has no {' and no '.join(missing)}")
    tells_drops = _DROPS.removesuffix("_total") in families  # nothing dropped: it has no sample
    longest = values.get(_LONGEST_STALL)
    sample = ServerSample(
        at=at,
        cpu_s=values[_CPU],
        rss_bytes=_whole(values.get(_RSS)),
        copies=int(values[_COPIES]),
        packets_in=_whole(values.get(_FORWARDED)),
        bytes_out=_whole(values.get(_SENT_BYTES)),
        drops=drops if tells_drops else None,
        stalls=_whole(values.get(_STALLS)),
        longest_stall_ms=None if longest is None else longest * 1000,
    )
    missing = [name for name in _WANTED if name not in values]
    return sample, missing if tells_drops else [*missing, _DROPS]


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


class ServerWatch:
    """Asks until it is cancelled; `samples` and `notes` are its findings.

    `url` is that of the metrics, `clock` gives seconds after the run's start, `pid` is the server's
    where it runs here.
    """

    def __init__(
        self, url: str, clock: Callable[[], float], *, token: str = "", pid: int | None = None
    ) -> None:
        self._url = URL(url).update_query(scope="worker")
        self._clock = clock
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._pid = pid
        self._failures = 0
        self._missing: list[str] = []
        self._reason = ""
        self.samples: list[ServerSample] = []

    @property
    def notes(self) -> list[str]:
        """Notes for the reader of the figures."""
        found = []
        if not self.samples and self._reason:
            found.append(f"No statistics of the server: {self._reason}")
        elif self._failures:
            found.append(
                f"The server's statistics failed {self._failures} times, last: {self._reason}"
            )
        if self._missing:
            found.append(f"The server does not tell {', '.join(self._missing)}")
        return found

    async def run(self) -> None:
        """One sample a second, on the whole seconds of the clock."""
        async with self._session() as session:
            while len(self.samples) < MAX_SAMPLES:
                await self._take(session)
                now = self._clock()
                await asyncio.sleep(PERIOD - now % PERIOD)

    async def take(self) -> None:
        """One sample, or the reason why there is none."""
        async with self._session() as session:
            await self._take(session)

    def _session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(timeout=TIMEOUT, headers=self._headers)

    async def _take(self, session: aiohttp.ClientSession) -> None:
        try:
            text = await self._fetch(session)
            sample, self._missing = parse(text, self._clock())
        except StatsError as error:
            self._failures += 1
            self._reason = str(error)
            return
        usage = usage_of(self._pid) if self._pid is not None else None
        if usage is not None:
            sample = replace(sample, cpu_s=usage.cpu_s, rss_bytes=usage.rss_bytes)
        self.samples.append(sample)

    async def _fetch(self, session: aiohttp.ClientSession) -> str:
        try:
            async with session.get(self._url) as response:
                if response.status in (401, 403):
                    raise StatsError(
                        "/metrics is refused; give --metrics-token (LIVECLASS_METRICS_TOKEN of "
                        "the server) or --metrics-url"
                    )
                if response.status != 200:
                    raise StatsError(f"/metrics answers {response.status}")
                return await response.text()
        except TimeoutError:
            raise StatsError(f"/metrics does not answer within {TIMEOUT.total:.0f} s") from None
        except (aiohttp.ClientError, UnicodeDecodeError) as error:
            raise StatsError(f"/metrics cannot be read: {error}") from None
