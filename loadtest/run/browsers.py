"""Real browsers beside the bots: when they come, and that they go."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence

from loadtest.records import BrowserResult
from loadtest.run.target import Target

# Links, an event that ends it, cores to pin to, an event that it sets when all are in or have
# failed: what each browser found.
Watch = Callable[
    [Sequence[str], asyncio.Event, Sequence[int], asyncio.Event], Awaitable[list[BrowserResult]]
]


class Browsers:
    """The real viewers beside the bots; none unless they were ordered."""

    def __init__(
        self, target: Target, watch: Watch | None, count: int, cores: Sequence[int], lifetime: float
    ) -> None:
        """`lifetime` is how long, in seconds, their tokens must be valid."""
        self._target = target
        self._watch = watch
        self._count = count
        self._cores = cores
        self._lifetime = lifetime
        self._over = asyncio.Event()
        self._seated = asyncio.Event()
        self._task: asyncio.Task[list[BrowserResult]] | None = None

    def start(self) -> None:
        """Once, when the class has begun."""
        if self._task is not None or self._watch is None or not self._count:
            return
        token = self._target.tokens(self._lifetime)
        names = [f"browser-{n + 1}" for n in range(self._count)]
        links = [self._target.link(token(name, "student")) for name in names]
        watching = self._watch(links, self._over, self._cores, self._seated)
        self._task = asyncio.ensure_future(watching)

    @property
    def all_in(self) -> bool:
        """Whether none is awaited: their start costs so much that nothing is measured meanwhile."""
        return self._watch is None or not self._count or self._seated.is_set()

    async def finish(self) -> list[BrowserResult]:
        """Lets them leave, and gives what they found."""
        self._over.set()
        return [] if self._task is None else await self._task

    async def stop(self) -> None:
        """Ends them, however far they are."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
