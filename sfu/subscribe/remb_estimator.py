"""How much one subscriber's path carries, judged from REMB, reported loss and what was sent.

A Chromium receiver without transport-cc begins its REMB near 80 kb/s and climbs slowly towards
what it gets, so REMB tells of congestion and does not measure: the start is optimistic, and only
a REMB that stops climbing below the sent rate, or loss, is congestion. The limit rises again by
trials with back-off. Pure: no I/O, no clock.
"""

import math
from dataclasses import dataclass

from sfu.publish.subscriber import PacketCounter
from sfu.timers import earliest

LOW_REMB = 0.85  # share of the sent rate below which REMB means congestion
BACK_OFF = 0.85  # share of the delivered rate that is used after congestion
RISE, FALL = 1.01, 0.97  # REMB's smallest changes that mean something
STALLED_AFTER = 3.0  # s without a rise until REMB no longer counts as climbing
LOW_REPORTS, LOW_SPAN = 2, 1.0  # REMBs running, and s they must span
HIGH_LOSS = 0.10
LOSS_WINDOW = 0.9  # s; reports of several streams are judged together
JUMP = 1.3  # growth of the sent rate after which receivers need time to follow
AFTER_INCREASE = 1.0  # s (and a round trip) in which nothing is judged
AFTER_CONGESTION = 2.0  # s (and a round trip) for queues to drain
LONGEST_RTT = 2.0  # s; a peer that claims more does not stop the judging
FIRST_HOLD, LONGEST_HOLD = 5.0, 60.0  # s until a trial; doubled by each failed one
NEXT_HOLD = 2.0  # s between a trial that went well and the next
TRIAL = 3.0  # s
BLAMED = 8.0  # s from a trial's start in which congestion is its fault
HEADROOM = 1.1  # over a trial's budget, as measured bit rates move about
DEEPEST_CUT = 0.25  # share of the delivered rate that one REMB may leave
LEAST = 30_000.0  # bits/s; below there is nothing to gain


@dataclass(slots=True)
class _Trial:
    previous: float  # the limit to go back to
    started: float


class _RembWatch:
    """Tells a REMB that still climbs from one that means congestion."""

    def __init__(self) -> None:
        self.bitrate = math.inf
        self._anchor: float | None = None  # the value that rises and falls are counted from
        self._risen_at = 0.0
        self._fallen = False
        self._low = 0
        self._low_since = 0.0

    def receive(self, bitrate: float, sent: float, now: float) -> bool:
        """True when REMBs running were low and not climbing; `sent` in bits/s."""
        self.bitrate = bitrate
        self._follow(bitrate, now)
        if not self.is_congested(sent, now):
            self._low = 0
            return False
        if not self._low:
            self._low_since = now
        self._low += 1
        return self._low >= LOW_REPORTS and now - self._low_since >= LOW_SPAN

    def is_congested(self, sent: float, now: float) -> bool:
        """Below the sent rate without climbing: it fell, or has stood still for a while."""
        stands = self._fallen or now - self._risen_at >= STALLED_AFTER
        return stands and self.bitrate < LOW_REMB * sent

    def restart_window(self, now: float) -> None:
        """More is being sent from now on: REMB is given time to climb after it."""
        self._risen_at = now
        self._fallen = False
        self._low = 0

    def _follow(self, bitrate: float, now: float) -> None:
        if self._anchor is None or bitrate > self._anchor * RISE:
            self._anchor = bitrate
            self._risen_at = now
            self._fallen = False
        elif bitrate < self._anchor * FALL:
            self._anchor = bitrate
            self._fallen = True


class _LossWatch:
    """Loss over all streams, in windows of about a second."""

    def __init__(self) -> None:
        self.loss = 0.0  # share lost in the last window
        self._since: float | None = None
        self._lost = 0.0
        self._packets = 0
        self._bad = 0

    def receive(self, fraction_lost: float, packets: int, now: float) -> int:
        """How many windows running were bad, when this report ends one; else 0."""
        self._lost += fraction_lost * packets
        self._packets += packets
        if self._since is None:
            self._since = now
        if now - self._since < LOSS_WINDOW or not self._packets:
            return 0
        self.loss = self._lost / self._packets
        self._bad = self._bad + 1 if self.loss > HIGH_LOSS else 0
        self._since = now
        self._lost = 0.0
        self._packets = 0
        return self._bad

    def reset(self) -> None:
        """Windows that were bad so far no longer count."""
        self._bad = 0


