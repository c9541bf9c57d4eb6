"""Lets costly steps through a few at a time, so that a storm of joins leaves media its turns.

A DTLS step takes up to 0.7 ms. The datagrams of fifty handshakes that arrive together would
otherwise all be worked off before the socket is looked at again.
"""

import asyncio
from collections.abc import Callable

PER_TURN = 3  # steps in one turn of the loop
MAX_WAITING = 4_096  # steps; more than a worker has transports

Step = Callable[[], object]


class AdmissionQueue:
    """Steps in the order they came, PER_TURN of them in each turn of the running loop.

    A step waits once, and enters again when there is more to do: all get equal turns.
    """

    def __init__(self) -> None:
        self._waiting: dict[Step, None] = {}
        self._turning: asyncio.AbstractEventLoop | None = None  # where a turn is planned

    def enter(self, step: Step) -> bool:
        """Calls `step` when it is its turn; False when too many wait."""
        if step not in self._waiting and len(self._waiting) >= MAX_WAITING:
            return False
        self._waiting[step] = None
        loop = asyncio.get_running_loop()
        if self._turning is not loop:
            self._turning = loop
            loop.call_soon(self._turn)
        return True

    def leave(self, step: Step) -> None:
        """The step is no longer wanted; harmless when it does not wait."""
        self._waiting.pop(step, None)

    def _turn(self) -> None:
        try:
            for _ in range(min(PER_TURN, len(self._waiting))):
                step = next(iter(self._waiting))
                del self._waiting[step]
                step()
        finally:  # a fault in one step does not hold up the others
            self._turning = self._turning if self._waiting else None
            if self._turning is not None:
                self._turning.call_soon(self._turn)
