"""Lists come a page at a time: `?limit=` and `?cursor=` in, `next` out."""

from aiohttp import web

from billing.errors import BillingError

DEFAULT, MOST = 50, 100
MAX_CURSOR = 300


def read_page(request: web.Request) -> tuple[int, str]:
    """The limit and the cursor of a request; raises BillingError."""
    text = request.query.get("limit", str(DEFAULT))
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text[:6]) <= MOST:
        raise BillingError("bad_limit", f"limit must be 1 to {MOST}.", "limit")
    return int(text), request.query.get("cursor", "")[:MAX_CURSOR]
