"""Join tokens: JSON Web Tokens signed with HS256 and nothing else (RFC 7519, RFC 8725).

Pure: no I/O, no clock. The time is an argument, in seconds since 1970.
"""

import jwt
from jwt.types import Options
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sfu.errors import LiveclassError
from signalling.messages import Id
from signalling.permissions import Identity, Right, Role

ALGORITHM = "HS256"
LEEWAY = 30.0
MAX_TOKEN = 4_096


class TokenError(LiveclassError):
    """The token does not open the class; `code` goes to the client."""


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
    exp: float
    nbf: float | None = None
    grants: _Grants = _Grants()


def mint(identity: Identity, secret: str, *, now: float, lifetime: float) -> str:
    """A token for this person that is valid for `lifetime` seconds."""
    claims: dict[str, object] = {
        "sub": identity.user_id,
        "name": identity.name,
        "role": identity.role.value,
        "class": identity.class_id,
        "iat": int(now),
        "exp": int(now + lifetime),
    }
    if identity.grants:
        claims["grants"] = {right.value: value for right, value in identity.grants.items()}
    return jwt.encode(claims, secret, algorithm=ALGORITHM)


def verify(token: object, secret: str, *, now: float) -> Identity:
    """The person a token stands for; raises TokenError."""
    if not isinstance(token, str) or not token:
        raise TokenError("no_token", "Open the class with the link you were given.")
    claims = _claims(token, secret)
    if claims.exp + LEEWAY <= now:
        raise TokenError("token_expired", "This link has expired. Ask for a new one.")
    if claims.nbf is not None and claims.nbf - LEEWAY > now:
        raise TokenError("token_not_yet_valid", "This link is not valid yet. Try again later.")
    granted = {Right(name): value for name, value in claims.grants if value is not None}
    return Identity(claims.sub, claims.name, claims.role, claims.class_id, granted)


def _claims(token: str, secret: str) -> _Claims:
    """Signature first (PyJWT compares in constant time), then the claims; dates are ours."""
    bad = TokenError("bad_token", "This link is not valid. Check it, or ask for a new one.")
    if len(token) > MAX_TOKEN:
        raise bad
    unchecked: Options = {
        "verify_exp": False,
        "verify_nbf": False,
        "verify_iat": False,
        "verify_aud": False,
    }
    try:
        payload = jwt.decode(token, secret, algorithms=[ALGORITHM], options=unchecked)
        return _Claims.model_validate(payload)
    except (jwt.PyJWTError, ValidationError, UnicodeError, ValueError):
        raise bad from None
