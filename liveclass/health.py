"""Liveness, readiness and metrics over HTTP."""

import hmac
from collections.abc import Iterator

from aiohttp import web
from prometheus_client import ProcessCollector

from liveclass.exposition import CONTENT_TYPE, Family, label_text
from liveclass.metrics import Scope
from liveclass.scrape import Sources, in_slices, steps
from signalling.hub import Hub

HUB: web.AppKey[Hub] = web.AppKey("hub", Hub)
SOURCES: web.AppKey[Sources] = web.AppKey("sources", Sources)
METRICS_TOKEN: web.AppKey[str] = web.AppKey("metrics_token", str)

CLOSED = (
    "Metrics are closed. Set LIVECLASS_METRICS_TOKEN and send it as a Bearer token, "
    "or LIVECLASS_METRICS_PORT to read them on a port of this machine's own."
)
NEEDS_TOKEN = "Send LIVECLASS_METRICS_TOKEN of the server as a Bearer token."

_process = ProcessCollector(registry=None)


def process_families() -> Iterator[Family]:
    """The process as the library tells it: CPU, memory, start, open files."""
    for metric in _process.collect():
        family = Family(metric.name, metric.documentation, metric.type)
        for sample in metric.samples:
            family.add(sample.value, label_text(sample.labels))
        yield family


async def healthz(request: web.Request) -> web.Response:
    """The process answers."""
    return web.json_response({"ok": True})


async def readyz(request: web.Request) -> web.Response:
    """New people may be sent here: not before the start, not while draining."""
    is_ready = not request.app[HUB].is_draining
    return web.json_response({"ready": is_ready}, status=200 if is_ready else 503)


async def metrics(request: web.Request) -> web.StreamResponse:
    """Prometheus text for whoever has the token: behind a proxy everybody comes from here."""
    token = request.app[METRICS_TOKEN]
    if not token:
        raise web.HTTPForbidden(text=CLOSED)
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(given.encode(errors="replace"), token.encode()):
        wanted = {"WWW-Authenticate": 'Bearer realm="metrics"'}
        raise web.HTTPUnauthorized(text=NEEDS_TOKEN, headers=wanted)
    return await tell_metrics(request, request.app[SOURCES])


async def tell_metrics(request: web.Request, sources: Sources) -> web.StreamResponse:
    """A scrape, in slices; `scope` says how much."""
    scope = _scope(request.query.get("scope", Scope.CLASSES))
    response = web.StreamResponse(headers={"Content-Type": CONTENT_TYPE})
    await response.prepare(request)
    async for text in in_slices(steps(sources, scope)):
        await response.write(text.encode())
    await response.write_eof()
    return response


def _scope(name: str) -> Scope:
    try:
        return Scope(name)
    except ValueError:
        known = ", ".join(Scope)
        raise web.HTTPBadRequest(text=f"scope must be one of: {known}.") from None
