"""The arithmetic of the join measurement; the measurement itself is `make bench-join`."""

from loadtest.browser.join import Percentiles, summary


def test_a_summary_is_in_tenths_of_milliseconds() -> None:
    assert summary([10.04, 20.06, 30.0]) == Percentiles(p50=20.1, p95=30.0, worst=30.0)
