import math
from dataclasses import dataclass, field
from typing import Any

import pytest

from sfu.publish.producer import LayerInfo
from sfu.subscribe.allocator import SlotRequest, allocate, next_step
from sfu.subscribe.remb_estimator import LONGEST_HOLD, RembEstimator

RTT = 0.1
K, M = 1e3, 1e6


def play(estimator: Any, rows: Any, start: Any = 0.0) -> Any:
    """One row a second: (sent, REMB or None, loss or None); returns the limits after each."""
    limits = []
    for second, (sent, remb, loss) in enumerate(rows):
        now = start + second
        estimator.sent_rate(sent, now)
        if remb is not None:
            estimator.on_remb(remb, now + 0.1)
        if loss is not None:
            estimator.on_report(loss, RTT, now + 0.2)
        limits.append(estimator.limit(now + 0.3))
    return limits


def congested(start: Any = 0.0, sent: Any = 1.8 * M, loss: Any = 0.3) -> Any:
    """An estimator that has just found congestion, and the time."""
    estimator = RembEstimator()
    limits = play(estimator, [(sent, None, 0.0)] * 3 + [(sent, None, loss)] * 2, start)
    assert limits[-2:] == [None, pytest.approx(0.85 * sent * (1 - loss))]
    return estimator, start + 4.2


SMOOTH = {
    "start-up: REMB climbs from 80k while 1.8M are sent": [
        (1.8 * M, remb * K, 0.0)
        for remb in (80, 120, 200, 310, 400, 470, 560, 650, 780, 900, 1040, 1200, 1400, 1600, 1900)
    ],
    "start-up with the slow climb of 8 % a second": [
        (1.8 * M, 80 * K * 1.08**second, 0.0) for second in range(42)
    ],
    "a climb of 1 % a second is still a climb": [
        (1.8 * M, 800 * K * 1.011**second, 0.0) for second in range(60)
    ],
    "REMB rests for two seconds within its climb": [
        (1.8 * M, remb * K, 0.0)
        for remb in (80, 150, 150, 150, 250, 250, 250, 400, 400, 600, 900, 900, 1300, 1600)
    ],
    "REMB above the sent rate": [(500 * K, 750 * K, 0.0)] * 20,
    "REMB a little below the sent rate": [(500 * K, 440 * K, 0.0)] * 20,
    "one fall, then up again": [
        (1.8 * M, remb * M, 0.0) for remb in (2.2, 2.2, 1.2, 1.3, 1.5, 1.7)
    ],
    "no REMB, no reports": [(1.8 * M, None, None)] * 20,
    "no REMB, noise of 3 % loss": [(1.8 * M, None, 0.03)] * 60,
    "loss of 9 %": [(1.8 * M, None, 0.09)] * 20,
    "one bad report now and then": [(1.8 * M, None, loss) for loss in (0.3, 0.0, 0.0, 0.2, 0.0)]
    * 5,
    "a burst of a screen while REMB rests on the quiet rate": [(200 * K, 310 * K, 0.0)] * 20
    + [(2 * M, 310 * K, 0.0)] * 2
    + [(200 * K, 310 * K, 0.0)] * 5,
    "more is sent and REMB climbs after it": [(500 * K, 700 * K, 0.0)] * 10
    + [(1.8 * M, remb * K, 0.0) for remb in (700, 760, 820, 890, 960, 1040, 1120, 1200)],
    "loss on next to nothing": [(20 * K, None, 0.5)] * 10,
}


@pytest.mark.parametrize("rows", SMOOTH.values(), ids=SMOOTH.keys())
def test_no_congestion(rows: Any) -> None:
    assert set(play(RembEstimator(), rows)) == {None}


def settling(loss: Any = 0.15) -> Any:
    """A REMB that climbed to 560k and settles at about 550k over a 600k bottleneck."""
    climb = [80, 130, 200, 290, 390, 490, 560]
    settled = [552, 548, 551, 550, 549, 552]
    return [(1.8 * M, remb * K, loss) for remb in climb + settled]


