"""A class and the people in it, each in a browser context of their own."""

from pathlib import Path
from typing import Any

from playwright.async_api import Browser

from loadtest.browser.session import Seat
from loadtest.run.local_server import LocalServer


class Lesson:
    """People enter by name; the name in small letters is also their user id."""

    def __init__(self, server: LocalServer, browser: Browser, class_id: str) -> None:
        self.server = server
        self.browser = browser
        self.class_id = class_id
        self.seats: list[Seat] = []

    def link(self, name: str, role: str = "student") -> str:
        return self.server.link(self.class_id, role, name, name.lower())

    async def seat(self, name: str, role: str = "student", **options: Any) -> Seat:
        """A browser context for this person, with nothing opened yet."""
        seat = await Seat.take(self.browser, name, self.link(name, role), **options)
        self.seats.append(seat)
        return seat

    async def enter(
        self,
        name: str,
        role: str = "student",
        *,
        camera: bool = True,
        microphone: bool = True,
        **options: Any,
    ) -> Seat:
        """Opens the link in a new context and joins."""
        seat = await self.seat(name, role, **options)
        await seat.join(camera=camera, microphone=microphone)
        return seat

    @property
    def teacher(self) -> Seat:
        return self.seats[0]

    @property
    def students(self) -> list[Seat]:
        return self.seats[1:]

    async def keep_evidence(self, folder: Path) -> None:
        """Writes down what each page shows, what it complained of, and the server's log."""
        said = [f"{seat.name}: {problem}" for seat in self.seats for problem in seat.problems]
        (folder / "consoles.txt").write_text("\n".join(said), "utf-8")
        for seat in self.seats:
            if not seat.page.is_closed():
                await seat.page.screenshot(path=folder / f"{seat.name}.png")
        (folder / "server.log").write_text(self.server.log(), "utf-8")

    async def close(self) -> None:
        """Everybody leaves; what their consoles said must be nothing."""
        problems = [f"{seat.name}: {problem}" for seat in self.seats for problem in seat.problems]
        for seat in self.seats:
            await seat.leave()
        assert not problems, "\n".join(problems)
