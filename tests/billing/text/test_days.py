"""Days on the seller's calendar."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.errors import BillingError
from billing.text.days import begin_of, day_of, span

ZONES = st.sampled_from(("Asia/Kolkata", "UTC", "America/New_York", "Pacific/Apia"))
DAYS = st.dates(date(1990, 1, 1), date(2060, 12, 31))
HOUR = 3_600_000


def test_a_day_in_india_begins_before_one_in_london() -> None:
    assert begin_of(date(2026, 12, 1), "Asia/Kolkata") == 1_796_063_400_000
    assert day_of(1_796_063_400_000, "Asia/Kolkata") == "2026-12-01"
    assert day_of(1_796_063_399_999, "Asia/Kolkata") == "2026-11-30"


@given(DAYS, ZONES)
def test_a_day_has_all_its_moments_and_no_other(day: date, zone: str) -> None:
    begin, end = span(day.isoformat(), day.isoformat(), zone)
    assert begin is not None
    assert end is not None
    if (day, zone) != (date(2011, 12, 30), "Pacific/Apia"):  # Samoa left this day out
        assert 22 * HOUR <= end - begin <= 26 * HOUR
        assert day_of(begin, zone) == day_of(end - 1, zone) == day.isoformat()
    assert day_of(end, zone) >= (day + timedelta(days=1)).isoformat()


def test_ends_may_be_open() -> None:
    assert span("", "", "UTC") == (None, None)
    assert span("1970-01-02", "", "UTC") == (86_400_000, None)
    assert span("", "1970-01-01", "UTC") == (None, 86_400_000)


@pytest.mark.parametrize(
    "text", ["x", "2026-13-01", "2026-02-30", "20261201", "2026-W01-1", "9999-12-31", "1969-12-31"]
)
@pytest.mark.parametrize("field", ["from", "to"])
def test_what_is_no_day_is_refused(text: str, field: str) -> None:
    with pytest.raises(BillingError) as refusal:
        span(text if field == "from" else "", text if field == "to" else "", "UTC")
    assert (refusal.value.code, refusal.value.field) == ("bad_day", field)