BRAKED = {
    # name: rows, row in which congestion is found at the latest, least and most of the limit
    "REMB falls and stays": (
        [(1.8 * M, remb * M, 0.0) for remb in (2.2, 2.2, 0.9, 0.9, 0.88)],
        4,
        850 * K,
        901 * K,
    ),
    "REMB falls on": (
        [(1.8 * M, remb * M, 0.0) for remb in (2.2, 2.2, 1.4, 1.2, 1.1)],
        3,
        1.19 * M,
        1.21 * M,
    ),
    "REMB settles at 550k with loss": (settling(), 3, 500 * K, 1.31 * M),
    "REMB settles at 550k without loss": (settling(loss=0.0), 10, 540 * K, 560 * K),
    "REMB never climbed: the cut is no deeper than to a quarter": (
        [(1.8 * M, 80 * K, 0.0)] * 8,
        5,
        0.85 * 450 * K - 1,
        0.85 * 450 * K + 1,
    ),
    "loss while REMB still climbs: REMB is no gauge": (
        [(1.8 * M, 80 * K * 1.3**second, 0.2) for second in range(6)],
        4,
        0.85 * 1.44 * M - 1,
        0.85 * 1.44 * M + 1,
    ),
    "Firefox: loss alone": (
        [(1.8 * M, None, 0.0)] * 3 + [(1.8 * M, None, 0.5)] * 2,
        4,
        0.85 * 0.9 * M - 1,
        0.85 * 0.9 * M + 1,
    ),
    "everything is lost": ([(1.8 * M, None, 1.0)] * 4, 3, 30 * K, 30 * K),
}


@pytest.mark.parametrize(("rows", "by", "least", "most"), BRAKED.values(), ids=BRAKED.keys())
def test_congestion(rows: Any, by: Any, least: Any, most: Any) -> None:
    limits = play(RembEstimator(), rows)
    first = next(row for row, limit in enumerate(limits) if limit is not None)
    assert first <= by
    assert least <= limits[first] <= most


def test_the_calls_that_find_congestion_say_so() -> None:
    estimator = RembEstimator()
    play(estimator, [(1.8 * M, 2.2 * M, 0.0)] * 3 + [(1.8 * M, 0.9 * M, 0.0)])
    assert estimator.on_remb(0.9 * M, 4.5) is True
    assert estimator.on_remb(0.9 * M, 4.6) is False


def test_two_quick_remb_are_not_enough() -> None:
    estimator = RembEstimator()
    play(estimator, [(1.8 * M, 2.2 * M, 0.0)] * 3)
    for now in (3.0, 3.2, 3.4, 3.6):
        assert estimator.on_remb(0.9 * M, now) is False
    assert estimator.on_remb(0.9 * M, 4.0) is True


def test_reports_of_several_streams_count_by_their_packets() -> None:
    silent, busy = RembEstimator(), RembEstimator()
    for second in range(10):
        for estimator, audio_loss, video_loss in ((silent, 0.4, 0.0), (busy, 0.0, 0.4)):
            estimator.sent_rate(1.8 * M, second)
            estimator.on_report(audio_loss, RTT, second + 0.3, packets=5)
            estimator.on_report(video_loss, RTT, second + 0.6, packets=180)
    assert silent.limit(10.0) is None
    assert busy.limit(10.0) is not None


def test_several_bad_reports_in_one_moment_are_one() -> None:
    estimator = RembEstimator()
    play(estimator, [(1.8 * M, None, 0.0)] * 3)
    for part in range(8):
        assert estimator.on_report(0.5, RTT, 3.2 + part * 0.05) is False


def test_nothing_is_judged_while_queues_drain() -> None:
    estimator, now = congested()
    limit = estimator.limit(now)
    assert play(estimator, [(1.0 * M, None, 0.5)] * 2, now + 0.1)[-1] == limit


def test_congestion_that_goes_on_cuts_further() -> None:
    estimator, now = congested()
    first = estimator.limit(now)
    limits = play(estimator, [(1.0 * M, None, 0.3)] * 8, now + 1)
    assert min(limits) == pytest.approx(0.85 * 0.7 * M)
    assert min(limits) < first


def test_congestion_never_raises_the_limit() -> None:
    estimator, now = congested(sent=500 * K)
    first = estimator.limit(now)
    assert set(play(estimator, [(1.8 * M, None, 0.2)] * 8, now + 1)) == {first}


