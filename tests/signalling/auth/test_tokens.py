"""Join tokens that are accepted, and those that are refused."""

import base64
import hmac
import json

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.roles import Role
from signalling.auth.class_key import ClassKey, KeyId, derive
from signalling.auth.tokens import (
    LEEWAY,
    MAX_TOKEN,
    TokenError,
    mint,
    mint_with_class_key,
    verify,
)
from signalling.classroom.permissions import Identity, Right, abilities, may

SECRET = "a secret that is long enough for HS256"
NOW = 1_700_000_000.0
RAVI = Identity("u1", "Ravi", Role.STUDENT, "demo")
CLAIMS: dict[str, object] = {
    "sub": "u1",
    "name": "Ravi",
    "role": "student",
    "class": "demo",
    "exp": NOW + 60,
}


def signed(claims: dict[str, object], secret: str = SECRET, algorithm: str = "HS256") -> str:
    return jwt.encode(claims, secret, algorithm=algorithm)


def code_of(token: object, now: float = NOW) -> str:
    with pytest.raises(TokenError) as caught:
        verify(token, SECRET, now=now)
    return caught.value.code


def test_minted_token_is_verified() -> None:
    identity = Identity("u1", "Ravi", Role.TEACHER, "demo", {Right.SCREEN: False})
    assert verify(mint(identity, SECRET, now=NOW, lifetime=60), SECRET, now=NOW) == identity


@settings(deadline=None)
@given(st.text(min_size=1, max_size=80).filter(lambda name: name.isprintable()))
def test_any_name_survives(name: str) -> None:
    identity = Identity("u1", name, Role.STUDENT, "demo")
    assert verify(mint(identity, SECRET, now=NOW, lifetime=60), SECRET, now=NOW).name == name


def test_token_expires_with_little_leeway() -> None:
    token = mint(RAVI, SECRET, now=NOW, lifetime=60)
    assert verify(token, SECRET, now=NOW + 60 + LEEWAY - 1) == RAVI
    assert code_of(token, NOW + 60 + LEEWAY) == "token_expired"


def test_token_is_not_valid_before_its_time() -> None:
    token = signed({**CLAIMS, "nbf": NOW + 31, "exp": NOW + 600})
    assert code_of(token) == "token_not_yet_valid"
    assert verify(token, SECRET, now=NOW + 31).name == "Ravi"


@pytest.mark.parametrize("token", [None, "", 5, {"token": "x"}, b"bytes"])
def test_no_token(token: object) -> None:
    assert code_of(token) == "no_token"


@pytest.mark.parametrize(
    "token",
    [
        "nonsense",
        "a.b.c",
        "ä.ö.ü",
        "x" * (MAX_TOKEN + 1),
        signed(CLAIMS, "another secret that is long enough too"),
        signed(CLAIMS, algorithm="HS512", secret=SECRET * 2),
        signed({**CLAIMS, "role": "king"}),
        signed({**CLAIMS, "class": "../x"}),
        signed({**CLAIMS, "name": ""}),
        signed({**CLAIMS, "name": "x" * 81}),
        signed({**CLAIMS, "grants": {"publish": "yes"}}),
        *(signed({k: v for k, v in CLAIMS.items() if k != claim}) for claim in CLAIMS),
    ],
)
def test_bad_token(token: str) -> None:
    assert code_of(token) == "bad_token"


# What is no date: as JSON writes it, since the library refuses some of them.
NO_DATES = (
    *("NaN", "Infinity", "-Infinity", "1e400", "-1", "-1e-9", "1e300", "253402300800"),
    *(str(1 << 64), "9" * 1_000, '"1800000000"', '""', "true", "false", "[1]", "{}", '"NaN"'),
)


def signed_json(claims: str, key: bytes, head: str = '{"alg":"HS256"}') -> str:
    """A token whose claims are these characters."""
    text = ".".join(encoded(part.encode()) for part in (head, claims))
    return f"{text}.{encoded(hmac.digest(key, text.encode(), 'sha256'))}"


def with_claim(name: str, value: str) -> str:
    """The claims as JSON, one of them these characters."""
    others = {key: one for key, one in CLAIMS.items() if key != name}
    return f'{json.dumps(others)[:-1]}, "{name}": {value}}}'


@pytest.mark.parametrize("value", NO_DATES)
@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
def test_dates_are_finite_numbers_with_either_key(claim: str, value: str) -> None:
    claims = with_claim(claim, value)
    head = json.dumps({"alg": "HS256", "kid": str(KEY.id)})
    assert code_of(signed_json(claims, SECRET.encode())) == "bad_token"
    assert code_of(signed_json(claims, KEY.key, head)) == "bad_token"


@pytest.mark.parametrize("value", ["null", "NaN", "7", "true", '""', "[]", "{}", "1e400"])
@pytest.mark.parametrize("claim", ["sub", "name", "role", "class", "exp"])
def test_other_claims_are_what_they_are_said_to_be(claim: str, value: str) -> None:
    if claim == "exp" and value == "7":
        assert code_of(signed_json(with_claim(claim, value), SECRET.encode())) == "token_expired"
    else:
        assert code_of(signed_json(with_claim(claim, value), SECRET.encode())) == "bad_token"


