"""A separate listener for metrics on the loopback address: the proxy in front of the pages does not
lead to it, so it asks for no token."""

from collections import Counter
from collections.abc import AsyncIterator, Callable

from aiohttp import web

from common.config import ConfigError
from liveclass.health import (
    CLASS_METRICS,
    METRICS,
    SOURCES,
    healthz,
    tell_class,
    tell_metrics,
)
from liveclass.hosts import check_host
from liveclass.pages import add_headers

HOST = "127.0.0.1"


def metrics_listener(port: int) -> Callable[[web.Application], AsyncIterator[None]]:
    """Serves the metrics of an application on this port while it runs; raises ConfigError."""

    async def context(app: web.Application) -> AsyncIterator[None]:
        runner = web.AppRunner(_application(app), access_log=None, keepalive_timeout=30.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, port).start()
        except OSError as error:
            await runner.cleanup()
            where = f"{HOST}:{port}: {error.strerror}"
            raise ConfigError(f"LIVECLASS_METRICS_PORT: cannot use {where}") from None
        yield
        await runner.cleanup()

    return context


def _application(main: web.Application) -> web.Application:
    async def metrics(request: web.Request) -> web.StreamResponse:
        return await tell_metrics(request, main[SOURCES])

    async def class_metrics(request: web.Request) -> web.StreamResponse:
        return await tell_class(request, main[SOURCES])

    app = web.Application(middlewares=[check_host(frozenset({"localhost"}), Counter())])
    app.on_response_prepare.append(add_headers)
    app.router.add_get("/healthz", healthz)
    app.router.add_get(METRICS, metrics)
    app.router.add_get(CLASS_METRICS, class_metrics)
    return app
