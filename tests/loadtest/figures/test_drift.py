"""Did anything drift?"""

from array import array
from collections.abc import Callable

import pytest

from loadtest.figures.drift import WARM_UP, Soak, soak
from loadtest.figures.series import series
from loadtest.records import RunRecord
from tests.support.run_records import Shape, made_run


def soaked(shape: Shape, change: Callable[[RunRecord], None] | None = None) -> Soak | None:
    record = made_run(shape)
    if change:
        change(record)
    return soak(series(record), shape.start, shape.end)


LONG = Shape(viewers=20, steady=340)


def test_a_calm_run_drifts_nowhere() -> None:
    found = soaked(LONG)
    assert found is not None
    assert found.drifts == ()
    assert found.memory_mb_per_h == pytest.approx(0, abs=0.5)


def test_a_leak_has_its_slope() -> None:
    found = soaked(Shape(viewers=20, steady=340, leak_mb_per_h=60))
    assert found is not None
    assert found.memory_mb_per_h == pytest.approx(60, abs=2)
    assert found.drifts == ("the server's memory grew by 5.0 MB in 5 min",)


def test_rising_latency_and_cost_are_drifts() -> None:
    def tire(record: RunRecord) -> None:
        for tick in record.ticks:
            tick.latencies = array("f", (ms * (1 + tick.at / 300) for ms in tick.latencies))
        for sample in record.server:
            sample.cpu_s *= 1 + sample.at / 300

    found = soaked(LONG, tire)
    assert found is not None
    assert [drift.split(" rose")[0] for drift in found.drifts] == [
        "CPU per copy",
        "p50 added latency",
        "p99 added latency",
    ]


def test_people_who_leave_are_a_drift() -> None:
    def thin_out(record: RunRecord) -> None:
        for tick in record.ticks:
            tick.present -= int(tick.at / 60)

    found = soaked(LONG, thin_out)
    assert found is not None
    assert found.drifts[0].startswith("people present fell by")


def test_a_short_run_is_not_judged() -> None:
    assert soaked(Shape(steady=30)) is None


def test_what_grows_because_people_come_is_no_drift() -> None:
    assert soaked(Shape(viewers=20, steady=340, late=30, late_from=80)) is None


def test_what_the_server_remembers_at_first_is_no_drift() -> None:
    assert soaked(Shape(viewers=20, steady=WARM_UP + 59)) is None
    found = soaked(Shape(viewers=20, steady=WARM_UP + 60), _filling)
    assert found is not None
    assert found.drifts == ()


def _filling(record: RunRecord) -> None:
    """Memory that grows until WARM_UP, and is flat from there on."""
    for sample in record.server:
        assert sample.rss_bytes is not None
        sample.rss_bytes += round(1e6 * min(sample.at - record.measure_from, WARM_UP))
