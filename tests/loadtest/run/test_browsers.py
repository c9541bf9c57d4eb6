"""Browsers beside the bots come once, are waited for, and go."""

import asyncio
from collections.abc import Sequence
from urllib.parse import urlsplit

from loadtest.browser.stats import PageCounts
from loadtest.records import BrowserResult
from loadtest.run.browsers import Browsers, Watch
from loadtest.run.target import Target


class Watching:
    """Stands for the browser; keeps what it was called with."""

    def __init__(self) -> None:
        self.calls: list[tuple[Sequence[str], Sequence[int]]] = []
        self.visitors = asyncio.Event()

    async def __call__(
        self, links: Sequence[str], over: asyncio.Event, cores: Sequence[int], seated: asyncio.Event
    ) -> list[BrowserResult]:
        self.calls.append((links, cores))
        await self.visitors.wait()
        seated.set()
        await over.wait()
        return [PageCounts().result(link, True, 1.0, 2.0, None) for link in links]


def browsers(watch: Watch | None, count: int) -> Browsers:
    target = Target("http://127.0.0.1:1", "demo", lambda identity, lifetime: identity.name)
    return Browsers(target, watch, count, [1], 60.0)


async def turns() -> None:
    """What is ready to run in the loop runs."""
    for _ in range(3):
        await asyncio.sleep(0)


async def test_they_come_once_and_are_waited_for() -> None:
    watching = Watching()
    found = browsers(watching, 2)
    assert not found.all_in
    found.start()
    found.start()
    await turns()
    assert not found.all_in
    watching.visitors.set()
    await turns()
    assert found.all_in
    results = await found.finish()
    ((links, cores),) = watching.calls
    assert [urlsplit(link).path for link in links] == ["/class/demo"] * 2
    assert [result.name for result in results] == list(links)
    assert cores == [1]


async def test_without_browsers_nobody_is_awaited() -> None:
    for found in (browsers(None, 2), browsers(Watching(), 0)):
        assert found.all_in
        found.start()
        assert await found.finish() == []
        await found.stop()


async def test_stopped_they_leave_at_once() -> None:
    found = browsers(Watching(), 1)
    found.start()
    await found.stop()
    assert not found.all_in
