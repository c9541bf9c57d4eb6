"""One person's page in a browser: entering a class and asking the page what it sees.

The page answers through `window.liveclass` (diagnostics) and stable data-testid attributes.
"""

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

from loadtest.browser.page import PATIENCE, ClassPage, Json

__all__ = ["DESKTOP", "PATIENCE", "Json", "PlaywrightPage"]

DESKTOP: ViewportSize = {"width": 1280, "height": 720}


class PlaywrightPage(ClassPage):
    """A page in a browser context of its own. `problems` gathers what a console should not show."""

    def __init__(self, name: str, link: str, context: BrowserContext, page: Page) -> None:
        super().__init__(name, link)
        self.context = context
        self.page = page
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.problems.append(f"uncaught: {error}"))
        page.on("response", self._on_response)

    @classmethod
    async def take(cls, browser: Browser, name: str, link: str, **options: Any) -> "PlaywrightPage":
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

    async def evaluate(self, expression: str) -> Any:
        return await self.page.evaluate(expression)

    def is_open(self) -> bool:
        return not self.page.is_closed()

    async def leave(self) -> None:
        """Closes the context as closing the tab would."""
        await self.context.close()
