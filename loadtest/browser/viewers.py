"""Real Chromium viewers that sit in the class while the bots run: `--browser K`.

One browser, a context for each viewer. They join one after another, without camera and microphone,
as `loadtest.browser.join` measures a join, and are asked for their statistics every second.
Counting begins when all are in: what one page's start costs the others is no fault of the class.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from urllib.parse import urlsplit

from playwright.async_api import Browser
from playwright.async_api import Error as PlaywrightError

from common.addresses import is_loopback
from loadtest.browser.chromium import chromium
from loadtest.browser.join import FIRST_FRAME_WITHIN, MARKS
from loadtest.browser.playwright_page import PlaywrightPage
from loadtest.browser.stats import SCRIPT, PageCounts
from loadtest.records import BrowserResult
from loadtest.run.links import without_tokens
from loadtest.run.machine import on_cores

EVERY = 1.0
ANSWERS_WITHIN = 5.0
STARTS_WITHIN = 60.0
ENDED_EARLY = "the run ended before it had joined"
# The errors of a viewer's own browser; any other error is a mistake of ours and is raised.
TROUBLE = (PlaywrightError, AssertionError, TimeoutError)


class Viewer:
    """One of them, from its link to its result."""

    def __init__(self, name: str, link: str) -> None:
        self.name = name
        self._link = link
        self._seat: PlaywrightPage | None = None
        self._joined = False
        self._join_ms: float | None = None
        self._first_frame_ms: float | None = None
        self._error: str | None = None
        self._tally = PageCounts()

    async def join(self, browser: Browser) -> None:
        """Enters the class and waits for the first picture; trouble becomes the result's error."""
        try:
            self._seat = await PlaywrightPage.take(browser, self.name, self._link)
            await self._seat.context.add_init_script(SCRIPT)
            await self._seat.context.add_init_script(MARKS)
            await self._seat.join(camera=False, microphone=False)
            self._joined = True
            await self._seat.until("shows a picture", self._shows_picture, FIRST_FRAME_WITHIN)
        except TROUBLE as trouble:
            self._note(trouble)

    async def _shows_picture(self) -> bool:
        assert self._seat is not None
        marks = await self._seat.evaluate("joinMarks")
        if "joined" in marks and "pressed" in marks:
            self._join_ms = round(marks["joined"] - marks["pressed"], 1)
        if "frame" in marks:
            self._first_frame_ms = round(marks["frame"] - marks["pressed"], 1)
        return "frame" in marks

    async def ask(self) -> None:
        """Takes the page's statistics; a page that does not answer is noted."""
        if self._seat is None or not self._joined:
            return
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                self._tally.take(await self._seat.evaluate("viewerReports()"))
        except TROUBLE as trouble:
            self._note(trouble)

    async def begin(self) -> None:
        """Counts from now on."""
        await self.ask()
        self._tally.begin()

    async def leave(self) -> None:
        await self.ask()
        if self._joined and not self._tally.open:
            self._error = self._error or "its connection was closed before the run ended"
        if self._seat is not None:
            with contextlib.suppress(*TROUBLE):
                await self._seat.leave()

    def result(self) -> BrowserResult:
        error = self._error if self._joined or self._error else ENDED_EARLY
        if error and self._seat and self._seat.problems:
            error = f"{error} ({self._seat.problems[0]})"
        return self._tally.result(
            self.name, self._joined, self._join_ms, self._first_frame_ms, error
        )

    def fail(self, why: str) -> None:
        """Says why it could not even begin."""
        self._error = self._error or why

    def _note(self, trouble: BaseException) -> None:
        self.fail(_line(trouble))


async def watch(
    links: Sequence[str], until: asyncio.Event, cores: Sequence[int], seated: asyncio.Event
) -> list[BrowserResult]:
    """One viewer for each link; ends when `until` is set. Its results, in the links' order.

    The browser's processes are pinned to the cores, if there are any. `seated` is set when each
    viewer shows a picture or has failed. A viewer that fails says so in its result and disturbs no
    other.
    """
    viewers = [Viewer(f"Browser {number}", link) for number, link in enumerate(links, 1)]
    if not viewers:
        return []
    try:
        async with contextlib.AsyncExitStack() as stack:
            with on_cores(cores):
                browser = await _start(stack, untrusted_origin(links[0]))
            await _sit(browser, viewers, until, seated)
    except TROUBLE as trouble:
        for viewer in viewers:
            viewer.fail(f"Chromium does not run: {_line(trouble)}")
    finally:
        seated.set()
    return [viewer.result() for viewer in viewers]


async def _start(stack: contextlib.AsyncExitStack, trusting: str | None) -> Browser:
    async with asyncio.timeout(STARTS_WITHIN):
        return await stack.enter_async_context(chromium(trusting=trusting))


async def _sit(
    browser: Browser, viewers: Sequence[Viewer], until: asyncio.Event, seated: asyncio.Event
) -> None:
    """Lets them join and asks them all until the end, then lets them leave."""
    joining = asyncio.create_task(_join_all(browser, viewers, seated))
    try:
        while not until.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(until.wait(), EVERY)
            await asyncio.gather(*(viewer.ask() for viewer in viewers))
    finally:
        joining.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await joining
    await asyncio.gather(*(viewer.leave() for viewer in viewers))


async def _join_all(browser: Browser, viewers: Sequence[Viewer], seated: asyncio.Event) -> None:
    """One at a time: their pages must not slow each other's first picture."""
    for viewer in viewers:
        await viewer.join(browser)
    await asyncio.gather(*(viewer.begin() for viewer in viewers))
    seated.set()


def untrusted_origin(link: str) -> str | None:
    """The link's origin if a browser would not give it media by itself."""
    parts = urlsplit(link)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        return f"{parts.scheme}://{parts.netloc}"
    return None


def _line(trouble: BaseException) -> str:
    """The error in one line, without tokens."""
    lines = without_tokens(str(trouble)).splitlines()
    return lines[0] if lines else type(trouble).__name__
