"""A step that is taken again and again on the running loop, between start and stop."""

import asyncio
import time
from collections.abc import Callable


class Every:
    """One timer; the pause of `period` seconds begins when a step has ended."""

    def __init__(self, period: float, step: Callable[[], None]) -> None:
        self.due = 0.0  # time.monotonic() of the next step
        self._period = period
        self._step = step
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """The first step comes after one period."""
        self.due = time.monotonic() + self._period
        self._timer = asyncio.get_running_loop().call_later(self._period, self._take)

    def stop(self) -> bool:
        """Idempotent; True when it ended something."""
        if self._timer is None:
            return False
        self._timer.cancel()
        self._timer = None
        return True

    def _take(self) -> None:
        try:
            self._step()
        finally:  # a fault in one step does not end the others
            if self._timer is not None:
                self.start()
