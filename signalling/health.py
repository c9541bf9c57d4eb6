"""Liveness, readiness and metrics over HTTP."""

import hmac
import ipaddress

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from signalling.hub import Hub
from signalling.metrics import ClassCollector, Sources

HUB: web.AppKey[Hub] = web.AppKey("hub", Hub)
REGISTRY: web.AppKey[CollectorRegistry] = web.AppKey("registry", CollectorRegistry)
METRICS_TOKEN: web.AppKey[str] = web.AppKey("metrics_token", str)


def create_registry(sources: Sources) -> CollectorRegistry:
    """A registry of our own: nothing is counted in the library's global one."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(ClassCollector(sources))
    return registry


async def healthz(request: web.Request) -> web.Response:
    """The process answers."""
    return web.json_response({"ok": True})


async def readyz(request: web.Request) -> web.Response:
    """New people may be sent here: not before the start, not while draining."""
    is_ready = not request.app[HUB].is_draining
    return web.json_response({"ready": is_ready}, status=200 if is_ready else 503)


async def metrics(request: web.Request) -> web.Response:
    """Prometheus text, for this machine or whoever has the token."""
    if not _may_read(request):
        raise web.HTTPForbidden(text="Set LIVECLASS_METRICS_TOKEN and send it as a Bearer token.")
    body = generate_latest(request.app[REGISTRY])
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})


def _may_read(request: web.Request) -> bool:
    token = request.app[METRICS_TOKEN]
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and hmac.compare_digest(given.encode(), token.encode()):
        return True
    is_forwarded = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    return not is_forwarded and _is_local(request.remote)


def _is_local(remote: str | None) -> bool:
    try:
        return remote is not None and ipaddress.ip_address(remote).is_loopback
    except ValueError:
        return False
