"""The pages and their files: HTML with a policy of its own, static files, browser modules."""

import asyncio
import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from liveclass.config import Settings

# The packages an import map may name; nothing else of the modules folder is served.
VENDOR_PACKAGES = (
    "preact",
    "htm",
    "@preact/signals",
    "@preact/signals-core",
    "socket.io-client",
)
STATIC_CACHE = "no-cache"  # asked again each time, answered 304 while it is the same
VENDOR_CACHE = "public, max-age=86400"
STRICT_TRANSPORT = "max-age=31536000"  # a year; other hosts of the domain are not ours to bind

_INLINE_SCRIPT = re.compile(rb"<script(?P<attributes>[^>]*)>(?P<body>.*?)</script>", re.S | re.I)


def permissions_policy(payment: str = "()") -> str:
    """What the page may ask of the browser; `payment`: who may ask to pay."""
    return (
        "camera=(self), microphone=(self), display-capture=(self), "
        "autoplay=(self), fullscreen=(self), picture-in-picture=(self), speaker-selection=(self), "
        f"geolocation=(), payment={payment}"
    )


_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # the address of a class holds its token
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": permissions_policy(),
}


@dataclass(frozen=True, slots=True)
class Extra:
    """What one page is allowed beyond the others: sources by directive, and headers of its own."""

    policy: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def content_policy(html: bytes = b"", extra: Mapping[str, str] | None = None) -> str:
    """Only our own files; inline scripts of the page (the import map) by their hashes; `extra`
    sources by directive."""
    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(match['body']).digest()).decode()}'"
        for match in _INLINE_SCRIPT.finditer(html)
        if b"src=" not in match["attributes"]
    ]
    directives = {
        "default-src": "'self'",
        "script-src": " ".join(["'self'", *hashes]),
        "style-src": "'self'",
        "img-src": "'self' data: blob:",
        "media-src": "'self' blob: mediastream:",
        "connect-src": "'self'",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'self'",
    }
    for name, sources in (extra or {}).items():
        directives[name] = f"{directives.get(name, '')} {sources}".strip()
    return "; ".join(f"{name} {sources}" for name, sources in directives.items())


async def add_strict_transport(request: web.Request, response: web.StreamResponse) -> None:
    """Where people come over https, they come by nothing else from then on."""
    response.headers.setdefault("Strict-Transport-Security", STRICT_TRANSPORT)


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """On every response; a page brings its own policy."""
    response.headers["Server"] = "liveclass"
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Content-Security-Policy", content_policy())
    if request.path.startswith("/static/"):
        response.headers.setdefault("Cache-Control", STATIC_CACHE)
    elif request.path.startswith("/vendor/") and response.status in (200, 206, 304):
        response.headers.setdefault("Cache-Control", VENDOR_CACHE)


def add_pages(app: web.Application, settings: Settings) -> None:
    """Routes of the pages, and of folders that exist; links out of a folder are not followed."""
    static = settings.static_dir
    app.router.add_get("/", page(static / "index.html"))
    app.router.add_get("/class/{class_id:[A-Za-z0-9_-]{1,64}}", page(static / "class.html"))
    if static.is_dir():
        app.router.add_static("/static/", static)
    for package in VENDOR_PACKAGES:
        folder = settings.vendor_dir / package
        if folder.is_dir():
            app.router.add_static(f"/vendor/{package}/", folder)


def page(path: Path, extra: Extra | None = None) -> Handler:
    """Serves an HTML file with its policy; it is read anew each time."""
    allowed = extra or Extra()

    async def serve(request: web.Request) -> web.StreamResponse:
        try:
            html = await asyncio.to_thread(path.read_bytes)
        except OSError:
            raise web.HTTPNotFound(text="This page is not installed.") from None
        policy = content_policy(html, allowed.policy)
        headers = {
            "Content-Security-Policy": policy,
            "Cache-Control": "no-cache",
            **allowed.headers,
        }
        return web.Response(body=html, content_type="text/html", charset="utf-8", headers=headers)

    return serve
