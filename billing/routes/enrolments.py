"""Entering a class: enrolling without paying, and the token for the live class."""

from aiohttp import web

from billing.accounts.rate_limit import Limit
from billing.routes.classes import PATH
from billing.routes.keys import CONTEXT, MINT
from billing.routes.session import Strict, account, account_with, read_json
from billing.service.enrolments import enrol_without_paying
from billing.service.join_tokens import issue

TRIES: web.AppKey[Limit] = web.AppKey("entry_tries", Limit)
BURST, EVERY = 30, 2_000  # a person, ms

routes = web.RouteTableDef()


class Enrol(Strict):
    """The way of enrolling."""

    trial: bool = False


class Nothing(Strict):
    """No fields."""


@routes.post(PATH + "/enrol")
async def enrol_free(request: web.Request) -> web.Response:
    """Enrols in a free class, or for a trial."""
    found = await account_with(request, "student")
    context, class_id = request.app[CONTEXT], request.match_info["class_id"]
    request.app[TRIES].take(found.id, context.now())
    body = await read_json(request, Enrol)
    await enrol_without_paying(context, found.id, class_id, trial=body.trial)
    return web.json_response({"enrolled": True, "classId": class_id})


@routes.post(PATH + "/token")
async def token(request: web.Request) -> web.Response:
    """Answers a join token for the person who is signed in."""
    found = await account(request)
    context = request.app[CONTEXT]
    request.app[TRIES].take(found.id, context.now())
    await read_json(request, Nothing)
    class_id = request.match_info["class_id"]
    made = await issue(context, request.app[MINT], found.id, class_id)
    return web.json_response({"token": made.token, "url": made.url})
