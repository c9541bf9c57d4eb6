"""Lets costly steps through a few at a time, so that a storm of joins leaves media its turns.

A DTLS step takes up to 0.7 ms. The datagrams of fifty handshakes that arrive together would
otherwise all be worked off before the socket is looked at again.
"""

import asyncio
from collections import deque
from collections.abc import Callable

PER_TURN = 3  # steps in one turn of the loop


class Turnstile:
    """Steps in the order they came, PER_TURN of them in each turn of the running loop."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], object]] = deque()
        self._turning: asyncio.AbstractEventLoop | None = None  # where a turn is planned

    def enter(self, step: Callable[[], object]) -> None:
        """Calls `step` when it is its turn."""
        self._waiting.append(step)
        loop = asyncio.get_running_loop()
        if self._turning is not loop:
            self._turning = loop
            loop.call_soon(self._turn)

    def _turn(self) -> None:
        for _ in range(min(PER_TURN, len(self._waiting))):
            self._waiting.popleft()()
        self._turning = self._turning if self._waiting else None
        if self._turning is not None:
            self._turning.call_soon(self._turn)
