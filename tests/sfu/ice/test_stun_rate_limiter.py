"""Failed requests of addresses that are bound to no transport."""

from common.work import Price
from sfu.ice.stun_rate_limiter import BURST, MAX_UNBOUND, RATE, StunRateLimiter

HERE, THERE = ("192.0.2.1", 1), ("192.0.2.2", 2)


def test_an_address_that_never_failed_is_read() -> None:
    assert not StunRateLimiter().is_spent(HERE, 0.0)


def test_an_address_fails_so_often_and_no_more() -> None:
    limiter = StunRateLimiter()
    failed = 0
    while not limiter.is_spent(HERE, 0.0):
        limiter.charge_failed(HERE, 0.0)
        failed += 1
    assert failed <= BURST / Price.FAILED_CHECK + 1
    assert not limiter.is_spent(THERE, 0.0)


def test_it_is_read_again_after_a_while() -> None:
    limiter = StunRateLimiter()
    for _ in range(1_000):
        limiter.charge_failed(HERE, 0.0)
    assert limiter.is_spent(HERE, 1.0)
    assert not limiter.is_spent(HERE, 1.0 + BURST / RATE)


def test_the_table_is_bounded_and_forgets_the_oldest() -> None:
    limiter = StunRateLimiter()
    for _ in range(1_000):
        limiter.charge_failed(HERE, 0.0)
    for port in range(MAX_UNBOUND):
        limiter.charge_failed(("198.51.100.1", port), 0.0)
    assert len(limiter) == MAX_UNBOUND
    assert not limiter.is_spent(HERE, 0.0)
