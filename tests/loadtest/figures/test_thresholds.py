"""Limits, and where a run broke them."""

from dataclasses import fields
from typing import Any

import pytest

from loadtest.figures.figures import BY_PATH
from loadtest.figures.summary import summarise
from loadtest.figures.thresholds import PATHS, Thresholds, breaches, checks
from tests.support.run_records import Shape, empty_run, made_run

SUMMARY = summarise(made_run(Shape(lost=(4,))))


def test_no_limit_is_never_broken() -> None:
    assert breaches(SUMMARY, Thresholds()) == []
    assert breaches(summarise(empty_run()), Thresholds()) == []


def test_wide_limits_are_kept() -> None:
    wide = Thresholds(max_loss=0.01, max_p99=50, max_join_p95=1_000, max_missing=0, max_cpu=0.9)
    assert breaches(SUMMARY, wide) == []
    assert all(check.kept for check in checks(SUMMARY, wide).values())


def test_a_picture_that_never_came_breaks_the_limit_that_goes_without_saying() -> None:
    record = made_run(Shape(viewers=20))
    record.joined[3].first_frame_ms = None
    limits = Thresholds(max_missing=0, max_without_picture=0)
    assert not limits.any
    assert breaches(summarise(record), limits) == ["In, but saw nothing 1 is above the limit of 0"]


def test_a_breach_names_the_figure_beside_the_limit() -> None:
    found = breaches(SUMMARY, Thresholds(max_loss=0.00001, max_p99=2))
    assert found[0] == "Loss 0.007 % is above the limit of 0.001 %"
    assert found[1].endswith("is above the limit of 2.00 ms")


def test_a_figure_that_reads_like_its_limit_is_just_above_it() -> None:
    value = SUMMARY.joins.join_ms
    assert value is not None
    found = breaches(SUMMARY, Thresholds(max_join_p95=value.p95 - 1e-9))
    assert "just above" in found[0]


def test_an_unknown_figure_breaks_its_limit() -> None:
    found = breaches(summarise(empty_run()), Thresholds(max_p99=25, max_cpu=0.9))
    assert found == [
        "Added latency, p99 is unknown; the limit is 25.0 ms",
        "CPU is unknown; the limit is 90.0 %",
    ]


@pytest.mark.parametrize("name", sorted(PATHS))
def test_every_limit_is_of_a_figure_that_exists(name: str) -> None:
    only: dict[str, Any] = {name: 0}
    assert PATHS[name] in BY_PATH
    assert list(checks(SUMMARY, Thresholds(**only))) == [PATHS[name]]


def test_every_limit_has_its_figure() -> None:
    assert {field.name for field in fields(Thresholds)} == {*PATHS, "no_drift"}


def test_drift_is_a_breach_where_none_is_allowed() -> None:
    leaking = summarise(made_run(Shape(viewers=20, steady=340, leak_mb_per_h=90)))
    assert breaches(leaking, Thresholds(no_drift=True)) == [
        "The server's memory grew by 7.5 MB in 5 min; no drift is allowed"
    ]
    short = summarise(made_run(Shape(steady=20)))
    assert breaches(short, Thresholds(no_drift=True)) == [
        "Drift is unknown: the steady part is too short"
    ]
