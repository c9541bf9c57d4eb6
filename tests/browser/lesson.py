"""A class and the people in it, each in a browser context of their own."""

from pathlib import Path
from typing import Any

from playwright.async_api import Browser

from loadtest.browser.playwright_page import PlaywrightPage
from loadtest.run.local_server import LocalServer


class Lesson:
    """People enter by name; the name in small letters is also their user id."""

    def __init__(self, server: LocalServer, browser: Browser, class_id: str) -> None:
        self.server = server
        self.browser = browser
        self.class_id = class_id
        self.visitors: list[PlaywrightPage] = []

    def link(self, name: str, role: str = "student") -> str:
        return self.server.link(self.class_id, role, name, name.lower())

    async def seat(self, name: str, role: str = "student", **options: Any) -> PlaywrightPage:
        """A browser context for this person, with nothing opened yet."""
        visitor = await PlaywrightPage.take(self.browser, name, self.link(name, role), **options)
        self.visitors.append(visitor)
        return visitor

    async def enter(
        self,
        name: str,
        role: str = "student",
        *,
        camera: bool = True,
        microphone: bool = True,
        **options: Any,
    ) -> PlaywrightPage:
        """Opens the link in a new context and joins."""
        visitor = await self.seat(name, role, **options)
        await visitor.join(camera=camera, microphone=microphone)
        return visitor

    @property
    def teacher(self) -> PlaywrightPage:
        return self.visitors[0]

    @property
    def students(self) -> list[PlaywrightPage]:
        return self.visitors[1:]

    async def keep_evidence(self, folder: Path) -> None:
        """Writes down what each page shows, what it complained of, and the server's log."""
        said = [
            f"{visitor.name}: {problem}"
            for visitor in self.visitors
            for problem in visitor.problems
        ]
        (folder / "consoles.txt").write_text("\n".join(said), "utf-8")
        for visitor in self.visitors:
            if not visitor.page.is_closed():
                await visitor.page.screenshot(path=folder / f"{visitor.name}.png")
        (folder / "server.log").write_text(self.server.log(), "utf-8")

    async def close(self) -> None:
        """Everybody leaves; what their consoles said must be nothing."""
        problems = [
            f"{visitor.name}: {problem}"
            for visitor in self.visitors
            for problem in visitor.problems
        ]
        for visitor in self.visitors:
            await visitor.leave()
        assert not problems, "\n".join(problems)
