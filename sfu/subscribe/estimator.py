"""Bandwidth estimators: what a transport asks them, and the one that never limits.

A transport gets its estimator from its worker; sfu.subscribe.remb_estimator is the usual one.
Pure: no I/O, no clock.
"""

from collections.abc import Callable
from typing import Protocol

from sfu.publish.subscriber import PacketCounter


class BandwidthEstimator(Protocol):
    """Estimates how much one subscriber's path carries; rates in bits per second, times in s."""

    counter: PacketCounter | None
    """Told of each batch of packets that goes out to the transport, as send-side estimators need;
    None when that is of no use."""

    def limit(self, now: float) -> float | None:
        """The budget for what is sent; None while no limit is known."""

    def sent_rate(self, bitrate: float, now: float) -> None:
        """The rate sent lately, without retransmissions; called once a second."""

    def on_remb(self, bitrate: float, now: float) -> bool:
        """The receiver's estimate (REMB); True when the limit changed."""

    def on_report(self, fraction_lost: float, rtt: float, now: float, packets: int = 1) -> bool:
        """A report's loss (0 to 1, RFC 3550 6.4.1) over `packets`, and the round trip in seconds;
        True when the limit changed."""

    def trial(self, budget: float, now: float) -> bool:
        """Raises the limit to a higher budget for a moment; False when that is not possible now."""

    def handle_timers(self, now: float) -> bool:
        """True when the caller should plan anew and may ask for a trial."""

    def next_deadline(self) -> float | None:
        """When handle_timers has something to do."""

    def forget_path(self) -> None:
        """The path is another one, or was gone for a while: all that is known of it is void."""


EstimatorFactory = Callable[[], BandwidthEstimator]


class NullEstimator:
    """A BandwidthEstimator that knows no limit: for receivers on this machine, and for tests."""

    counter: PacketCounter | None = None

    def limit(self, now: float) -> float | None:
        """Never any."""
        return None

    def sent_rate(self, bitrate: float, now: float) -> None:
        """Of no use here."""

    def on_remb(self, bitrate: float, now: float) -> bool:
        """Never changes the limit."""
        return False

    def on_report(self, fraction_lost: float, rtt: float, now: float, packets: int = 1) -> bool:
        """Never changes the limit."""
        return False

    def trial(self, budget: float, now: float) -> bool:
        """Without a limit there is nothing to try."""
        return False

    def handle_timers(self, now: float) -> bool:
        """Nothing is ever due."""
        return False

    def next_deadline(self) -> float | None:
        """Nothing is ever due."""
        return None

    def forget_path(self) -> None:
        """Nothing is known of it."""
