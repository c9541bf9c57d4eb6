"""Liveness, readiness and metrics over HTTP."""

import asyncio
import hmac
from collections.abc import AsyncIterator

from aiohttp import web
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, ProcessCollector

from liveclass.metrics import Scope
from liveclass.scrape import Sources, dump, scrape
from signalling.hub import Hub

HUB: web.AppKey[Hub] = web.AppKey("hub", Hub)
SOURCES: web.AppKey[Sources] = web.AppKey("sources", Sources)
METRICS_TOKEN: web.AppKey[str] = web.AppKey("metrics_token", str)

METRICS = "/metrics"
CLASS_METRICS = "/metrics/classes/{class_id:[A-Za-z0-9_-]{1,64}}"

CLOSED = (
    "Metrics are closed. Set LIVECLASS_METRICS_TOKEN and send it as a Bearer token, "
    "or LIVECLASS_METRICS_PORT to read them on a port of this machine's own."
)
NEEDS_TOKEN = "Send LIVECLASS_METRICS_TOKEN of the server as a Bearer token."

process = ProcessCollector(registry=None)
"""CPU, memory, start and open files of this process."""


async def healthz(request: web.Request) -> web.Response:
    """The process answers."""
    return web.json_response({"ok": True})


async def readyz(request: web.Request) -> web.Response:
    """The process takes new people: not before the start, not while draining."""
    is_ready = not request.app[HUB].is_draining
    return web.json_response({"ready": is_ready}, status=200 if is_ready else 503)


async def metrics(request: web.Request) -> web.StreamResponse:
    """Prometheus's text, for requests with the token."""
    _check_token(request)
    return await tell_metrics(request, request.app[SOURCES])


async def class_metrics(request: web.Request) -> web.StreamResponse:
    """The transports of one class as JSON, for requests with the token."""
    _check_token(request)
    return await tell_class(request, request.app[SOURCES])


def _check_token(request: web.Request) -> None:
    """The token alone counts: behind a proxy every request comes from this machine."""
    token = request.app[METRICS_TOKEN]
    if not token:
        raise web.HTTPForbidden(text=CLOSED)
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(given.encode(errors="replace"), token.encode()):
        wanted = {"WWW-Authenticate": 'Bearer realm="metrics"'}
        raise web.HTTPUnauthorized(text=NEEDS_TOKEN, headers=wanted)


async def tell_metrics(request: web.Request, sources: Sources) -> web.StreamResponse:
    """A scrape; `scope` says how much."""
    scope = _scope(request.query.get("scope", Scope.CLASSES))
    return await _stream(request, scrape(sources, scope), CONTENT_TYPE_PLAIN_0_0_4)


async def tell_class(request: web.Request, sources: Sources) -> web.StreamResponse:
    """A dump of the class that the path names."""
    class_id, plane = request.match_info["class_id"], sources.plane
    participants = await plane.participants(class_id)
    if participants is None:
        raise web.HTTPNotFound(text="This class has no media now.")
    return await _stream(request, dump(plane, class_id, participants), "application/json")


async def _stream(
    request: web.Request, parts: AsyncIterator[bytes], content_type: str
) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": content_type})
    await response.prepare(request)
    async for part in parts:
        await response.write(part)
        await asyncio.sleep(0)
    await response.write_eof()
    return response


def _scope(name: str) -> Scope:
    try:
        return Scope(name)
    except ValueError:
        known = ", ".join(Scope)
        raise web.HTTPBadRequest(text=f"scope must be one of: {known}.") from None
