"""The token bucket."""

from signalling.rates import TokenBucket


def test_burst_then_rate() -> None:
    bucket = TokenBucket(burst=3, rate=2, updated_at=0.0)
    assert [bucket.take(0.0) for _ in range(4)] == [True, True, True, False]
    assert not bucket.take(0.4)
    assert bucket.take(0.5)
    assert not bucket.take(0.5)


def test_never_more_than_the_burst() -> None:
    bucket = TokenBucket(burst=2, rate=10, updated_at=0.0)
    assert [bucket.take(1000.0) for _ in range(3)] == [True, True, False]


def test_clock_that_stands_still_or_steps_back_gives_nothing() -> None:
    bucket = TokenBucket(burst=1, rate=1, updated_at=10.0)
    assert bucket.take(10.0)
    assert not bucket.take(5.0)
    assert bucket.take(6.0)
