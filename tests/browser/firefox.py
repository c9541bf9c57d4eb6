"""Firefox for the tests: puppeteer over WebDriver BiDi in a process of its own."""

import asyncio
import itertools
import json
import os
import shutil
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from loadtest.browser.page import ClassPage, Json

ROOT = Path(__file__).parent.parent.parent
STARTS_WITHIN = 40.0
ANSWERS_WITHIN = 20.0
STOPS_WITHIN = 10.0
LINE_BYTES = 1 << 20

# An invented camera and microphone, no questions, sound without a click, devices without TLS.
PREFERENCES = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
    "media.devices.insecure.enabled": True,
    "media.getusermedia.insecure.enabled": True,
}


def executable() -> str | None:
    """The Firefox named in the environment, else the system's."""
    return os.environ.get("LIVECLASS_FIREFOX") or shutil.which("firefox-esr")


class Firefox:
    """A running browser; its pages are made by `enter`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._calls: dict[int, asyncio.Future[Any]] = {}
        self._numbers = itertools.count(1)
        self._pages: dict[str, FirefoxPage] = {}
        self._ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._reader = asyncio.create_task(self._read())

    async def ready(self) -> str:
        """Waits for the browser; returns its version."""
        return await asyncio.wait_for(self._ready, STARTS_WITHIN)

    async def enter(
        self, name: str, link: str, *, camera: bool = True, microphone: bool = True
    ) -> "FirefoxPage":
        """Opens the link in a new context and joins the class."""
        page = self._pages[name] = FirefoxPage(self, name, link)
        await page.call("goto", link)
        for device, on in (("camera", camera), ("microphone", microphone)):
            await page.press(f"prejoin-{device}", on)
        await page.click("join-button")
        await page.shows("class")
        return page

    async def call(self, page: str, method: str, args: Sequence[Any]) -> Any:
        number = next(self._numbers)
        answer = self._calls[number] = asyncio.get_running_loop().create_future()
        call = {"id": number, "page": page, "method": method, "args": args}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(call).encode() + b"\n")
        try:
            return await asyncio.wait_for(answer, ANSWERS_WITHIN)
        finally:
            self._calls.pop(number, None)

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self._take(json.loads(line))
        for waiting in (self._ready, *self._calls.values()):
            if not waiting.done():
                waiting.set_exception(RuntimeError("Firefox ended"))

    def _take(self, message: Json) -> None:
        if "ready" in message:
            self._ready.set_result(message["ready"])
        elif "problem" in message:
            self._pages[message["page"]].problems.append(message["problem"])
        elif (answer := self._calls.get(message["id"])) and not answer.done():
            if "error" in message:
                answer.set_exception(AssertionError(message["error"]))
            else:
                answer.set_result(message["value"])

    async def close(self) -> None:
        """Ends the browser, forcibly when it does not end by itself."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), STOPS_WITHIN)
        except TimeoutError:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()
        await self._reader


class FirefoxPage(ClassPage):
    """One person's page in a context of its own."""

    def __init__(self, firefox: Firefox, name: str, link: str) -> None:
        super().__init__(name, link)
        self._firefox = firefox
        self._open = True

    async def call(self, method: str, *args: Any) -> Any:
        """A method of puppeteer's Page, among those that tools/firefox.js lets through."""
        return await self._firefox.call(self.name, method, args)

    async def evaluate(self, expression: str) -> Any:
        return await self.call("evaluate", expression)

    def is_open(self) -> bool:
        return self._open

    async def shows(self, testid: str) -> None:
        """Waits until a part of the page is visible."""
        await self.call("waitForSelector", f"[data-testid={testid}]", {"visible": True})

    async def click(self, testid: str) -> None:
        await self.call("click", f"[data-testid={testid}]")

    async def press(self, testid: str, on: bool) -> None:
        """A button that is on or off; while its device is being opened it is disabled."""
        await self.call("waitForSelector", f"[data-testid={testid}]:not([disabled])")
        button = f"document.querySelector('[data-testid={testid}]')"
        if await self.evaluate(f"{button}.getAttribute('aria-pressed')") != str(on).lower():
            await self.click(testid)

    async def leave(self) -> None:
        """Closes the page as closing the tab would."""
        self._open = False
        await self.call("close")


@asynccontextmanager
async def firefox(program: str, inside: Sequence[str]) -> AsyncIterator[Firefox]:
    """A running browser, started by a command line that begins with `inside`."""
    process = await asyncio.create_subprocess_exec(
        *inside,
        "node",
        str(ROOT / "tools" / "firefox.js"),
        program,
        json.dumps(PREFERENCES),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LINE_BYTES,
        start_new_session=True,
    )
    browser = Firefox(process)
    try:
        await browser.ready()
        yield browser
    finally:
        await browser.close()