def test_a_trial_needs_a_limit_and_the_hold_off() -> None:
    assert RembEstimator().trial(1 * M, 0.0) is False
    estimator, now = congested()
    assert estimator.next_deadline() == pytest.approx(now + 5.0)
    assert estimator.trial(1.5 * M, now + 4.9) is False
    assert estimator.handle_timers(now + 4.9) is False
    assert estimator.handle_timers(now + 5.0) is True
    assert estimator.next_deadline() is None
    assert estimator.trial(1.5 * M, now + 5.0) is True
    assert estimator.trial(1.5 * M, now + 5.1) is False


def test_a_trial_that_goes_well_is_kept_and_the_next_comes_sooner() -> None:
    estimator, now = congested()
    estimator.trial(1.5 * M, now + 5.0)
    assert estimator.limit(now + 5.0) == pytest.approx(1.65 * M)
    play(estimator, [(1.5 * M, None, 0.0)] * 4, now + 5.0)
    assert estimator.handle_timers(now + 8.0) is False
    assert estimator.limit(now + 8.0) == pytest.approx(1.65 * M)
    assert estimator.handle_timers(now + 10.0) is True
    assert estimator.trial(3 * M, now + 10.0) is True


def fail_trial(estimator: Any, start: Any) -> Any:
    """Runs a trial into loss; returns when it was found."""
    assert estimator.trial(1.5 * M, start)
    for tenth in range(10, 80, 5):
        now = start + tenth / 10
        estimator.handle_timers(now)
        estimator.sent_rate(1.5 * M, now)
        if estimator.on_report(0.4, RTT, now):
            return now
    raise AssertionError("the trial did not fail")


def test_a_failed_trial_restores_the_limit_and_doubles_the_hold_off() -> None:
    estimator, now = congested(sent=600 * K)
    limit, holds = estimator.limit(now), []
    now += 5.0
    for _ in range(6):
        now = fail_trial(estimator, now)
        assert estimator.limit(now) == limit
        holds.append(round(estimator.next_deadline() - now, 6))
        now = estimator.next_deadline()
        assert estimator.handle_timers(now) is True
    assert holds == [10, 20, 40, 60, LONGEST_HOLD, LONGEST_HOLD]


def test_a_trial_fails_within_its_three_seconds() -> None:
    estimator, now = congested(sent=600 * K)
    assert fail_trial(estimator, now + 5.0) - (now + 5.0) <= 3.0


def test_a_trial_fails_when_remb_falls() -> None:
    estimator, now = congested(sent=600 * K)
    limit, start = estimator.limit(now), now + 5.0
    estimator.on_remb(700 * K, start)
    estimator.trial(1.5 * M, start)
    estimator.sent_rate(1.5 * M, start + 1.0)
    assert estimator.on_remb(900 * K, start + 1.0) is False
    assert estimator.on_remb(510 * K, start + 1.8) is False
    assert estimator.on_remb(505 * K, start + 2.8) is True
    assert estimator.limit(start + 2.8) == limit


def test_congestion_soon_after_a_trial_is_its_fault() -> None:
    estimator, now = congested(sent=600 * K)
    limit, start = estimator.limit(now), now + 5.0
    estimator.trial(1.5 * M, start)
    play(estimator, [(1.5 * M, None, loss) for loss in (0, 0, 0, 0, 0.3, 0.3, 0.3)], start)
    assert estimator.limit(start + 7) == limit


def test_congestion_long_after_a_trial_is_judged_by_itself() -> None:
    estimator, now = congested(sent=600 * K)
    start = now + 5.0
    estimator.trial(1.5 * M, start)
    play(estimator, [(1.5 * M, None, 0.0)] * 20 + [(1.5 * M, None, 0.2)] * 2, start)
    assert estimator.limit(start + 22) == pytest.approx(0.85 * 1.2 * M)


def test_hold_off_is_short_again_after_a_trial_that_went_well() -> None:
    estimator, now = congested(sent=600 * K)
    now = fail_trial(estimator, now + 5.0)
    start = now + 10.0
    assert estimator.trial(1.5 * M, start)
    play(estimator, [(1.5 * M, None, 0.0)] * 20 + [(1.5 * M, None, 0.2)] * 2, start)
    estimator.handle_timers(start + 21.3)
    assert estimator.next_deadline() == pytest.approx(start + 21.2 + 5.0)


def test_an_infinite_trial_lifts_the_limit() -> None:
    estimator, now = congested(sent=600 * K)
    assert estimator.trial(math.inf, now + 5.0)
    assert estimator.limit(now + 5.0) is None
    assert estimator.handle_timers(now + 8.0) is False
    assert estimator.limit(now + 8.0) is None
    assert estimator.next_deadline() is None


