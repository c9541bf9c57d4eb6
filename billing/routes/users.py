"""Admins manage accounts."""

import secrets
from typing import Annotated, Literal

from aiohttp import web
from pydantic import Field

from billing.routes.auth import Email, Name, Password, describe
from billing.routes.keys import CONTEXT
from billing.routes.paging import page_of, read_page
from billing.routes.session import Strict, account_with, read_json
from billing.service import accounts
from billing.store.tables import User

routes = web.RouteTableDef()

AccountRole = Literal["student", "parent", "teacher", "admin"]


class NewAccount(Strict):
    """An account that an admin makes; without a password one is made and answered, once."""

    email: Email
    name: Name
    role: AccountRole
    password: Password | None = None


class ChangeAccount(Strict):
    """An admin's changes of an account."""

    name: Name | None = None
    role: AccountRole | None = None
    disabled: bool | None = None
    password: Annotated[Password | None, Field()] = None


def _describe(user: User) -> dict[str, object]:
    return {
        **describe(user),
        "disabled": user.disabled_at is not None,
        "createdAt": user.created_at,
    }


@routes.get("/api/users")
async def users(request: web.Request) -> web.Response:
    """Lists accounts by address; `search` looks into names and addresses."""
    await account_with(request, "admin")
    limit, cursor = read_page(request)
    found = await accounts.search(
        request.app[CONTEXT], request.query.get("search", "")[:100], limit + 1, cursor
    )
    return page_of(found, limit, _describe, lambda last: last.email)


@routes.post("/api/users")
async def new_user(request: web.Request) -> web.Response:
    """Makes an account."""
    await account_with(request, "admin")
    body = await read_json(request, NewAccount)
    password = body.password or secrets.token_urlsafe(12)
    new = accounts.NewUser(body.email, body.name, body.role, password)
    user = await accounts.create_user(request.app[CONTEXT], new)
    made = {} if body.password else {"password": password}
    return web.json_response({**_describe(user), **made}, status=201)


@routes.patch("/api/users/{user_id}")
async def change_user(request: web.Request) -> web.Response:
    """AccountRole, name, password, whether it is disabled."""
    await account_with(request, "admin")
    context, user_id = request.app[CONTEXT], request.match_info["user_id"]
    body = await read_json(request, ChangeAccount)
    what = accounts.AccountChange(name=body.name, role=body.role, disabled=body.disabled)
    user = await accounts.change(context, user_id, what)
    if body.password is not None:
        user = await accounts.set_password(context, user_id, body.password)
    return web.json_response(_describe(user))
