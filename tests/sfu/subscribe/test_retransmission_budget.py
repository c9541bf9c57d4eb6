"""How much one subscriber gets again."""

from sfu.subscribe.retransmission_budget import (
    BURST,
    LEAST,
    MAX_REMEMBERED,
    MIN_BURST,
    MIN_INTERVAL,
    SHARE,
    RetransmissionBudget,
)

PACKET = (1_000, 7)


def test_a_packet_is_recent_for_a_round_trip() -> None:
    budget = RetransmissionBudget()
    assert not budget.is_recent(PACKET, 0.2, 10.0)
    assert budget.take(PACKET, 100, 0.0, 10.0)
    assert budget.is_recent(PACKET, 0.2, 10.19)
    assert not budget.is_recent(PACKET, 0.2, 10.21)
    assert not budget.is_recent((1_000, 8), 0.2, 10.0)


def test_a_short_round_trip_leaves_some_time() -> None:
    budget = RetransmissionBudget()
    budget.take(PACKET, 100, 0.0, 10.0)
    assert budget.is_recent(PACKET, 0.001, 10.0 + MIN_INTERVAL / 2)


def granted(budget: RetransmissionBudget, rate: float, now: float) -> int:
    """How many packets of 1,000 bytes go out at once."""
    return sum(budget.take((1, n), 1_000, rate, now) for n in range(1_000))


def test_one_lost_picture_goes_out_at_once() -> None:
    assert granted(RetransmissionBudget(), 0.0, 10.0) == int(MIN_BURST) // 1_000


def test_the_bucket_fills_at_a_share_of_the_media_rate() -> None:
    budget = RetransmissionBudget()
    granted(budget, 1_000_000, 10.0)
    assert granted(budget, 1_000_000, 10.4) == int(0.4 * SHARE * 1_000_000 / 8) // 1_000


def test_a_slow_stream_gets_a_least_rate() -> None:
    budget = RetransmissionBudget()
    granted(budget, 0.0, 10.0)
    assert granted(budget, 0.0, 11.0) == int(LEAST / 8) // 1_000


def test_a_fast_stream_gets_a_longer_burst() -> None:
    budget = RetransmissionBudget()
    rate = 10_000_000
    granted(budget, rate, 10.0)
    assert granted(budget, rate, 100.0) == int(SHARE * rate / 8 * BURST) // 1_000


def test_memory_of_what_went_out_is_bounded() -> None:
    budget = RetransmissionBudget()
    for number in range(MAX_REMEMBERED):
        assert budget.take((1, number), 0, 0.0, 10.0)
    assert budget.take((2, 0), 0, 0.0, 12.0)
    assert not budget.is_recent((1, 5), 5.0, 12.0), "old ones are forgotten"
    for number in range(MAX_REMEMBERED):
        budget.take((3, number), 0, 0.0, 12.0)
    assert not budget.is_recent((3, 0), 5.0, 12.0), "and all when all are new"
    assert budget.is_recent((3, MAX_REMEMBERED - 1), 5.0, 12.0)
