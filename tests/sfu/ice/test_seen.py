"""What is remembered of requests: retransmissions, and recordings sent again from elsewhere."""

import sys

from sfu.ice.seen import GENERATION, RECENT, SeenTransactions, Sight
from sfu.wire.address import Address

HERE: Address = ("192.0.2.7", 40_000)
ELSEWHERE: Address = ("198.51.100.9", 50_000)


def number(count: int) -> bytes:
    return count.to_bytes(12, "big")


def remembering(count: int) -> SeenTransactions:
    """That many from HERE, the latest with the highest number."""
    seen = SeenTransactions()
    for each in range(count):
        seen.look(number(each), HERE)
    return seen


def test_a_transaction_is_fresh_once() -> None:
    seen = SeenTransactions()
    assert seen.look(number(1), HERE) is Sight.FRESH
    assert seen.look(number(1), HERE) is Sight.AGAIN
    assert seen.look(number(1), ELSEWHERE) is Sight.REPLAYED
    assert seen.look(number(1), HERE) is Sight.AGAIN


def test_a_retransmission_comes_soon_or_is_none() -> None:
    seen = remembering(RECENT + 1)
    assert seen.look(number(1), HERE) is Sight.AGAIN
    assert seen.look(number(0), HERE) is Sight.REPLAYED


def test_two_thousand_newer_requests_do_not_wash_one_out() -> None:
    seen = remembering(2 * GENERATION)
    for old in (0, 64, GENERATION - 1, GENERATION, 2 * GENERATION - 100):
        assert seen.look(number(old), ELSEWHERE) is Sight.REPLAYED


def test_what_is_older_than_two_generations_is_forgotten() -> None:
    seen = remembering(3 * GENERATION)
    forgotten = [old for old in range(100) if seen.look(number(old), HERE) is Sight.FRESH]
    assert len(forgotten) >= 97


def test_few_fresh_ones_are_taken_for_old_ones() -> None:
    seen = remembering(2 * GENERATION)
    fresh = (number(10**6 + each) for each in range(GENERATION))
    mistaken = [one for one in fresh if seen.look(one, HERE) is not Sight.FRESH]
    assert len(mistaken) <= 0.01 * GENERATION


def test_memory_is_bounded() -> None:
    seen = remembering(5 * GENERATION)
    assert len(seen._recent) == RECENT
    assert sys.getsizeof(seen._marks) + sys.getsizeof(seen._older) < 9_000
