"""The classes of a running application: the media plane, the hub, and billing's gate before it."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import socketio
from aiohttp import web

from billing.app import billing_families, gate_of, watching
from billing.service.join_tokens import Mint
from common.roles import Role
from liveclass.config import Settings, announced_ip, media_host, signing_secret
from liveclass.health import HUB, SOURCES, process
from liveclass.local_media import LocalMediaPlane
from liveclass.metrics import ClassCount, SignallingSnapshot
from liveclass.scrape import Sources
from sfu.stalls import StallWatch
from signalling.auth.tokens import mint
from signalling.classroom.permissions import Identity
from signalling.classroom.state import Classroom
from signalling.hub import Hub, HubSettings
from signalling.media_plane import MediaPlane
from signalling.socket.namespace import ClassNamespace
from signalling.socket.outgoing import Outgoing

PlaneFactory = Callable[[Settings, StallWatch], AbstractAsyncContextManager[MediaPlane]]

HTTP_REFUSALS: web.AppKey[Counter[str]] = web.AppKey("http_refusals", Counter)
SERVER: web.AppKey[socketio.AsyncServer] = web.AppKey("server", socketio.AsyncServer)


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


def running_classes(
    settings: Settings, plane: PlaneFactory
) -> Callable[[web.Application], AsyncIterator[None]]:
    """Opens the media plane and the hub of an application, and closes them when it ends.

    Where the application has billing, billing decides who enters the classes of its catalogue.
    """

    async def running(app: web.Application) -> AsyncIterator[None]:
        server, stalls = app[SERVER], StallWatch()  # signalling and the SFU share one loop
        async with AsyncExitStack() as stack:
            media = await stack.enter_async_context(plane(settings, stalls))
            outgoing, gate = Outgoing(server), gate_of(app)
            hub = app[HUB] = Hub(_hub_settings(settings, stalls), media, outgoing, gate)
            app[SOURCES] = _sources(app, media, stalls)
            server.register_namespace(ClassNamespace(hub))
            stack.push_async_callback(hub.close)
            stack.push_async_callback(
                _end, asyncio.create_task(outgoing.run()), asyncio.create_task(server.eio.run())
            )
            if gate is not None:
                await stack.enter_async_context(watching(app, hub))
            yield

    return running


async def _end(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _sources(app: web.Application, media: MediaPlane, stalls: StallWatch) -> Sources:
    hub, refusals = app[HUB], app[HTTP_REFUSALS]
    return Sources(
        media,
        process.collect,
        lambda: stalls.stalls,
        lambda: signalling_snapshot(hub, refusals),
        lambda: map(_count, tuple(hub.classrooms.values())),
        lambda: billing_families(app),
    )


def minter(secret: str) -> Mint:
    """Signs join tokens for billing."""

    def mint_for(
        user_id: str, name: str, role: Role, class_id: str, *, now: float, lifetime: float
    ) -> str:
        return mint(Identity(user_id, name, role, class_id), secret, now=now, lifetime=lifetime)

    return mint_for


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


def signalling_snapshot(hub: Hub, http_refusals: Counter[str]) -> SignallingSnapshot:
    """The counts of the hub and of the HTTP edge, as plain data."""
    counts = hub.counts
    return SignallingSnapshot(
        sockets=len(hub.sessions),
        messages=counts.messages,
        refusals=counts.refusals,
        connections_refused=counts.connections_refused,
        sockets_closed=counts.sockets_closed,
        http_refusals=http_refusals,
    )


def _count(classroom: Classroom) -> ClassCount:
    away = sum(person.is_away for person in classroom.roster.everyone())
    return ClassCount(
        class_id=classroom.class_id,
        state=classroom.state.value,
        present=len(classroom.roster) - away,
        away=away,
        hands=classroom.view.totals()["hands"],
    )
