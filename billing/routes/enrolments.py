"""The way into a class: enrolling without paying, and the token for the live class."""

from aiohttp import web

from billing.accounts.rate_limit import Limit
from billing.routes.auth import Strict
from billing.routes.classes import PATH
from billing.routes.keys import CONTEXT, JOIN_SECRET
from billing.routes.session import account, account_with, read_json
from billing.service import join_tokens as entry
from billing.service.enrol import enrol

TRIES: web.AppKey[Limit] = web.AppKey("entry_tries", Limit)
BURST, EVERY = 30, 2_000  # a person, ms

routes = web.RouteTableDef()


class Enrol(Strict):
    """How one enrols."""

    trial: bool = False


class Nothing(Strict):
    """No fields."""


@routes.post(PATH + "/enrol")
async def enrol_free(request: web.Request) -> web.Response:
    """In a free class, or for a trial."""
    found = await account_with(request, "student")
    context, class_id = request.app[CONTEXT], request.match_info["class_id"]
    request.app[TRIES].take(found.id, context.now())
    body = await read_json(request, Enrol)
    await enrol(context, found.id, class_id, trial=body.trial)
    return web.json_response({"enrolled": True, "classId": class_id})


@routes.post(PATH + "/token")
async def token(request: web.Request) -> web.Response:
    """A join token for the person who is signed in."""
    found = await account(request)
    context = request.app[CONTEXT]
    request.app[TRIES].take(found.id, context.now())
    await read_json(request, Nothing)
    class_id = request.match_info["class_id"]
    made = await entry.issue(context, request.app[JOIN_SECRET], found.id, class_id)
    return web.json_response({"token": made.token, "url": made.url})
