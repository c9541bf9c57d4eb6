"""Fleets of bots in processes of their own against a server in another: real sockets, real time."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from loadtest.records import (
    Begin,
    BotPlan,
    BotResult,
    Done,
    Failed,
    Finish,
    FleetPlan,
    Joined,
    LinkFaults,
    People,
    Ready,
    Shift,
    Tick,
)
from loadtest.run.local_server import LocalServer, local_server
from loadtest.run.processes import Crash, FleetProcesses
from tests.support.bots import plan

CLASS = "demo"
WAIT = 60.0
SECONDS = 4.0
FPS = 30
BAD = LinkFaults(loss=0.03, handover_every=1.5, seed=1)


class Show:
    """A teacher's fleet and a viewers'; everything they say, sorted."""

    def __init__(self, server: LocalServer, viewers: Sequence[BotPlan]) -> None:
        teacher = plan("teacher", ("camera", "microphone"), audio_slots=0, video_slots=0)
        self.server = server
        self.plans = [self._fleet(0, [teacher]), self._fleet(1, viewers)]
        self.said: list[object] = []
        self.finished = 0.0  # s after the start, when everybody was told to leave

    def _fleet(self, number: int, bots: Sequence[BotPlan]) -> FleetPlan:
        admitted = tuple(replace(bot, token=bot.token or self._token(bot)) for bot in bots)
        return FleetPlan(number, self.server.url, CLASS, admitted, None, 360)

    def _token(self, bot: BotPlan) -> str:
        link = self.server.link(CLASS, bot.role, bot.name, bot.name)
        return parse_qs(urlsplit(link).query)["t"][0]

    def of(self, kind: type) -> list:  # type: ignore[type-arg]
        return [message for message in self.said if isinstance(message, kind)]

    def results(self) -> dict[str, BotResult]:
        return {one.name: one for done in self.of(Done) for one in done.results}

    def watched(self, name: str) -> float:
        """Seconds from a viewer's first frame to the end."""
        began = {one.name: one.at for one in self.said if isinstance(one, Joined)}
        return self.finished - began[name]

    def joined(self) -> set[str]:
        """The viewers who are in."""
        return {one.name for one in self.of(Joined)} - {"teacher"}

    async def until(self, fleets: FleetProcesses, enough: Callable[[], object]) -> None:
        async with asyncio.timeout(WAIT):
            while not enough():
                message = await fleets.messages.get()
                assert not isinstance(message, Crash), message.trace
                self.said.append(message)

    async def run(self, seconds: float, joined: int, latecomers: int = 0) -> None:
        """From Ready to Done, `seconds` after so many have joined; latecomers start after them."""
        async with fleets_of(self.plans) as fleets:
            await self.until(fleets, lambda: len(self.of(Ready)) == len(self.plans))
            began = time.monotonic()
            fleets.tell(Begin(began))
            await self.until(fleets, lambda: self.of(Joined))
            id_ = self.of(Joined)[0].participant
            fleets.tell(People({"teacher": id_}, id_))
            await self.until(fleets, lambda: len(self.joined()) == joined)
            if latecomers:
                fleets.tell(Shift(time.monotonic() - began))
                await self.until(fleets, lambda: len(self.joined()) == joined + latecomers)
            end = asyncio.get_running_loop().time() + seconds
            with suppress(TimeoutError):
                async with asyncio.timeout_at(end):
                    await self.until(fleets, lambda: False)
            self.finished = time.monotonic() - began
            fleets.tell(Finish())
            await self.until(fleets, lambda: len(self.of(Done)) == len(self.plans))


@asynccontextmanager
async def fleets_of(plans: Sequence[FleetPlan]) -> AsyncIterator[FleetProcesses]:
    fleets = FleetProcesses(plans)
    fleets.start()
    try:
        yield fleets
    finally:
        await fleets.stop()


async def test_viewers_see_the_teacher_and_measure(tmp_path: Path) -> None:
    viewers = [plan(f"viewer-{n}", join_at=0.5, sampled=n < 2) for n in range(4)]
    viewers.append(plan("viewer-bad", join_at=0.5, base=False, faults=BAD, sampled=True))
    async with local_server(tmp_path) as server:
        show = Show(server, viewers)
        await show.run(SECONDS, joined=5)
    assert not show.of(Failed)
    results = show.results()
    assert all(one.left == "finished" for one in results.values())
    for name in (f"viewer-{n}" for n in range(4)):
        found = results[name]
        assert (found.lost, found.undecryptable, found.duplicates) == (0, 0, 0)
        assert found.frames == pytest.approx(show.watched(name) * FPS, rel=0.3)
        assert found.packets > found.frames + SECONDS * 30
    bad = results["viewer-bad"]
    assert bad.recovered > 0
    assert bad.undecryptable == 0
    assert bad.frames == pytest.approx(show.watched("viewer-bad") * FPS, rel=0.5)
    _check_joins([one for one in show.of(Joined) if one.name != "teacher"])
    _check_ticks(show.of(Tick))


def _check_joins(joins: list[Joined]) -> None:
    for one in joins:
        assert one.first_packet_ms is not None
        assert one.first_frame_ms is not None
        assert 0 < one.join_ms < one.first_frame_ms < 10_000


def _check_ticks(ticks: list[Tick]) -> None:
    latencies = [value for tick in ticks for value in tick.latencies]
    assert len(latencies) > SECONDS * FPS
    latencies.sort()
    assert 0 < latencies[0] <= latencies[len(latencies) // 2] < 5_000  # is in ms
    assert any(tick.late_latencies for tick in ticks)
    assert max(tick.present for tick in ticks if tick.fleet) == 5
    assert sum(tick.sent for tick in ticks if not tick.fleet) > SECONDS * 100
    assert not any(tick.overflows or tick.unsent for tick in ticks)
    assert all(tick.cpu_s > 0 for tick in ticks)
    watched = [tick for tick in ticks if tick.fleet and tick.present == 5]
    assert sum(tick.frames for tick in watched) > len(watched) * 4 * FPS * 0.5


async def test_who_is_refused_and_who_is_replaced_are_named(tmp_path: Path) -> None:
    viewers = [
        plan("forger", join_at=0.5, token="nonsense"),
        plan("twin", join_at=0.5),
        plan("guest", join_at=0.5, leave_at=1.5),
    ]
    async with local_server(tmp_path) as server:
        show = Show(server, viewers)
        # in a process of its own: another device has another certificate
        twin = replace(show.plans[1].bots[1], name="twin-2", join_at=0.0, late=True)
        show.plans.append(replace(show.plans[1], number=2, bots=(twin,)))
        await show.run(2.0, joined=2, latecomers=1)
    codes = {one.name: one.code for one in show.of(Failed)}
    assert codes == {"forger": "bad_token", "twin": "removed"}
    left = {name: one.left for name, one in show.results().items()}
    assert left["forger"] == "bad_token"
    assert left["twin"] == "removed"
    assert left["guest"] == "left"
    assert left["twin-2"] == "finished"
