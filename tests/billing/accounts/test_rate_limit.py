"""Limits of tries: a burst, then one at a time; bounded memory."""

import pytest

from billing.accounts.rate_limit import Limit
from billing.errors import TooManyError

SECOND = 1_000


def tries(limit: Limit, key: str, now: int, most: int = 100) -> int:
    """The number of tries that go through at once."""
    for number in range(most):
        try:
            limit.take(key, now)
        except TooManyError:
            return number
    return most


def test_a_burst_goes_through_and_comes_back_one_by_one() -> None:
    limit = Limit(3, 10 * SECOND)
    assert tries(limit, "a", 0) == 3
    assert tries(limit, "a", 10 * SECOND) == 1
    assert tries(limit, "a", 1_000 * SECOND) == 3


def test_keys_do_not_share() -> None:
    limit = Limit(3, 10 * SECOND)
    tries(limit, "a", 0)
    assert tries(limit, "b", 0) == 3


@pytest.mark.parametrize(("now", "seconds"), [(0, 10), (1, 10), (9_001, 1), (9_999, 1)])
def test_who_is_refused_hears_when_to_come_back(now: int, seconds: int) -> None:
    limit = Limit(2, 10 * SECOND)
    tries(limit, "a", 0)
    with pytest.raises(TooManyError) as refused:
        limit.take("a", now)
    assert refused.value.retry_after == seconds
    assert tries(limit, "a", now + seconds * SECOND) == 1


def test_tries_that_were_refused_cost_nothing() -> None:
    limit = Limit(2, 10 * SECOND)
    for _ in range(50):
        tries(limit, "a", 0)
    assert tries(limit, "a", 20 * SECOND) == 2


def test_who_did_well_is_forgiven() -> None:
    limit = Limit(2, 10 * SECOND)
    tries(limit, "a", 0)
    limit.forgive("a")
    limit.forgive("nobody")
    assert tries(limit, "a", 0) == 2


def test_the_quietest_is_forgotten_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("billing.accounts.rate_limit.MAX_KEYS", 2)
    limit = Limit(1, 10 * SECOND)
    for key in ("old", "busy", "old-too", "busy"):
        tries(limit, key, 0)
    assert tries(limit, "busy", 0) == 0
    assert tries(limit, "old", 0) == 1
