"""What counts as a stall of the loop, and whose."""

import pytest

from sfu.stalls import LIMIT, NOTABLE, OTHER, REPORT_EVERY, StallWatch


def test_a_long_span_is_a_stall_with_a_name() -> None:
    watch = StallWatch()
    watch.took("media", 1.0, 1.025)
    assert watch.stalls.count == 1
    assert watch.stalls.seconds == pytest.approx(0.025)
    assert watch.stalls.longest == pytest.approx(0.025)
    assert watch.stalls.causes == {"media": 1}


def test_short_spans_and_a_punctual_probe_are_none() -> None:
    watch = StallWatch()
    watch.took("media", 1.0, 1.0 + LIMIT * 0.9)
    watch.probe(1.0, 1.0 + LIMIT * 0.9)
    assert watch.stalls.count == 0


def test_a_late_probe_that_a_span_explains_counts_once() -> None:
    watch = StallWatch()
    watch.took("control", 1.0, 1.030)
    watch.probe(1.005, 1.030)
    assert watch.stalls.count == 1
    assert watch.stalls.seconds == pytest.approx(0.030)


def test_a_late_probe_that_nobody_explains_is_of_other_making() -> None:
    watch = StallWatch()
    watch.took("media", 1.0, 1.003)
    watch.probe(1.0, 1.020)
    assert watch.stalls.causes == {OTHER: 1}
    assert watch.stalls.longest == pytest.approx(0.020)


def test_short_spans_that_add_up_give_the_name() -> None:
    watch = StallWatch()
    for start in (1.0, 1.006, 1.012):
        watch.took("VideoOffer", start, start + 0.005)
    watch.probe(1.0, 1.020)
    assert watch.stalls.causes == {"VideoOffer": 1}


def test_a_span_within_another_takes_its_part_away() -> None:
    watch = StallWatch()
    watch.took("gc 2", 1.002, 1.102)
    watch.took("media", 1.0, 1.105)
    watch.probe(1.0, 1.105)
    assert watch.stalls.causes == {"gc 2": 1}
    assert watch.stalls.seconds == pytest.approx(0.1)


def test_what_took_next_to_nothing_explains_nothing() -> None:
    watch = StallWatch()
    for number in range(20):
        start = 1.0 + number * NOTABLE
        watch.took("media", start, start + 0.9 * NOTABLE)
    watch.probe(1.0, 1.020)
    assert watch.stalls.causes == {OTHER: 1}


def test_what_an_earlier_probe_saw_explains_nothing_later() -> None:
    watch = StallWatch()
    watch.took("media", 1.0, 1.030)
    watch.probe(1.0, 1.030)
    watch.probe(1.040, 1.070)
    assert watch.stalls.causes == {"media": 1, OTHER: 1}


def test_a_report_sums_up_and_is_rare() -> None:
    watch = StallWatch()
    assert watch.take_report(1.0) is None
    watch.took("media", 1.0, 1.020)
    watch.took("gc 2", 1.1, 1.2)
    watch.took("media", 1.3, 1.315)
    report = watch.take_report(1.4)
    assert report is not None
    assert (report.count, report.cause) == (3, "gc 2")
    assert report.longest == pytest.approx(0.1)
    assert report.seconds == pytest.approx(0.135)
    watch.took("media", 1.5, 1.520)
    assert watch.take_report(1.6) is None
    later = watch.take_report(1.4 + REPORT_EVERY)
    assert later is not None
    assert later.count == 1
