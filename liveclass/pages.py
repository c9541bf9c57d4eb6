"""The pages of a class and their files: static files, browser modules, headers of every answer."""

from aiohttp import web

from common.pages import content_policy, page, permissions_policy
from liveclass.config import Settings

# The packages an import map may name; nothing else of the modules folder is served.
VENDOR_PACKAGES = (
    "preact",
    "htm",
    "@preact/signals",
    "@preact/signals-core",
    "socket.io-client",
)
STATIC_CACHE = "no-cache"  # revalidated at each use; 304 while unchanged
VENDOR_CACHE = "public, max-age=86400"
STRICT_TRANSPORT = "max-age=31536000"  # a year; other hosts of the domain are not ours to bind

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # the address of a class holds its token
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": permissions_policy(),
}


async def add_strict_transport(request: web.Request, response: web.StreamResponse) -> None:
    """Binds browsers that came over https to https."""
    response.headers.setdefault("Strict-Transport-Security", STRICT_TRANSPORT)


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Adds headers to every response; a page brings its own content policy."""
    response.headers["Server"] = "liveclass"
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Content-Security-Policy", content_policy())
    if request.path.startswith("/static/"):
        response.headers.setdefault("Cache-Control", STATIC_CACHE)
    elif request.path.startswith("/vendor/") and response.status in (200, 206, 304):
        response.headers.setdefault("Cache-Control", VENDOR_CACHE)


def add_pages(app: web.Application, settings: Settings) -> None:
    """Adds routes for pages and existing folders; links out of a folder are not followed."""
    static = settings.static_dir
    app.router.add_get("/", page(static / "index.html"))
    app.router.add_get("/class/{class_id:[A-Za-z0-9_-]{1,64}}", page(static / "class.html"))
    if static.is_dir():
        app.router.add_static("/static/", static)
    for package in VENDOR_PACKAGES:
        folder = settings.vendor_dir / package
        if folder.is_dir():
            app.router.add_static(f"/vendor/{package}/", folder)
