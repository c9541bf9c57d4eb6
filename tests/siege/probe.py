"""Students who say a small thing five times a second and note when it is acknowledged."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import aiohttp

from loadtest.bot.signal import SignalError, Signalling

RATE = 5  # a second and student
_EVENTS = frozenset({"removed", "liveclass-ended"})


@dataclass(slots=True)
class Ack:
    """One message. `took` is ms; None: it has not been answered."""

    sent_at: float
    took: float | None = None


@dataclass(frozen=True, slots=True)
class Lost:
    """A student that was put out."""

    name: str
    at: float
    why: str


class Probe:
    """One of them. Messages leave on time, whether or not those before were answered."""

    def __init__(self, name: str, http: aiohttp.ClientSession, url: str, phase: float) -> None:
        self.name = name
        self.acks: list[Ack] = []
        self.lost: Lost | None = None
        self._phase = phase
        self._waiting: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None
        self._signal = Signalling(http, url, _EVENTS, self._hear)

    async def open(self, token: str, class_id: str) -> None:
        """Joins the class; raises SignalError."""
        self._signal.lost = lambda error: self._lose(error.message)
        await self._signal.open(token)
        await self._signal.request("video-join", {"classId": class_id})
        self._task = asyncio.get_running_loop().create_task(self._run())

    def _hear(self, name: str, payload: dict[str, object]) -> None:
        self._lose(f"{name} {payload.get('reason', '')}".rstrip())

    def _lose(self, why: str) -> None:
        self.lost = self.lost or Lost(self.name, time.monotonic(), why)

    async def _run(self) -> None:
        due = time.monotonic() + self._phase / RATE
        while self.lost is None:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            due += 1 / RATE
            task = asyncio.get_running_loop().create_task(self._ask())
            self._waiting.add(task)
            task.add_done_callback(self._waiting.discard)

    async def _ask(self) -> None:
        ack = Ack(time.monotonic())
        self.acks.append(ack)
        try:
            await self._signal.request("hand", {"raised": False})
        except SignalError:
            return
        ack.took = (time.monotonic() - ack.sent_at) * 1000

    async def close(self) -> None:
        tasks = [task for task in (self._task, *self._waiting) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._signal.close()


class Probes:
    """All of them, on one HTTP session."""

    def __init__(self, url: str, count: int) -> None:
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None))
        self._probes = [Probe(f"probe-{n}", self._http, url, n / count) for n in range(count)]

    async def open(self, mint: Callable[[str], str], class_id: str) -> None:
        await asyncio.gather(*(one.open(mint(one.name), class_id) for one in self._probes))

    @property
    def lost(self) -> Sequence[Lost]:
        return [one.lost for one in self._probes if one.lost is not None]

    def within(self, start: float, end: float) -> list[Ack]:
        """What was asked between these times."""
        return [ack for one in self._probes for ack in one.acks if start <= ack.sent_at < end]

    def forget(self) -> None:
        """What was asked so far; a long siege need not keep it."""
        for one in self._probes:
            one.acks = [ack for ack in one.acks if ack.took is None]

    async def close(self) -> None:
        await asyncio.gather(*(one.close() for one in self._probes), return_exceptions=True)
        await self._http.close()
