"""Days as the seller's calendar has them, and the moments they begin. Pure: no I/O, no clock."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from billing.errors import BillingError


def local_time(at: int, zone: str) -> datetime:
    """A moment (ms) on the clock of the zone."""
    return datetime.fromtimestamp(at / 1000, ZoneInfo(zone))


def day_of(at: int, zone: str) -> str:
    """The day of a moment (ms), as "2026-12-01"."""
    return local_time(at, zone).date().isoformat()


def begin_of(day: date, zone: str) -> int:
    """The moment at which a day begins there, in ms."""
    return round(datetime.combine(day, time(), ZoneInfo(zone)).timestamp() * 1000)


def span(first: str, last: str, zone: str) -> tuple[int | None, int | None]:
    """The time from the begin of `first` to the end of `last` (not included), in ms; "" is open.

    Raises BillingError for a text that is no day.
    """
    begin = begin_of(_day(first, "from"), zone) if first else None
    end = begin_of(_day(last, "to") + timedelta(days=1), zone) if last else None
    return begin, end


def _day(text: str, field: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not 1970 <= day.year <= 9000 or day.isoformat() != text:
        raise BillingError("bad_day", "A day is written as 2026-12-01.", field)
    return day
