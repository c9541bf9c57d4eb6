"""The names the server answers to, as a guard against DNS rebinding: a foreign page that has its
own name resolve to this machine's address would pass as same-origin in its browser.

Requests by IP address are always allowed: rebinding needs a name. Ports do not matter.
"""

import re
from collections import Counter
from collections.abc import Collection
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from common.addresses import is_address
from liveclass.config import Settings

UNKNOWN_HOST = "unknown_host"  # as it is counted
# Load balancers ask by any name; the answers hold nothing secret.
EXEMPT = frozenset({"/healthz", "/readyz"})

_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_ADVICE = (
    "This server does not answer to this name. "
    "Open it at the address in LIVECLASS_PUBLIC_URL or by its IP address. "
    "For the operator: LIVECLASS_ALLOWED_HOSTS adds names, LIVECLASS_PUBLIC_URL sets the main one."
)


def known_hosts(settings: Settings) -> frozenset[str]:
    """The names of this server, in lower case."""
    urls = [settings.public_url] if settings.public_url else []
    found = [urlsplit(url).hostname or "" for url in urls]
    found += [settings.http_host, *settings.allowed_hosts, "localhost"]
    return frozenset(host.lower().rstrip(".") for host in found)


def host_name(header: str) -> str | None:
    """The host in a Host header without port, brackets and a name's last dot, in lower case; None
    for a header that holds no host."""
    text = header.lower()
    if text.startswith("["):
        address, bracket, port = text[1:].partition("]")
        return address if bracket and _is_port(port) and is_address(address) else None
    name, colon, port = text.partition(":")
    name = name.removesuffix(".")
    return name if _is_port(colon + port) and _NAME.fullmatch(name) else None


def _is_port(text: str) -> bool:
    return not text or re.fullmatch(r":[0-9]{0,5}", text) is not None


def is_allowed(headers: Collection[str], known: frozenset[str]) -> bool:
    """True when a request with these Host headers is for this server."""
    if len(headers) != 1:
        return False
    host = host_name(next(iter(headers)))
    return host is not None and (host in known or is_address(host))


def check_host(known: frozenset[str], tally: Counter[str]) -> Middleware:
    """Answers 421 to requests for another server, those that open a socket included."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path in EXEMPT or is_allowed(request.headers.getall("Host", []), known):
            return await handler(request)
        tally[UNKNOWN_HOST] += 1
        raise web.HTTPMisdirectedRequest(text=_ADVICE)

    return middleware
