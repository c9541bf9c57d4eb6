from dataclasses import replace

import pytest

from tests.siege.figures import (
    ACK_MS,
    ADDED_MS,
    added_ms,
    arrived,
    counters,
    drawn_bytes,
    grown,
    is_fine,
    judge,
    spread,
)
from tests.siege.records import Finding, Kind, Outcome, Span, Spread

SCRAPE = """# TYPE liveclass_worker_drops_total counter
liveclass_worker_drops_total{reason="replayed"} 3.0
# TYPE liveclass_worker_sent_bytes_total counter
liveclass_worker_sent_bytes_total 1000.0
# TYPE liveclass_sockets gauge
liveclass_sockets 7.0
"""


def felt(p99: float) -> Spread:
    return Spread(1_000, 1.0, p99, p99)


def stretch(latency: float = 5.0, ack: float = 10.0, frames: int = 1_000) -> Span:
    spread = Spread(frames, 1.0, latency, latency)
    return Span(10.0, spread, felt(ack), 0, 0.1, 50_000.0)


def test_percentiles_are_by_the_nearest_rank() -> None:
    found = spread(range(1, 201))
    assert found == Spread(200, 100, 198, 200)
    assert spread([3.0]) == Spread(1, 3.0, 3.0, 3.0)
    assert spread([]) is None


def test_counters_are_read_without_gauges() -> None:
    assert counters(SCRAPE) == {
        "liveclass_worker_drops_total{replayed}": 3.0,
        "liveclass_worker_sent_bytes_total": 1_000.0,
    }
    assert counters("<html>") == {}


def test_only_refusals_and_drops_are_told_to_have_grown() -> None:
    before = counters(SCRAPE)
    after = {name: value + 5 for name, value in before.items()}
    assert grown(before, after) == {"drops{replayed}": 5.0}


def test_an_attack_that_nobody_feels_misses_nothing() -> None:
    limit = stretch(5.0 + ADDED_MS, ACK_MS)
    assert judge(Kind.LOAD, stretch(), limit, 0, Outcome()) == ()


@pytest.mark.parametrize(
    ("under", "missed"),
    [
        (stretch(latency=5.1 + ADDED_MS), "latency"),
        (stretch(ack=ACK_MS + 1), "acknowledgements"),
        (stretch(frames=800), "media missing"),
        (replace(stretch(), latency=None), "media missing"),
        (replace(stretch(), acks=None), "acknowledgements"),
    ],
)
def test_each_bar_can_be_missed(under: Span, missed: str) -> None:
    assert judge(Kind.LOAD, stretch(), under, 0, Outcome()) == (missed,)


def test_who_fell_out_and_what_was_let_in_count_for_every_kind() -> None:
    outcome = Outcome(passed=False)
    assert judge(Kind.CHECK, None, None, 1, outcome) == ("not held", "disconnected")
    assert judge(Kind.CHECK, None, None, 0, Outcome(error="no root")) == ("not run",)


def test_a_check_is_not_judged_by_latency() -> None:
    assert judge(Kind.CHECK, stretch(), stretch(latency=900), 0, Outcome(passed=True)) == ()


def test_figures_are_differences_to_the_calm_stretch() -> None:
    assert added_ms(stretch(5.0), stretch(12.5)) == 7.5
    assert added_ms(stretch(), replace(stretch(), latency=None)) is None
    assert arrived(stretch(), stretch(frames=500)) == 0.5


def test_what_was_drawn_is_answers_and_more_media_than_usual() -> None:
    more = replace(stretch(), sent_bytes=80_000.0)
    assert drawn_bytes(stretch(), more, Outcome(drawn_bytes=100)) == 30_100.0
    assert drawn_bytes(None, None, Outcome(drawn_bytes=100)) == 100.0


def test_one_missed_bar_is_enough() -> None:
    fine = Finding("1", "a", "does", Kind.LOAD, None, None, (), Outcome(), ())
    assert is_fine([fine])
    assert not is_fine([fine, replace(fine, missed=("latency",))])
