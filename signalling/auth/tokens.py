"""Join tokens: JSON Web Tokens signed with HS256 and nothing else (RFC 7519, RFC 8725).

The server's secret signs them, or a class key derived from it, which the header's `kid` names.
Pure: no I/O, no clock. The time is an argument, in seconds since 1970.
"""

from typing import Annotated

import jwt
from jwt.types import Options
from pydantic import BaseModel, ConfigDict, Field

from common.errors import LiveclassError
from common.jwts import ALGORITHM, UNREADABLE, YEAR_9999
from common.roles import Role
from signalling.auth.class_key import PREFIX, ClassKey, KeyId, derive, parse_key_id
from signalling.classroom.messages import Id
from signalling.classroom.permissions import Identity, Right

LEEWAY = 30.0
MAX_TOKEN = 4_096

# A date (RFC 7519 section 2) is a finite number. Python's JSON reader also accepts Infinity and
# NaN, and NaN compares as neither before nor after any time.
Seconds = Annotated[float, Field(strict=True, ge=0, le=YEAR_9999, allow_inf_nan=False)]


class TokenError(LiveclassError):
    """The token does not admit its bearer; `code` goes to the client."""


class _Grants(BaseModel):
    model_config = ConfigDict(strict=True)
    publish: bool | None = None
    screen: bool | None = None
    chat: bool | None = None
    moderate: bool | None = None
    hidden: bool | None = None


class _Claims(BaseModel):
    sub: str = Field(min_length=1, max_length=128)
    name: str = Field(min_length=1, max_length=80)
    role: Role
    class_id: Id = Field(alias="class")
    exp: Seconds
    nbf: Seconds | None = None
    iat: Seconds | None = None
    grants: _Grants = _Grants()


def mint(identity: Identity, secret: str, *, now: float, lifetime: float) -> str:
    """A token for this person that is valid for `lifetime` seconds."""
    claims = _claims_of(identity, now, now + lifetime)
    return jwt.encode(claims, secret, algorithm=ALGORITHM)


def mint_with_class_key(identity: Identity, key: ClassKey, *, now: float, lifetime: float) -> str:
    """A token signed with a class key, valid no longer than the key; raises ValueError."""
    if identity.class_id != key.id.class_id:
        raise ValueError(f"the key is for the class {key.id.class_id}, not {identity.class_id}")
    claims = _claims_of(identity, now, min(now + lifetime, key.id.expires))
    return jwt.encode(claims, key.key, algorithm=ALGORITHM, headers={"kid": str(key.id)})


def _claims_of(identity: Identity, now: float, expires: float) -> dict[str, object]:
    claims: dict[str, object] = {
        "sub": identity.user_id,
        "name": identity.name,
        "role": identity.role.value,
        "class": identity.class_id,
        "iat": int(now),
        "exp": int(expires),
    }
    if identity.grants:
        claims["grants"] = {right.value: value for right, value in identity.grants.items()}
    return claims


def verify(token: object, secret: str, *, now: float) -> Identity:
    """The person a token stands for; raises TokenError."""
    if not isinstance(token, str) or not token:
        raise TokenError("no_token", "Open the class with the link you were given.")
    if len(token) > MAX_TOKEN:
        raise _bad_token()
    key_id = _key_id(token)
    claims = _claims(token, secret if key_id is None else derive(secret, key_id).key)
    if key_id is not None and key_id.class_id != claims.class_id:
        raise _bad_token()
    expires = claims.exp if key_id is None else min(claims.exp, key_id.expires)
    if expires + LEEWAY <= now:
        raise TokenError("token_expired", "This link has expired. Ask for a new one.")
    if claims.nbf is not None and claims.nbf - LEEWAY > now:
        raise TokenError("token_not_yet_valid", "This link is not valid yet. Try again later.")
    granted = {Right(name): value for name, value in claims.grants if value is not None}
    return Identity(claims.sub, claims.name, claims.role, claims.class_id, granted)


def _bad_token() -> TokenError:
    return TokenError("bad_token", "This link is not valid. Check it, or ask for a new one.")


def _key_id(token: str) -> KeyId | None:
    """The class key that a token names in its header; None stands for the server's secret.

    The header is not trusted: the id only chooses the key that the signature must fit.
    """
    try:
        kid = jwt.get_unverified_header(token).get("kid")
    except UNREADABLE:
        raise _bad_token() from None
    if not isinstance(kid, str) or not kid.startswith(PREFIX):
        return None
    key_id = parse_key_id(kid)
    if key_id is None:
        raise _bad_token()
    return key_id


def _claims(token: str, key: str | bytes) -> _Claims:
    """Checks the signature (PyJWT compares in constant time), then the claims but for dates."""
    unchecked: Options = {
        "verify_exp": False,
        "verify_nbf": False,
        "verify_iat": False,
        "verify_aud": False,
    }
    try:
        payload = jwt.decode(token, key, algorithms=[ALGORITHM], options=unchecked)
        return _Claims.model_validate(payload)
    except UNREADABLE:
        raise _bad_token() from None
