"""Waiting for something to happen, without sleeping."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

WAIT = 60.0  # s; a local exchange takes far less, a loaded machine some more

Found = TypeVar("Found")


class Signal:
    """Rung whenever something may have changed; `until` looks again each time."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def until(self, look: Callable[[], Found | None]) -> Found:
        """The first result that is true; TimeoutError when there is none in time."""
        async with asyncio.timeout(WAIT):
            while not (found := look()):
                self._rung.clear()
                await self._rung.wait()
        return found
