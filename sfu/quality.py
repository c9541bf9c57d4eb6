"""Words for a participant's network: good, fair or poor, with a reason a person understands.

Pure: no I/O, no clock.
"""

from dataclasses import dataclass

FAIR_LOSS, POOR_LOSS = 0.03, 0.10
FAIR_ROUND_TRIP, POOR_ROUND_TRIP = 0.3, 0.8  # s
SETTLE = 2  # seconds running that a change must last until it is told

_ORDER = ("good", "fair", "poor")


@dataclass(frozen=True, slots=True)
class Quality:
    """The quality of both directions; `reason` is empty while both are good."""

    uplink: str = "good"
    downlink: str = "good"
    reason: str = ""


def judge(
    uplink_loss: float, downlink_loss: float, round_trip: float | None, *, limited: bool
) -> Quality:
    """Losses as fractions, round trip in seconds; limited: layers were lowered for bandwidth."""
    delay = _grade(round_trip or 0.0, FAIR_ROUND_TRIP, POOR_ROUND_TRIP)
    up = _worst(_grade(uplink_loss, FAIR_LOSS, POOR_LOSS), delay)
    down = _worst(_grade(downlink_loss, FAIR_LOSS, POOR_LOSS), delay, "fair" if limited else "good")
    reason = ""
    if up != "good" or down != "good":
        reason = _reason(uplink_loss, downlink_loss, delay, limited=limited)
    return Quality(up, down, reason)


def _grade(value: float, fair: float, poor: float) -> str:
    if value >= poor:
        return "poor"
    return "fair" if value >= fair else "good"


def _worst(*grades: str) -> str:
    return max(grades, key=_ORDER.index)


def _reason(uplink_loss: float, downlink_loss: float, delay: str, *, limited: bool) -> str:
    if downlink_loss >= FAIR_LOSS:
        return "packets to you get lost"
    if uplink_loss >= FAIR_LOSS:
        return "packets from you get lost"
    if limited:
        return "your connection is too slow for the full picture"
    return "your connection answers slowly" if delay != "good" else ""


class QualityMeter:
    """Tells a change only once it has lasted SETTLE judgements."""

    __slots__ = ("_candidate", "_count", "told")

    def __init__(self) -> None:
        self.told = Quality()
        self._candidate = self.told
        self._count = 0

    def update(self, quality: Quality) -> bool:
        """True when `told` has changed."""
        if (quality.uplink, quality.downlink) == (self.told.uplink, self.told.downlink):
            self._candidate, self._count = self.told, 0
            return False
        if quality == self._candidate:
            self._count += 1
        else:
            self._candidate, self._count = quality, 1
        if self._count < SETTLE:
            return False
        self.told = quality
        return True
