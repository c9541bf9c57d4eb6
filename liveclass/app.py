"""The HTTP application: pages, health, Socket.IO, billing, and the order of start and shutdown."""

from collections import Counter

from aiohttp import WSCloseCode, web
from aiohttp.abc import AbstractAccessLogger

from billing.app import add_billing
from billing.settings import BillingSettings
from common.logs import get_logger
from liveclass.classes import (
    HTTP_REFUSALS,
    SERVER,
    PlaneFactory,
    local_plane,
    minter,
    running_classes,
)
from liveclass.config import Settings, signing_secret
from liveclass.health import (
    CLASS_METRICS,
    HUB,
    METRICS,
    METRICS_TOKEN,
    class_metrics,
    healthz,
    metrics,
    readyz,
)
from liveclass.hosts import check_host, known_hosts
from liveclass.metrics_listener import metrics_listener
from liveclass.pages import add_headers, add_pages, add_strict_transport
from liveclass.shutdown import OpenSockets, tell_all
from signalling.socket.namespace import create_server

OPEN_SOCKETS: web.AppKey[OpenSockets] = web.AppKey("open_sockets", OpenSockets)

MAX_BODY = 65_536  # bytes; a handler that takes a larger body bounds it by itself

log = get_logger(__name__)


def create_app(
    settings: Settings,
    plane: PlaneFactory = local_plane,
    billing: BillingSettings | None = None,
) -> web.Application:
    """Builds the application, ready for a runner; the media plane opens with it. Without settings
    of billing a join token alone opens a class."""
    refusals: Counter[str] = Counter()
    app = web.Application(
        client_max_size=MAX_BODY, middlewares=[check_host(known_hosts(settings), refusals)]
    )
    app[HTTP_REFUSALS] = refusals
    app[SERVER] = create_server(settings.allowed_origins, settings.max_sockets)
    token = settings.metrics_token
    app[METRICS_TOKEN] = token.get_secret_value() if token is not None else ""
    app[SERVER].attach(app)
    app[OPEN_SOCKETS] = OpenSockets()
    app.on_response_prepare.extend([add_headers, app[OPEN_SOCKETS].note])
    if settings.has_https:
        app.on_response_prepare.append(add_strict_transport)
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get(METRICS, metrics)
    app.router.add_get(CLASS_METRICS, class_metrics)
    add_pages(app, settings)
    if billing is not None:
        secret = signing_secret(settings)
        add_billing(app, billing, secret, minter(secret), settings.base_url)
    app.cleanup_ctx.append(running_classes(settings, plane))
    if settings.metrics_port is not None:
        app.cleanup_ctx.append(metrics_listener(settings.metrics_port))
    app.on_shutdown.append(drain)
    return app


async def drain(app: web.Application) -> None:
    """Tells clients that the server shuts down, then closes their sockets; idempotent."""
    hub, server = app[HUB], app[SERVER]
    if hub.is_draining:
        return
    hub.drain()
    server.eio.close_code = WSCloseCode.GOING_AWAY
    await tell_all(server, "server-draining")
    await app[OPEN_SOCKETS].go_away()
    await server.shutdown()


class AccessLogger(AbstractAccessLogger):
    """Logs one line for each request, without the query: it may hold a token."""

    @property
    def enabled(self) -> bool:
        return log.isEnabledFor(10)

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        log.debug(
            "http.request",
            method=request.method,
            path=request.path,
            status=response.status,
            ms=round(time * 1000, 1),
        )
