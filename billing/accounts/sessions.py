"""Signed tokens of billing: the session's cookie, and links that reset a password.

JSON Web Tokens with keys of their own, derived from the server's secret, so that a join token is
no session and a session no link. Pure: no I/O, no clock. Times in ms since 1970.
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Annotated

import jwt
from pydantic import BaseModel, ConfigDict, Field

from common.jwts import ALGORITHM, UNREADABLE, YEAR_9999

SESSION_DAYS = 30
RESET_MINUTES = 60
MAX_TOKEN = 1_024
_DAY, _MINUTE = 86_400_000, 60_000


@dataclass(frozen=True, slots=True)
class SessionKey:
    """The keys of both kinds of token; made from the secret."""

    session: bytes
    reset: bytes


def session_key(secret: str) -> SessionKey:
    """Keys derived from the server's secret."""
    return SessionKey(_derive(secret, "session"), _derive(secret, "reset"))


def _derive(secret: str, purpose: str) -> bytes:
    return hmac.digest(secret.encode(), f"liveclass billing {purpose}".encode(), hashlib.sha256)


_Seconds = Annotated[int, Field(ge=0, le=YEAR_9999)]


class Claim(BaseModel):
    """A token's claim; it holds as long as the account's epoch stays the same."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    sub: str = Field(min_length=1, max_length=64)
    epoch: Annotated[int, Field(ge=0, lt=1 << 53)]
    iat: _Seconds
    exp: _Seconds


def mint_session(key: SessionKey, user_id: str, epoch: int, now: int) -> str:
    """The cookie of a person who has signed in."""
    return _mint(key.session, user_id, epoch, now, SESSION_DAYS * _DAY)


def mint_reset(key: SessionKey, user_id: str, epoch: int, now: int) -> str:
    """A link's token, which the change of the password uses up."""
    return _mint(key.reset, user_id, epoch, now, RESET_MINUTES * _MINUTE)


def read_session(key: SessionKey, token: str, now: int) -> Claim | None:
    """The claim of a cookie; None for one that is not ours, or is over."""
    return _read(key.session, token, now)


def read_reset(key: SessionKey, token: str, now: int) -> Claim | None:
    """The claim of a link's token; None likewise."""
    return _read(key.reset, token, now)


def _mint(key: bytes, user_id: str, epoch: int, now: int, lifetime: int) -> str:
    claims = {"sub": user_id, "epoch": epoch, "iat": now // 1000, "exp": (now + lifetime) // 1000}
    return jwt.encode(claims, key, algorithm=ALGORITHM)


def _read(key: bytes, token: str, now: int) -> Claim | None:
    if len(token) > MAX_TOKEN:
        return None
    options = {"verify_exp": False, "verify_iat": False}
    try:
        payload = jwt.decode(token, key, algorithms=[ALGORITHM], options=options)  # type: ignore[arg-type]
        claim = Claim.model_validate(payload)
    except UNREADABLE:
        return None
    return claim if now < claim.exp * 1000 else None
