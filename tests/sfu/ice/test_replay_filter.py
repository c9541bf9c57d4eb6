"""What is remembered of requests: retransmissions, and recordings sent again from elsewhere."""

import sys

from sfu.ice.replay_filter import GENERATION, RECENT, ReplayFilter, Transaction
from sfu.wire.address import Address

HERE: Address = ("192.0.2.7", 40_000)
ELSEWHERE: Address = ("198.51.100.9", 50_000)


def number(count: int) -> bytes:
    return count.to_bytes(12, "big")


def remembering(count: int) -> ReplayFilter:
    """That many from HERE, the latest with the highest number."""
    filter_ = ReplayFilter()
    for each in range(count):
        filter_.check(number(each), HERE)
    return filter_


def test_a_transaction_is_fresh_once() -> None:
    filter_ = ReplayFilter()
    assert filter_.check(number(1), HERE) is Transaction.NEW
    assert filter_.check(number(1), HERE) is Transaction.RETRANSMITTED
    assert filter_.check(number(1), ELSEWHERE) is Transaction.REPLAYED
    assert filter_.check(number(1), HERE) is Transaction.RETRANSMITTED


def test_a_retransmission_comes_soon_or_is_none() -> None:
    filter_ = remembering(RECENT + 1)
    assert filter_.check(number(1), HERE) is Transaction.RETRANSMITTED
    assert filter_.check(number(0), HERE) is Transaction.REPLAYED


def test_two_thousand_newer_requests_do_not_wash_one_out() -> None:
    filter_ = remembering(2 * GENERATION)
    for old in (0, 64, GENERATION - 1, GENERATION, 2 * GENERATION - 100):
        assert filter_.check(number(old), ELSEWHERE) is Transaction.REPLAYED


def test_what_is_older_than_two_generations_is_forgotten() -> None:
    filter_ = remembering(3 * GENERATION)
    forgotten = [old for old in range(100) if filter_.check(number(old), HERE) is Transaction.NEW]
    assert len(forgotten) >= 97


def test_few_fresh_ones_are_taken_for_old_ones() -> None:
    filter_ = remembering(2 * GENERATION)
    fresh = (number(10**6 + each) for each in range(GENERATION))
    mistaken = [one for one in fresh if filter_.check(one, HERE) is not Transaction.NEW]
    assert len(mistaken) <= 0.01 * GENERATION


def test_memory_is_bounded() -> None:
    filter_ = remembering(5 * GENERATION)
    assert len(filter_._recent) == RECENT
    assert sys.getsizeof(filter_._marks) + sys.getsizeof(filter_._older) < 9_000
