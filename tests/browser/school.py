"""A school: a server without demo data, people with accounts, each in a browser of their own."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.async_api import Browser

from loadtest.browser.page import Json
from loadtest.browser.playwright_page import PlaywrightPage
from loadtest.run.local_server import LocalServer

PASSWORD = "a right long password"
SETTINGS = {
    "LIVECLASS_DEMO": "false",
    "LIVECLASS_OPENS_BEFORE_MINUTES": "1440",
    "LIVECLASS_SELLER_NAME": "Bright Lessons",
    "LIVECLASS_SELLER_GSTIN": "29AAGCB7383J1Z4",
    "LIVECLASS_SELLER_STATE": "29",
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account."""

    name: str
    role: str

    @property
    def email(self) -> str:
        return f"{self.name.split()[0].lower()}@example.org"


TEACHER = Person("Asha Verma", "teacher")
ADMIN = Person("Dev Admin", "admin")


class School:
    """People come in as visitors; those with accounts are signed in first."""

    def __init__(self, server: LocalServer, browser: Browser) -> None:
        self.server = server
        self.browser = browser
        self.visitors: list[PlaywrightPage] = []

    async def add(self, person: Person) -> None:
        """Makes the account as an operator does."""
        command = Path(sys.executable).parent / "liveclass"
        options = ("--name", person.name, "--role", person.role)
        process = await asyncio.create_subprocess_exec(
            *(str(command), "user", "add", person.email, *options),
            cwd=self.server.directory,
            env={k: v for k, v in os.environ.items() if not k.startswith("LIVECLASS_")},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate(f"{PASSWORD}\n".encode())
        assert process.returncode == 0, said.decode()

    async def visitor(self, name: str = "Visitor", **options: Any) -> PlaywrightPage:
        """A browser in which nobody is signed in."""
        visitor = await PlaywrightPage.take(self.browser, name, self.server.url, **options)
        self.visitors.append(visitor)
        return visitor

    async def signed_in(self, person: Person, **options: Any) -> PlaywrightPage:
        """A browser in which this person is signed in, as the page does it."""
        visitor = await self.visitor(person.name, **options)
        await self.send(visitor, "/api/auth/login", {"email": person.email, "password": PASSWORD})
        return visitor

    async def send(
        self, visitor: PlaywrightPage, path: str, body: Json, method: str = "POST"
    ) -> Json:
        """A request with the seat's session; what it answers."""
        response = await visitor.context.request.fetch(
            self.server.url + path,
            method=method,
            data=body,
            headers={"Origin": self.server.url},
        )
        assert response.ok, f"{path}: {response.status} {await response.text()}"
        answer: Json = await response.json()
        return answer

    async def offer(self, teacher: PlaywrightPage, title: str, **change: Any) -> str:
        """A published class of this teacher, an hour from now unless said; its id."""
        start = datetime.now(UTC) + timedelta(hours=1)
        schedule = {"kind": "single", "start": start.strftime("%Y-%m-%dT%H:%M"), "minutes": 60}
        body = {
            "title": title,
            "description": "What one learns here.",
            "price": 149_900,
            "seats": 20,
            "schedule": {**schedule, "zone": "UTC"},
            **change,
        }
        made = await self.send(teacher, "/api/classes", body)
        await self.send(teacher, f"/api/classes/{made['id']}/publish", {})
        return str(made["id"])

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
        self.visitors.clear()
        assert not problems, "\n".join(problems)


@asynccontextmanager
async def school_server(directory: Path) -> AsyncIterator[LocalServer]:
    """A started server without demo people and classes."""
    server = LocalServer(directory, settings=SETTINGS)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


def forgive(visitor: PlaywrightPage, *statuses: int) -> None:
    """Takes out of a seat's problems the refusals that the test itself brought about."""
    words = tuple(f"{status} for " for status in statuses)
    refusals = [problem for problem in visitor.problems if problem.startswith(words)]
    assert refusals, f"no such refusal among {visitor.problems}"
    said = tuple(f"status of {status}" for status in statuses)
    visitor.problems[:] = [
        problem
        for problem in visitor.problems
        if problem not in refusals and not any(words in problem for words in said)
    ]
