"""Whom to test: a URL and a class key that fit, or one clear line."""

import time

import pytest

from common.roles import Role
from loadtest.run.target import RunError, Target, remote
from signalling.auth.class_key import KeyId, derive
from signalling.auth.tokens import verify

SECRET = "a secret that is long enough for HS256"


def key(hours: float = 1.0) -> str:
    return str(derive(SECRET, KeyId("load", int(time.time() + hours * 3600))))


def refusal(url: str, class_key: str) -> str:
    with pytest.raises(RunError) as caught:
        remote(url, class_key)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_key_names_the_class_and_opens_it() -> None:
    target = remote("https://live.example.com/", key())
    assert (target.url, target.class_id) == ("https://live.example.com", "load")
    token = target.tokens(60)("teacher", "teacher")
    identity = verify(token, SECRET, now=time.time())
    assert (identity.name, identity.role, identity.class_id) == ("teacher", Role.TEACHER, "load")
    assert target.link(token) == f"https://live.example.com/class/load?t={token}"


def test_metrics_may_be_read_elsewhere() -> None:
    target = remote("https://live.example.com", key(), "t", "http://127.0.0.1:9100/metrics")
    assert (target.metrics_token, target.metrics_url) == ("t", "http://127.0.0.1:9100/metrics")
    with pytest.raises(RunError, match="--metrics-url begins with"):
        remote("https://live.example.com", key(), "", "127.0.0.1:9100")


def test_two_runs_do_not_replace_each_others_people() -> None:
    def user(target: Target) -> str:
        return verify(target.tokens(60)("v", "student"), SECRET, now=time.time()).user_id

    target = remote("http://127.0.0.1:8080", key())
    assert user(target) != user(target)


@pytest.mark.parametrize("url", ["live.example.com", "ftp://x", "http://", ""])
def test_wrong_url_is_told(url: str) -> None:
    assert "begins with http:// or https://" in refusal(url, key())


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://ada:hunter2@x.example.com", "the URL has a user name or a password in it"),
        ("https://hunter2@x.example.com/a?b", "the URL has a user name or a password in it"),
        ("https://x.example.com/class/maths?t=hunter2", "something behind ? or #"),
        ("https://x.example.com/#hunter2", "something behind ? or #"),
        ("https://x.example.com/class/maths", "the URL has a path; the class is named by the key"),
        ("http://[x", "the URL is none"),
    ],
)
def test_url_with_more_than_the_server_is_refused_and_its_secrets_are_not_told(
    url: str, told: str
) -> None:
    refused = refusal(url, key())
    assert told in refused
    assert "hunter2" not in refused


def test_missing_or_wrong_key_is_told_without_its_text() -> None:
    assert "LIVECLASS_CLASS_KEY" in refusal("http://x", "")
    assert refusal("http://x", key()[:-1]).startswith("--class-key: not a class key")
    assert key()[-20:] not in refusal("http://x", key()[:-1])


def test_expired_key_is_told() -> None:
    target = remote("http://x", key(hours=-1))
    with pytest.raises(RunError, match="the class key has expired"):
        target.tokens(60)("v", "student")
