"""One person's page in a browser: entering a class and asking the page what it sees.

The page answers through `window.liveclass` (diagnostics) and stable data-testid attributes.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Response,
    ViewportSize,
)

DESKTOP: ViewportSize = {"width": 1280, "height": 720}
PATIENCE = 15.0

Json = dict[str, Any]


class Seat:
    """A page in a browser context of its own. `problems` gathers what a console should not show."""

    def __init__(self, name: str, link: str, context: BrowserContext, page: Page) -> None:
        self.name = name
        self.link = link
        self.context = context
        self.page = page
        self.problems: list[str] = []
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.problems.append(f"uncaught: {error}"))
        page.on("response", self._on_response)

    @classmethod
    async def take(cls, browser: Browser, name: str, link: str, **options: Any) -> "Seat":
        """A new context with one empty page; options go to Browser.new_context."""
        context = await browser.new_context(**{"viewport": DESKTOP, **options})
        return cls(name, link, context, await context.new_page())

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            where = message.location.get("url", "")
            self.problems.append(f"{message.type}: {message.text} ({where})")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400:
            self.problems.append(f"{response.status} for {response.url.partition('?')[0]}")

    def find(self, testid: str) -> Locator:
        return self.page.get_by_test_id(testid)

    async def open(self) -> None:
        """Opens the link; the pre-join screen shows."""
        await self.page.goto(self.link)
        await self.find("prejoin").wait_for(timeout=PATIENCE * 1000)

    async def join(self, *, camera: bool = True, microphone: bool = True) -> None:
        """Opens the link, sets the devices on the pre-join screen, and enters the class."""
        await self.open()
        await self._press(self.find("prejoin-camera"), camera)
        await self._press(self.find("prejoin-microphone"), microphone)
        await self.find("join-button").click()
        await self.find("class").wait_for(timeout=PATIENCE * 1000)

    async def switch(self, what: str, on: bool) -> None:
        """Turns a button of the class's bar on or off: microphone, camera, screen, hand, chat…"""
        await self._press(self.find(f"button-{what}"), on)

    async def _press(self, button: Locator, on: bool) -> None:
        """A device that is just being opened has its button disabled; wait for that to end."""
        await self.until(f"can press {button}", button.is_enabled)
        if await button.get_attribute("aria-pressed") != str(on).lower():
            await button.click()

    async def state(self) -> Json:
        """The page's signal values as plain data."""
        values: Json = await self.page.evaluate("liveclass.state()")
        return values

    async def stats(self) -> Json:
        """Received and sent media, from getStats."""
        values: Json = await self.page.evaluate("liveclass.stats()")
        return values

    async def offers(self) -> int:
        count: int = await self.page.evaluate("liveclass.offers")
        return count

    async def own_id(self) -> str:
        identity: str = (await self.state())["self"]["id"]
        return identity

    async def until(
        self, what: str, holds: Callable[[], Awaitable[bool]], within: float = PATIENCE
    ) -> float:
        """Waits until something holds; returns the seconds that took, raises when it never does."""
        started = time.monotonic()
        while not await holds():
            if time.monotonic() - started > within:
                raise AssertionError(f"{self.name}: not within {within} s: {what}")
            await asyncio.sleep(0.1)
        return time.monotonic() - started

    async def leave(self) -> None:
        """Closes the context as closing the tab would."""
        await self.context.close()
