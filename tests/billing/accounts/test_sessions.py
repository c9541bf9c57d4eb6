"""Cookies and links: signed, with keys of their own, for a while."""

import hashlib
import hmac
import json

import jwt
import pytest

from billing.accounts.sessions import (
    RESET_MINUTES,
    SESSION_DAYS,
    mint_reset,
    mint_session,
    read_reset,
    read_session,
    session_key,
)
from common.roles import Role
from signalling.auth.tokens import mint
from signalling.classroom.permissions import Identity
from tests.billing.support import DAY, MINUTE, NOW

SECRET = "a secret of at least thirty-two characters"
KEY = session_key(SECRET)


def test_a_session_says_who_and_which_epoch() -> None:
    claim = read_session(KEY, mint_session(KEY, "u-asha", 3, NOW), NOW)
    assert claim is not None
    assert (claim.sub, claim.epoch) == ("u-asha", 3)


def test_a_session_is_over_in_time() -> None:
    token = mint_session(KEY, "u-asha", 0, NOW)
    assert read_session(KEY, token, NOW + SESSION_DAYS * DAY - 1) is not None
    assert read_session(KEY, token, NOW + SESSION_DAYS * DAY) is None


def test_a_link_is_over_in_time() -> None:
    token = mint_reset(KEY, "u-asha", 0, NOW)
    assert read_reset(KEY, token, NOW + RESET_MINUTES * MINUTE - 1) is not None
    assert read_reset(KEY, token, NOW + RESET_MINUTES * MINUTE) is None


def test_no_token_is_taken_for_another_kind() -> None:
    session, link = mint_session(KEY, "u-asha", 0, NOW), mint_reset(KEY, "u-asha", 0, NOW)
    identity = Identity("u-asha", "Asha", Role.TEACHER, "maths")
    join = mint(identity, SECRET, now=NOW / 1000, lifetime=3600)
    assert read_reset(KEY, session, NOW) is None
    assert read_session(KEY, link, NOW) is None
    assert read_session(KEY, join, NOW) is None
    assert read_reset(KEY, join, NOW) is None


def test_another_secret_signs_nothing_for_us() -> None:
    other = session_key("another secret of thirty-two characters")
    assert read_session(KEY, mint_session(other, "u-asha", 0, NOW), NOW) is None


CLAIMS = {"sub": "u-asha", "epoch": 0, "iat": NOW // 1000, "exp": NOW // 1000 + 60}


@pytest.mark.parametrize(
    "claims",
    [
        {**CLAIMS, "sub": ""},
        {**CLAIMS, "sub": "x" * 65},
        {**CLAIMS, "epoch": "0"},
        {**CLAIMS, "role": "admin"},
        {name: value for name, value in CLAIMS.items() if name != "exp"},
    ],
)
def test_claims_that_are_not_ours_are_refused(claims: dict[str, object]) -> None:
    assert read_session(KEY, jwt.encode(dict(CLAIMS), KEY.session), NOW) is not None
    assert read_session(KEY, jwt.encode(claims, KEY.session), NOW) is None


NO_NUMBERS = (
    *("NaN", "Infinity", "-Infinity", "1e400", "-1", "253402300800", "9" * 500, "2000000000.0"),
    *('"2000000000"', '""', "true", "false", "null", "[1]", "{}"),
)


def with_claim(name: str, value: str, key: bytes) -> str:
    """A signed token, one of whose claims is these characters of JSON."""
    others = json.dumps({key: one for key, one in CLAIMS.items() if key != name})
    parts = ('{"alg":"HS256"}', f'{others[:-1]}, "{name}": {value}}}')
    text = ".".join(jwt.utils.base64url_encode(part.encode()).decode() for part in parts)
    signature = jwt.utils.base64url_encode(hmac.digest(key, text.encode(), hashlib.sha256))
    return f"{text}.{signature.decode()}"


@pytest.mark.parametrize("value", NO_NUMBERS)
@pytest.mark.parametrize("claim", ["epoch", "iat", "exp"])
def test_numbers_are_whole_and_finite(claim: str, value: str) -> None:
    if (claim, value) != ("epoch", "253402300800"):
        assert read_session(KEY, with_claim(claim, value, KEY.session), NOW) is None
        assert read_reset(KEY, with_claim(claim, value, KEY.reset), NOW) is None
    assert read_session(KEY, with_claim(claim, "4000000000", KEY.session), NOW) is not None


def test_only_our_algorithm_counts() -> None:
    unsigned = jwt.encode(dict(CLAIMS), "", algorithm="none")
    assert read_session(KEY, unsigned, NOW) is None
    long_key = hmac.digest(KEY.session, b"", hashlib.sha512)
    assert read_session(KEY, jwt.encode(dict(CLAIMS), long_key, algorithm="HS512"), NOW) is None


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "ä.ö.ü", "x" * 5_000, "\x00", "..", "e30.e30."])
def test_what_is_no_token_is_nobody(text: str) -> None:
    assert read_session(KEY, text, NOW) is None
