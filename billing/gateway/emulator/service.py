"""A running emulator: state, webhooks and refunds that arrive a little later."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from billing.gateway.emulator.api import Api
from billing.gateway.emulator.emulator import Emulator
from billing.gateway.emulator.hooks import Hooks, Pause
from billing.gateway.emulator.store import Entity, Store
from billing.gateway.keys import Keys

FILE = "sandbox.db"
REFUND_TAKES = 1.0  # s; real ones take days


class Sandbox:
    """An emulator with its HTTP, to be run."""

    def __init__(
        self,
        keys: Keys,
        path: Path | None,
        refund_takes: float = REFUND_TAKES,
        pause: Pause = asyncio.sleep,
    ) -> None:
        self.store = Store(path)
        self.hooks = Hooks(keys.webhook_secret, self.store, time.time, pause)
        self.emulator = Emulator(keys, self.store, time.time, self._tell)
        self._pause = pause
        self._refund_takes = refund_takes
        self._closed = False

    def _tell(self, event: str, entities: dict[str, Entity]) -> None:
        self.hooks.tell(event, entities, self.emulator.faults)
        if event == "refund.created":
            self._settle_later(entities["refund"]["id"])

    def _settle_later(self, refund_id: str) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(self._refund_takes, self._settle, refund_id)

    def _settle(self, refund_id: str) -> None:
        if not self._closed:  # the next run does it
            self.emulator.settle(refund_id)

    def application(self) -> web.Application:
        """The HTTP, to be mounted or served."""
        app = web.Application(client_max_size=100_000)
        Api(self.emulator, self._pause).add_to(app)
        return app

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Sends webhooks and settles refunds, those of an earlier run too."""
        for refund_id in self.emulator.pending_refunds():
            self._settle_later(refund_id)
        task = asyncio.create_task(self.hooks.run())
        try:
            yield
        finally:
            self._closed = True
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self.store.close()
