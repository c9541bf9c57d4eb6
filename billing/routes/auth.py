"""Registration, sign-in and forgotten passwords."""

import smtplib
from dataclasses import dataclass, field
from typing import Annotated, Literal

from aiohttp import web
from pydantic import Field, StringConstraints

from billing.accounts.passwords import MAX_LENGTH, MIN_LENGTH
from billing.accounts.rate_limit import Limit
from billing.routes.keys import BASE_URL, CONTEXT, SESSION_KEY
from billing.routes.session import Strict, client_address, read_json, sign_in, sign_out
from billing.service import accounts
from billing.store.tables import User
from common.logs import get_logger

_MINUTE = 60_000

log = get_logger(__name__)

Email = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        max_length=254,
        pattern=r"^[^@\s<>\"]{1,64}@[^@\s<>\"]+\.[^@\s<>\"]+$",
    ),
]
Name = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=80, pattern=r"^[^\x00-\x1f]+$"
    ),
]
Password = Annotated[str, Field(min_length=MIN_LENGTH, max_length=MAX_LENGTH)]


class Register(Strict):
    """A new account."""

    email: Email
    password: Password
    name: Name
    role: Literal["student", "parent"] = "student"


class Login(Strict):
    """A person who comes back."""

    email: Annotated[str, Field(max_length=254)]
    password: Annotated[str, Field(max_length=MAX_LENGTH)]


class Forgot(Strict):
    """A person who needs a new password."""

    email: Annotated[str, Field(max_length=254)]


class Reset(Strict):
    """The new password, and the link's token."""

    token: Annotated[str, Field(max_length=1_024)]
    password: Password


@dataclass(slots=True)
class SignInLimits:
    """Tries by address of the network and by account; bounded tables."""

    register: Limit = field(default_factory=lambda: Limit(20, _MINUTE))
    address: Limit = field(default_factory=lambda: Limit(30, 10_000))
    account: Limit = field(default_factory=lambda: Limit(10, _MINUTE))
    forgot: Limit = field(default_factory=lambda: Limit(3, 10 * _MINUTE))


LIMITS: web.AppKey[SignInLimits] = web.AppKey("auth_limits", SignInLimits)

routes = web.RouteTableDef()


def describe(user: User) -> dict[str, object]:
    """An account as its owner sees it."""
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "role": user.role,
        "state": user.state,
    }


def _signed_in(request: web.Request, user: User) -> web.Response:
    response = web.json_response({"account": describe(user)})
    sign_in(request, response, user)
    return response


@routes.post("/api/auth/register")
async def register(request: web.Request) -> web.Response:
    """Makes an account and signs in."""
    context = request.app[CONTEXT]
    request.app[LIMITS].register.take(client_address(request), context.now())
    body = await read_json(request, Register)
    new = accounts.NewUser(body.email, body.name, body.role, body.password)
    return _signed_in(request, await accounts.register(context, new))


@routes.post("/api/auth/login")
async def login(request: web.Request) -> web.Response:
    """Signs in."""
    context, limits = request.app[CONTEXT], request.app[LIMITS]
    limits.address.take(client_address(request), context.now())
    body = await read_json(request, Login)
    key = accounts.normal_email(body.email)
    limits.account.take(key, context.now())
    user = await accounts.sign_in(context, body.email, body.password)
    limits.account.forgive(key)
    return _signed_in(request, user)


@routes.post("/api/auth/logout")
async def logout(request: web.Request) -> web.Response:
    """Takes the cookie back; no error without a session."""
    response = web.json_response({})
    sign_out(response)
    return response


@routes.post("/api/auth/forgot")
async def forgot(request: web.Request) -> web.Response:
    """Sends the link; the answer is the same for every address."""
    context, limits = request.app[CONTEXT], request.app[LIMITS]
    limits.address.take(client_address(request), context.now())
    body = await read_json(request, Forgot)
    limits.forgot.take(accounts.normal_email(body.email), context.now())
    try:
        await accounts.forgot(
            context, request.app[SESSION_KEY], body.email, request.app[BASE_URL]()
        )
    except (OSError, smtplib.SMTPException) as error:
        context.counts["mail_failed"] += 1
        log.error("mail.failed", error=type(error).__name__)
    return web.json_response({})


@routes.post("/api/auth/reset")
async def reset(request: web.Request) -> web.Response:
    """Sets the new password and signs in."""
    context = request.app[CONTEXT]
    request.app[LIMITS].address.take(client_address(request), context.now())
    body = await read_json(request, Reset)
    user = await accounts.reset(context, request.app[SESSION_KEY], body.token, body.password)
    return _signed_in(request, user)
