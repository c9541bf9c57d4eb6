"""How figures are formatted for people. Pure: no I/O, no clock."""

from collections.abc import Callable

UNKNOWN = "unknown"


def formatted(value: float | None, unit: str) -> str:
    """With its unit, in as many digits as count."""
    return UNKNOWN if value is None else WRITERS[unit](value)


def _digits(value: float) -> str:
    size = abs(value)
    if size >= 100 or value == 0:
        return f"{value:,.0f}"
    return f"{value:.1f}" if size >= 10 else f"{value:.2f}"


def percent(value: float) -> str:
    """A share as a percentage; small ones keep digits, a tiny one never reads as none."""
    found = 100 * value
    if 0 < found < 0.001:
        return "under 0.001 %"
    if 0 < found < 0.1:
        return f"{found:.3f} %"
    return f"{found:.2f} %" if 0 < found < 10 else f"{found:.0f} %"


def clock(seconds: float) -> str:
    """Whole minutes and seconds, as 01:05."""
    whole = max(0, int(seconds))
    return f"{whole // 60:02d}:{whole % 60:02d}"


WRITERS: dict[str, Callable[[float], str]] = {
    "count": lambda value: f"{value:,.0f}",
    "per s": lambda value: f"{value:,.0f}/s",
    "fps": lambda value: f"{value:.1f}/s",
    "ms": lambda value: f"{_digits(value)} ms",
    "µs": lambda value: f"{_digits(value)} µs",
    "s": lambda value: f"{_digits(value)} s",
    "share": percent,
    "core": lambda value: f"{100 * value:.1f} %",
    "MB": lambda value: f"{value:,.1f} MB",
    "kB": lambda value: f"{value:,.0f} kB",
    "MB/h": lambda value: f"{value:+,.1f} MB/h",
    "Mbit/s": lambda value: f"{_digits(value)} Mbit/s",
}
