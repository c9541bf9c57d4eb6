"""Lists come a page at a time: `?limit=` and `?cursor=` in, `next` out."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from aiohttp import web

from billing.errors import BillingError

Item = TypeVar("Item")

DEFAULT, MOST = 50, 100
MAX_CURSOR = 300


def read_page(request: web.Request) -> tuple[int, str]:
    """The limit and the cursor of a request; raises BillingError."""
    text = request.query.get("limit", str(DEFAULT))
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text[:6]) <= MOST:
        raise BillingError("bad_limit", f"limit must be 1 to {MOST}.", "limit")
    return int(text), request.query.get("cursor", "")[:MAX_CURSOR]


def next_cursor(found: Sequence[Item], limit: int, cursor: Callable[[Item], str]) -> str | None:
    """The cursor behind the last of `limit` items, when one more than those was found."""
    return cursor(found[limit - 1]) if len(found) > limit else None


def page_of(
    found: Sequence[Item],
    limit: int,
    describe: Callable[[Item], object],
    cursor: Callable[[Item], str],
) -> web.Response:
    """The answer with a page of what was found: one more than `limit`, if there are so many."""
    items = [describe(one) for one in found[:limit]]
    return web.json_response({"items": items, "next": next_cursor(found, limit, cursor)})