def test_dates_may_have_fractions() -> None:
    token = signed_json(with_claim("exp", f"{NOW + 0.5}"), SECRET.encode())
    assert verify(token, SECRET, now=NOW + LEEWAY) == RAVI
    assert code_of(token, NOW + LEEWAY + 1) == "token_expired"


def test_arrays_in_arrays_are_refused_before_and_behind_the_signature() -> None:
    deep = "[" * 2_900
    assert code_of(f"{encoded(deep.encode())}..") == "bad_token"
    assert code_of(signed_json(deep, SECRET.encode())) == "bad_token"


def test_unsigned_token_is_refused() -> None:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    assert code_of(f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(CLAIMS)}.") == "bad_token"


def test_changed_token_is_refused() -> None:
    head, body, signature = signed(CLAIMS).split(".")
    forged = base64.urlsafe_b64encode(json.dumps({**CLAIMS, "role": "teacher"}).encode()).decode()
    assert code_of(f"{head}.{forged.rstrip('=')}.{signature}") == "bad_token"
    assert body


def test_unknown_claims_and_grants_are_ignored() -> None:
    token = signed({**CLAIMS, "iss": "shop", "aud": "x", "grants": {"record": True, "chat": False}})
    identity = verify(token, SECRET, now=NOW)
    assert identity.grants == {Right.CHAT: False}


def test_grants_override_the_role() -> None:
    observer = Identity("u", "O", Role.OBSERVER, "demo", {Right.HIDDEN: False, Right.CHAT: True})
    assert not may(observer, Right.HIDDEN)
    assert abilities(observer) == {
        "publish": False,
        "screen": False,
        "chat": True,
        "moderate": False,
    }


KEY = derive(SECRET, KeyId("demo", int(NOW) + 3600))


def encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def signed_with(key: ClassKey, header: object = None, **claims: object) -> str:
    """A token written by hand: the library refuses to make wrong headers."""
    head = {"alg": "HS256", "kid": str(key.id)} | (header if isinstance(header, dict) else {})
    signed = ".".join(encoded(json.dumps(part).encode()) for part in (head, {**CLAIMS, **claims}))
    digest = {"HS384": "sha384", "HS512": "sha512"}.get(str(head["alg"]), "sha256")
    return f"{signed}.{encoded(hmac.digest(key.key, signed.encode(), digest))}"


def test_class_key_mints_tokens_for_its_class() -> None:
    for role in (Role.TEACHER, Role.STUDENT):
        identity = Identity("u1", "Ravi", role, "demo")
        token = mint_with_class_key(identity, KEY, now=NOW, lifetime=60)
        assert verify(token, SECRET, now=NOW) == identity


def test_class_key_mints_for_no_other_class() -> None:
    with pytest.raises(ValueError, match="for the class demo, not maths"):
        mint_with_class_key(Identity("u1", "R", Role.STUDENT, "maths"), KEY, now=NOW, lifetime=60)
    assert code_of(signed_with(KEY, **{"class": "maths"})) == "bad_token"


def test_token_lives_no_longer_than_its_class_key() -> None:
    token = mint_with_class_key(RAVI, KEY, now=NOW, lifetime=1e6)
    assert verify(token, SECRET, now=NOW + 3600 + LEEWAY - 1) == RAVI
    assert code_of(token, NOW + 3600 + LEEWAY) == "token_expired"
    assert code_of(signed_with(KEY, exp=NOW + 1e6), NOW + 3600 + LEEWAY) == "token_expired"


@pytest.mark.parametrize(
    "kid",
    [
        f"class:maths:{KEY.id.expires}",
        f"class:demo:{KEY.id.expires + 1}",
        f"class:demo:0{KEY.id.expires}",
        f"{KEY.id}:",
        "class:",
        "class:demo",
        "demo",
        "",
        5,
        ["class"],
    ],
)
def test_forged_key_id_is_refused(kid: object) -> None:
    assert code_of(signed_with(KEY, {"kid": kid}, **{"class": "maths"})) == "bad_token"
    assert code_of(signed_with(KEY, {"kid": kid})) == "bad_token"


def test_class_key_is_not_the_secret_nor_the_secret_a_class_key() -> None:
    without_id = jwt.encode(CLAIMS, KEY.key, algorithm="HS256")
    assert code_of(without_id) == "bad_token"
    head = {"kid": str(KEY.id)}
    assert code_of(jwt.encode(CLAIMS, SECRET, algorithm="HS256", headers=head)) == "bad_token"


@pytest.mark.parametrize("algorithm", ["HS384", "HS512", "none", "None", "hs256", "RS256", ""])
def test_class_key_signs_with_one_algorithm(algorithm: str) -> None:
    assert verify(signed_with(KEY), SECRET, now=NOW) == RAVI
    token = signed_with(KEY, {"alg": algorithm})
    assert code_of(token) == "bad_token"
    assert code_of(token.rpartition(".")[0] + ".") == "bad_token"


def test_key_id_of_another_kind_leaves_the_secret_in_charge() -> None:
    token = jwt.encode(CLAIMS, SECRET, algorithm="HS256", headers={"kid": "backend-2"})
    assert verify(token, SECRET, now=NOW) == RAVI
