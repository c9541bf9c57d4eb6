"""The HTTP server: aiohttp's, with a guard at its connections and an orderly shutdown."""

import asyncio
from contextlib import suppress
from typing import Any

from aiohttp import web

from liveclass.http_guard import Guard

SWEEP_EVERY = 1.0  # s
HANDLERS_WITHIN = 0.25  # s for requests that run at shutdown, and again when cancelled


class GuardedServer(web.Server):
    """Tells the guard of connections that come and go."""

    def __init__(self, guard: Guard, plain: web.Server) -> None:
        kwargs: dict[str, Any] = plain._kwargs
        super().__init__(
            plain.request_handler, request_factory=plain.request_factory, loop=plain._loop, **kwargs
        )
        self._guard = guard

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        super().connection_made(handler, transport)
        self._guard.opened(handler, len(self._connections))

    def connection_lost(
        self, handler: web.RequestHandler, exc: BaseException | None = None
    ) -> None:
        super().connection_lost(handler, exc)
        self._guard.lost(handler)

    async def watch(self) -> None:
        """Lets the guard look at all connections until cancelled."""
        while True:
            await asyncio.sleep(SWEEP_EVERY)
            self._guard.sweep(self.connections, self._loop.time())


class GuardedRunner(web.AppRunner):
    """Runs an application behind the guard."""

    def __init__(self, app: web.Application, guard: Guard, **kwargs: Any) -> None:
        super().__init__(app, shutdown_timeout=HANDLERS_WITHIN, **kwargs)
        self._guard = guard
        self._watching: asyncio.Task[None] | None = None

    async def _make_server(self) -> web.Server:
        server = GuardedServer(self._guard, await super()._make_server())
        self._watching = asyncio.create_task(server.watch())
        return server

    async def cleanup(self) -> None:
        """Stops listening, then tells connected clients while their sockets are still read."""
        for site in self.sites:
            await site.stop()
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching
        if self.server is not None:
            await self.app.shutdown()
        await super().cleanup()
