"""A request's account from the session's cookie, its origin, and its body."""

import ipaddress
from dataclasses import dataclass
from typing import TypeVar

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel, ConfigDict

from billing.accounts.sessions import SESSION_DAYS, mint_session, read_session
from billing.errors import BillingError, NotAllowedError, SignInError
from billing.routes.keys import CONTEXT, ORIGINS, SESSION_KEY
from billing.store.tables import User
from common.addresses import is_loopback

Body = TypeVar("Body", bound=BaseModel)

COOKIE = "liveclass_session"
MAX_JSON = 8_192  # bytes: 2 ms of the loop at worst
MAX_TEXTS = 65_536  # bytes of a class with its description, from a teacher
MAX_ADDRESS = 45  # characters of an IPv6 address
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_OURS = ("/api/", "/payments/")
WEBHOOK = "/payments/webhook"


@dataclass(frozen=True, slots=True)
class Account:
    """A person who is signed in."""

    id: str
    email: str
    name: str
    role: str


_FOUND: web.RequestKey[tuple[Account | None]] = web.RequestKey("account", tuple)


async def maybe_account(request: web.Request) -> Account | None:
    """The account that is signed in, if any; looked up once a request."""
    if _FOUND not in request:
        request[_FOUND] = (await _find(request),)
    return request[_FOUND][0]


async def account(request: web.Request) -> Account:
    """The account that is signed in; raises SignInError."""
    found = await maybe_account(request)
    if found is None:
        raise SignInError("not_signed_in", "Sign in first.")
    return found


async def account_with(request: web.Request, *roles: str) -> Account:
    """The account that is signed in, with one of these roles; raises NotAllowedError."""
    found = await account(request)
    require(found, *roles)
    return found


def require(found: Account, *roles: str) -> None:
    """Raises NotAllowedError unless the person has one of the roles."""
    if found.role not in roles:
        raise NotAllowedError("forbidden", "Your account cannot do this.")


async def _find(request: web.Request) -> Account | None:
    cookie = request.cookies.get(COOKIE)
    if not cookie:
        return None
    context = request.app[CONTEXT]
    claim = read_session(request.app[SESSION_KEY], cookie, context.now())
    if claim is None:
        return None
    async with context.db.reading() as session:
        user = await session.get(User, claim.sub)
    if user is None or user.disabled_at is not None or user.epoch != claim.epoch:
        return None
    return Account(user.id, user.email, user.name, user.role)


def client_address(request: web.Request) -> str:
    """The address that tries are counted for: an IPv4 address, or one customer's IPv6 network
    (/64)."""
    address = _address(request)
    try:
        network = ipaddress.IPv6Interface(f"{address.partition('%')[0]}/64").network
    except ValueError:
        return address
    mapped = network.network_address.ipv4_mapped
    return address if mapped is not None else str(network)


def _address(request: web.Request) -> str:
    """The address that a request comes from; behind a proxy on this machine the one the proxy
    saw."""
    remote = request.remote or ""
    forwarded = request.headers.getall("X-Forwarded-For", [])
    if not forwarded or not is_loopback(remote):
        return remote
    return forwarded[-1].rpartition(",")[2].strip()[:MAX_ADDRESS]


def sign_in(request: web.Request, response: web.Response, user: User) -> None:
    """Puts the session's cookie on the response."""
    token = mint_session(request.app[SESSION_KEY], user.id, user.epoch, request.app[CONTEXT].now())
    response.set_cookie(
        COOKIE,
        token,
        max_age=SESSION_DAYS * 86_400,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=request.secure or any(one.startswith("https:") for one in request.app[ORIGINS]),
    )


def sign_out(response: web.Response) -> None:
    """Takes the cookie back."""
    response.del_cookie(COOKIE, path="/", httponly=True, samesite="Lax")


@web.middleware
async def check_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuses changes that do not come from our own pages: cookies are sent by others' pages,
    too."""
    if request.method not in _SAFE and request.path.startswith(_OURS) and request.path != WEBHOOK:
        _check_origin(request)
    return await handler(request)


def _check_origin(request: web.Request) -> None:
    """Browsers say where a request comes from; a client that does not is no browser."""
    origin = request.headers.get("Origin")
    fetch_site = request.headers.get("Sec-Fetch-Site", "same-origin")
    own = {f"{request.scheme}://{request.host}", *request.app[ORIGINS]}
    if (origin is not None and origin not in own) or fetch_site not in ("same-origin", "none"):
        raise NotAllowedError("foreign_origin", "This must be done on the site's own pages.")
    if request.can_read_body and request.content_type not in _BODIES:
        raise BillingError("bad_content_type", "Send JSON.")


_BODIES = frozenset({"application/json", "image/jpeg", "image/png", "image/webp"})


class Strict(BaseModel):
    """A JSON body that holds the named fields and nothing else."""

    model_config = ConfigDict(extra="forbid", frozen=True)


async def read_json(request: web.Request, kind: type[Body], most: int = MAX_JSON) -> Body:
    """The request's body, checked; raises BillingError or pydantic's ValidationError."""
    refusal = BillingError("too_large", "This is too large.")
    return kind.model_validate_json(await read_body(request, most, refusal) or b"{}")


async def read_body(request: web.Request, most: int, refusal: BillingError) -> bytes:
    """The body as it came; more than so many bytes are not kept, and refused."""
    if request.content_length is not None and request.content_length > most:
        raise refusal
    body = bytearray()
    async for part in request.content.iter_any():
        body += part
        if len(body) > most:
            raise refusal
    return bytes(body)
