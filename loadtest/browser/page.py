"""The questions that the page of a class answers, in any browser and under any driver.

The page answers through `window.liveclass` (diagnostics).
"""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any

PATIENCE = 15.0

Json = dict[str, Any]


class ClassPage(ABC):
    """One person's page. `problems` gathers what a console should not show."""

    def __init__(self, name: str, link: str) -> None:
        self.name = name
        self.link = link
        self.problems: list[str] = []

    @abstractmethod
    async def evaluate(self, expression: str) -> Any:
        """The value of an expression in the page; a promise is awaited."""

    @abstractmethod
    def is_open(self) -> bool:
        """Whether the page can still be asked."""

    async def state(self) -> Json:
        """The page's signal values as plain data."""
        values: Json = await self.evaluate("liveclass.state()")
        return values

    async def stats(self) -> Json:
        """Received and sent media, from getStats."""
        values: Json = await self.evaluate("liveclass.stats()")
        return values

    async def offers(self) -> int:
        count: int = await self.evaluate("liveclass.offers")
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
