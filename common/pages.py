"""HTML pages: a file, its content security policy and its permissions policy."""

import asyncio
import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

_INLINE_SCRIPT = re.compile(rb"<script(?P<attributes>[^>]*)>(?P<body>.*?)</script>", re.S | re.I)


def permissions_policy(payment: str = "()") -> str:
    """The permissions a page may ask of the browser; `payment`: the origins that may ask to pay."""
    return (
        "camera=(self), microphone=(self), display-capture=(self), "
        "autoplay=(self), fullscreen=(self), picture-in-picture=(self), speaker-selection=(self), "
        f"geolocation=(), payment={payment}"
    )


@dataclass(frozen=True, slots=True)
class Extra:
    """The permissions of one page beyond those of all: sources by directive, and headers."""

    policy: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def content_policy(html: bytes = b"", extra: Mapping[str, str] | None = None) -> str:
    """A policy that allows our own files, inline scripts of the page (the import map) by their
    hashes, and `extra` sources by directive."""
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


def page(path: Path, extra: Extra | None = None) -> Handler:
    """Serves an HTML file with its policy; the file is read at every request."""
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