def test_an_absurd_round_trip_does_not_stop_the_judging() -> None:
    estimator = RembEstimator()
    for second in range(12):
        estimator.sent_rate(1.8 * M, second)
        estimator.on_report(0.5, 30_000.0, second + 0.2)
    assert estimator.limit(12.0) is not None


@dataclass
class Path:
    """A bottleneck with a queue, and a receiver that behaves like Chromium's REMB or Firefox."""

    has_remb: bool = True
    buffer: float = 0.3  # s
    noise: float = 0.0  # share lost at random
    queue: float = 0.0
    sent: float = 0.0
    received: float = 0.0
    lost: float = 0.0
    remb: float = 80 * K
    delay: float = 0.0
    rates: list[float] = field(default_factory=list)

    def carry(self, rate: Any, capacity: Any, step: Any) -> None:
        self.sent += rate * step
        self.queue += rate * step * (1 - self.noise)
        self.lost += rate * step * self.noise
        out = min(self.queue, capacity * step)
        self.queue -= out
        self.received += out
        excess = max(self.queue - self.buffer * capacity, 0.0)
        self.queue -= excess
        self.lost += excess

    def report(self, capacity: Any) -> Any:
        """(REMB, loss) once a second."""
        delay = self.queue / capacity
        if delay > self.delay + 0.02:
            self.remb = min(self.remb, 0.85 * self.received)
        else:
            self.remb = max(self.remb, min(self.remb * 1.2, 1.5 * self.received + 10 * K))
        loss = self.lost / self.sent if self.sent else 0.0
        self.delay = delay
        self.sent = self.received = self.lost = 0.0
        return self.remb, loss


def watch(
    path: Any, capacities: Any, layers: Any = (150 * K, 500 * K, 1.5 * M), step: Any = 0.1
) -> Any:
    """Closed loop: estimator and allocator over a path; returns the layer of every second."""
    infos = tuple(LayerInfo(i, rate, 180 << i) for i, rate in enumerate(layers))
    requests = [SlotRequest("stage", 0, infos)]
    estimator, chosen = RembEstimator(), []
    for second, capacity in enumerate(capacities):
        estimator.handle_timers(second)
        plan = allocate(requests, estimator.limit(second))
        if estimator.trial(next_step(requests, plan), second):
            plan = allocate(requests, estimator.limit(second))
        layer = plan["stage"]
        rate = layers[layer] if layer is not None else 0.0
        for _ in range(round(1 / step)):
            path.carry(rate, capacity, step)
        chosen.append(layer)
        now = second + 0.95
        estimator.sent_rate(rate, now)
        remb, loss = path.report(capacity)
        if path.has_remb:
            estimator.on_remb(remb, now)
        estimator.on_report(loss, RTT, now)
    return chosen


PATHS = {
    "Chromium": Path(),
    "Chromium, deep queue": Path(buffer=20.0),
    "Firefox": Path(has_remb=False),
    "Chromium, 3 % noise": Path(noise=0.03),
}


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS.keys())
def test_a_wide_path_shows_the_best_from_the_first_second_on(path: Any) -> None:
    assert set(watch(path, [10 * M] * 120)) == {2}


@pytest.mark.parametrize("name", PATHS)
def test_a_600k_bottleneck_settles_on_the_middle_layer(name: Any) -> None:
    path = Path(has_remb=PATHS[name].has_remb, buffer=PATHS[name].buffer, noise=PATHS[name].noise)
    chosen = watch(path, [600 * K] * 300)
    assert chosen[30:].count(2) < 0.12 * len(chosen[30:])
    assert chosen[30:].count(1) > 0.85 * len(chosen[30:])
    assert None not in chosen


@pytest.mark.parametrize("name", PATHS)
def test_recovers_soon_after_a_short_dip(name: Any) -> None:
    path = Path(has_remb=PATHS[name].has_remb, buffer=PATHS[name].buffer, noise=PATHS[name].noise)
    chosen = watch(path, [10 * M] * 30 + [300 * K] * 20 + [10 * M] * 60)
    assert chosen[45] == 0
    assert chosen[90] == 2
    assert set(chosen[90:]) == {2}
