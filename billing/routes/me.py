"""A person's own account, notices, and the link between parents and students."""

from typing import Annotated

from aiohttp import web
from pydantic import Field, field_validator

from billing.accounts.rate_limit import Limit
from billing.receipts.tax import STATES
from billing.routes.auth import Name, describe
from billing.routes.keys import CONTEXT
from billing.routes.session import Strict, account, account_with, maybe_account, read_json
from billing.service import accounts, guardians, notices
from billing.service.guardians import LinkCodes
from billing.store.tables import Notice, User

LINK_CODES: web.AppKey[LinkCodes] = web.AppKey("link_codes", LinkCodes)
LINK_TRIES: web.AppKey[Limit] = web.AppKey("link_tries", Limit)
TRIES, TRY_EVERY = 10, 60_000

routes = web.RouteTableDef()


class ChangeMe(Strict):
    """The changes that people make themselves; an empty state: none."""

    name: Name | None = None
    state: str | None = None

    @field_validator("state")
    @classmethod
    def _is_state(cls, value: str | None) -> str | None:
        if value and value not in STATES:
            raise ValueError("Choose a state from the list.")
        return value


class LinkCode(Strict):
    """The code that a student gives to a parent."""

    code: Annotated[str, Field(min_length=1, max_length=20)]


@routes.get("/api/me")
async def me(request: web.Request) -> web.Response:
    """Answers the account that is signed in, or none."""
    found = await maybe_account(request)
    if found is None:
        return web.json_response({"account": None, "notices": 0})
    context = request.app[CONTEXT]
    async with context.db.reading() as session:
        user = await session.get_one(User, found.id)
    count = await notices.unread(context, found.id)
    return web.json_response({"account": describe(user), "notices": count})


@routes.patch("/api/me")
async def change_me(request: web.Request) -> web.Response:
    """Name and state."""
    found = await account(request)
    body = await read_json(request, ChangeMe)
    what = accounts.AccountChange(name=body.name, state=body.state)
    user = await accounts.change(request.app[CONTEXT], found.id, what)
    return web.json_response({"account": describe(user)})


@routes.get("/api/me/notices")
async def my_notices(request: web.Request) -> web.Response:
    """The newest first."""
    found = await account(request)
    items = await notices.newest(request.app[CONTEXT], found.id)
    return web.json_response({"items": [_notice(one) for one in items], "next": None})


def _notice(notice: Notice) -> dict[str, object]:
    return {
        "id": notice.id,
        "kind": notice.kind,
        "text": notice.text,
        "classId": notice.class_id,
        "createdAt": notice.created_at,
        "readAt": notice.read_at,
    }


@routes.post("/api/me/notices/read")
async def read_notices(request: web.Request) -> web.Response:
    """All have been read."""
    found = await account(request)
    await notices.mark_read(request.app[CONTEXT], found.id)
    return web.json_response({})


@routes.get("/api/me/link-code")
async def link_code(request: web.Request) -> web.Response:
    """A student's code for a parent."""
    found = await account_with(request, "student")
    code, expires = request.app[LINK_CODES].make(found.id, request.app[CONTEXT].now())
    return web.json_response({"code": code, "expiresAt": expires})


@routes.get("/api/me/students")
async def students(request: web.Request) -> web.Response:
    """A parent's students."""
    found = await account_with(request, "parent")
    items = await guardians.students_of(request.app[CONTEXT], found.id)
    return web.json_response({"items": [_student(one) for one in items], "next": None})


def _student(user: User) -> dict[str, object]:
    return {"id": user.id, "name": user.name}


@routes.post("/api/me/students")
async def link_student(request: web.Request) -> web.Response:
    """Links the student whose code it is."""
    found = await account_with(request, "parent")
    context = request.app[CONTEXT]
    request.app[LINK_TRIES].take(found.id, context.now())
    body = await read_json(request, LinkCode)
    student = await guardians.link(context, request.app[LINK_CODES], found.id, body.code)
    return web.json_response(_student(student))


@routes.delete("/api/me/students/{student_id}")
async def unlink_student(request: web.Request) -> web.Response:
    """Ends a link."""
    found = await account_with(request, "parent")
    await guardians.unlink(request.app[CONTEXT], found.id, request.match_info["student_id"])
    return web.json_response({})