class RembEstimator:
    """A BandwidthEstimator by REMB and loss. Rates are bits per second, times seconds."""

    counter: PacketCounter | None = None

    def __init__(self) -> None:
        self.forget_path()

    def forget_path(self) -> None:
        """As BandwidthEstimator: back to the optimistic start."""
        self._limit: float | None = None
        self._remb = _RembWatch()
        self._losses = _LossWatch()
        self._rtt = 0.1
        self._sent = 0.0
        self._sent_base = 0.0
        self._sent_at = 0.0
        self._quiet_until = 0.0
        self._hold = FIRST_HOLD
        self._hold_until: float | None = None  # None: nothing to wait for
        self._trial: _Trial | None = None
        self._trial_until: float | None = None  # None: no trial is running

    def limit(self, now: float) -> float | None:
        """The budget; None while no limit is known."""
        return self._limit

    def sent_rate(self, bitrate: float, now: float) -> None:
        """The rate sent lately; it is told about once a second."""
        # The base forgets a tenth a second, so that an uneven picture is no jump each time.
        base = self._sent_base * max(1.0 - 0.1 * (now - self._sent_at), 0.0)
        # A trial has been waited for when it began.
        if bitrate > JUMP * base and self._trial_until is None:
            self._expect_more(now)
        self._sent = bitrate
        self._sent_base = max(base, bitrate)
        self._sent_at = now

    def on_remb(self, bitrate: float, now: float) -> bool:
        """The receiver's estimate (REMB); True when the limit changed."""
        is_congested = self._remb.receive(bitrate, self._sent, now)
        return is_congested and now >= self._quiet_until and self._congested(now)

    def on_report(self, fraction_lost: float, rtt: float, now: float, packets: int = 1) -> bool:
        """A report's loss (0 to 1, RFC 3550 6.4.1) over `packets`, and the round trip in seconds.

        True when the limit changed.
        """
        self._rtt = min(rtt, LONGEST_RTT)
        bad = self._losses.receive(fraction_lost, packets, now)
        if now < self._quiet_until:
            self._losses.reset()
            return False
        trying = self._trial_until is not None and now < self._trial_until
        needed = 1 if trying else 2  # the way back from a trial is cheap
        return bad >= needed and self._congested(now)

    def trial(self, budget: float, now: float) -> bool:
        """Try a higher budget for a moment; an infinite one lifts the limit.

        False: there is no limit, a trial is running, or the hold-off isn't over.
        """
        if self._limit is None or self._trial_until is not None or not self._may_try(now):
            return False
        if self._trial is not None and now - self._trial.started >= TRIAL:
            self._hold = FIRST_HOLD  # the one before went well
        self._trial = _Trial(self._limit, now)
        self._trial_until = now + TRIAL
        self._hold_until = None
        self._limit = None if budget == math.inf else max(self._limit, budget * HEADROOM)
        self._expect_more(now)
        return True

    def handle_timers(self, now: float) -> bool:
        """True when a trial has become possible: the caller plans anew and may ask for one."""
        if self._trial_until is not None and now >= self._trial_until:
            self._trial_until = None
            self._hold_until = None if self._limit is None else now + NEXT_HOLD
        if self._hold_until is None or now < self._hold_until:
            return False
        self._hold_until = None
        return True

    def next_deadline(self) -> float | None:
        """When a trial or a hold-off ends."""
        return earliest(self._trial_until, self._hold_until)

    def _may_try(self, now: float) -> bool:
        return self._hold_until is None or now >= self._hold_until

    def _expect_more(self, now: float) -> None:
        self._quiet_until = max(self._quiet_until, now + AFTER_INCREASE + self._rtt)
        self._remb.restart_window(now)
        self._losses.reset()

    def _congested(self, now: float) -> bool:
        if self._sent < LEAST:
            return False
        trial = self._trial
        if trial is not None and now - trial.started < BLAMED:
            self._limit = trial.previous
            self._hold = min(self._hold * 2, LONGEST_HOLD)
        else:
            affordable = max(BACK_OFF * self._delivered(now), LEAST)
            self._limit = affordable if self._limit is None else min(self._limit, affordable)
            if trial is not None:
                self._hold = FIRST_HOLD  # it went well for long enough
        self._trial = None
        self._trial_until = None
        self._hold_until = now + self._hold
        self._quiet_until = now + AFTER_CONGESTION + self._rtt
        self._remb.restart_window(now)
        self._losses.reset()
        return True

    def _delivered(self, now: float) -> float:
        """The rate that arrived. A REMB of congestion is 0.85 of it; a first one that
        never climbed says too little to cut everything down to it."""
        arrived = self._sent * (1.0 - self._losses.loss)
        if not self._remb.is_congested(self._sent, now):
            return arrived
        return min(arrived, max(self._remb.bitrate / LOW_REMB, DEEPEST_CUT * arrived))
