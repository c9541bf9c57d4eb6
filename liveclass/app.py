"""The HTTP application: pages, health, Socket.IO, and the order of start and stop."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import socketio
from aiohttp import WSCloseCode, web
from aiohttp.abc import AbstractAccessLogger

from billing.app import add_billing, billing_families, watching
from billing.service.join_tokens import Mint
from billing.settings import BillingSettings
from common.logs import get_logger
from common.roles import Role
from liveclass.config import Settings, announced_ip, media_host, signing_secret
from liveclass.health import (
    CLASS_METRICS,
    HUB,
    METRICS,
    METRICS_TOKEN,
    SOURCES,
    class_metrics,
    healthz,
    metrics,
    process,
    readyz,
)
from liveclass.hosts import check_host, known_hosts
from liveclass.local_media import LocalMediaPlane
from liveclass.metrics import ClassCount, SignallingSnapshot
from liveclass.metrics_listener import metrics_listener
from liveclass.pages import add_headers, add_pages, add_strict_transport
from liveclass.scrape import Sources
from liveclass.stopping import OpenSockets, tell_all
from sfu.stalls import StallWatch
from signalling.auth.tokens import mint
from signalling.classroom.permissions import Identity
from signalling.classroom.state import Classroom
from signalling.hub import Hub, HubSettings
from signalling.media_plane import MediaPlane
from signalling.socket.namespace import ClassNamespace, create_server
from signalling.socket.outgoing import Outgoing

PlaneFactory = Callable[[Settings, StallWatch], AbstractAsyncContextManager[MediaPlane]]

SETTINGS: web.AppKey[Settings] = web.AppKey("settings", Settings)
HTTP_REFUSALS: web.AppKey[Counter[str]] = web.AppKey("http_refusals", Counter)
OPEN_SOCKETS: web.AppKey[OpenSockets] = web.AppKey("open_sockets", OpenSockets)
SERVER: web.AppKey[socketio.AsyncServer] = web.AppKey("server", socketio.AsyncServer)

MAX_BODY = 65_536  # bytes; who takes a larger one reads it bounded by itself

log = get_logger(__name__)


@asynccontextmanager
async def local_plane(settings: Settings, stalls: StallWatch) -> AsyncIterator[MediaPlane]:
    """The SFU in this process."""
    plane = await LocalMediaPlane.start(
        media_host(settings),
        settings.udp_port,
        announced_ip(settings),
        settings.max_participants,
        stalls,
    )
    try:
        yield plane
    finally:
        plane.close()


def create_app(
    settings: Settings,
    plane: PlaneFactory = local_plane,
    billing: BillingSettings | None = None,
) -> web.Application:
    """The application, ready for a runner; the media plane opens with it. Without settings of
    billing there is none: join tokens alone open classes."""
    refusals: Counter[str] = Counter()
    app = web.Application(
        client_max_size=MAX_BODY, middlewares=[check_host(known_hosts(settings), refusals)]
    )
    app[SETTINGS] = settings
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
    app.cleanup_ctx.append(_classes(plane))
    if billing is not None:
        app.cleanup_ctx.append(_gate)
    if settings.metrics_port is not None:
        app.cleanup_ctx.append(metrics_listener(settings.metrics_port))
    app.on_shutdown.append(drain)
    return app


def _classes(plane: PlaneFactory) -> Callable[[web.Application], AsyncIterator[None]]:
    async def context(app: web.Application) -> AsyncIterator[None]:
        settings, server = app[SETTINGS], app[SERVER]
        stalls = StallWatch()  # signalling and the SFU share one loop
        async with plane(settings, stalls) as media:
            outgoing = Outgoing(server)
            hub = Hub(_hub_settings(settings, stalls), media, outgoing)
            app[HUB] = hub
            app[SOURCES] = Sources(
                media,
                process.collect,
                lambda: stalls.stalls,
                lambda: signalling_snapshot(hub, app[HTTP_REFUSALS]),
                lambda: map(_count, tuple(hub.classrooms.values())),
                lambda: billing_families(app),
            )
            server.register_namespace(ClassNamespace(hub))
            tasks = [asyncio.create_task(outgoing.run())]
            tasks.append(asyncio.create_task(server.eio.run()))
            yield
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await hub.close()

    return context


def minter(secret: str) -> Mint:
    """Signs join tokens for billing."""

    def mint_for(
        user_id: str, name: str, role: Role, class_id: str, *, now: float, lifetime: float
    ) -> str:
        return mint(Identity(user_id, name, role, class_id), secret, now=now, lifetime=lifetime)

    return mint_for


async def _gate(app: web.Application) -> AsyncIterator[None]:
    """Billing decides who enters the classes of its catalogue."""
    hub = app[HUB]
    async with watching(app, hub) as gate:
        hub.gate = gate
        yield


def _hub_settings(settings: Settings, stalls: StallWatch) -> HubSettings:
    return HubSettings(
        secret=signing_secret(settings),
        wall=time.time,
        rng=os.urandom,
        took=stalls.took,
        capacity=settings.max_participants,
        max_sockets=settings.max_sockets,
        titles={settings.demo_class: "Demo class"},
    )


async def drain(app: web.Application) -> None:
    """Clients hear that the server stops, then their sockets are closed; once."""
    hub, server = app[HUB], app[SERVER]
    if hub.is_draining:
        return
    hub.drain()
    server.eio.close_code = WSCloseCode.GOING_AWAY
    await tell_all(server, "server-draining")
    await app[OPEN_SOCKETS].go_away()
    await server.shutdown()


def signalling_snapshot(hub: Hub, http_refusals: Counter[str]) -> SignallingSnapshot:
    """What the hub and the edge of HTTP count, as plain data."""
    tally = hub.tally
    return SignallingSnapshot(
        sockets=len(hub.sessions),
        messages=tally.messages,
        refusals=tally.refusals,
        connections_refused=tally.connections_refused,
        sockets_closed=tally.sockets_closed,
        http_refusals=http_refusals,
    )


def _count(room: Classroom) -> ClassCount:
    present = len(room.roster.connected())
    return ClassCount(
        class_id=room.class_id,
        state=room.state.value,
        present=present,
        away=len(room.roster) - present,
        hands=len(room.roster.hands()),
    )


class AccessLogger(AbstractAccessLogger):
    """One line a request, without the query: it may hold a token."""

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
