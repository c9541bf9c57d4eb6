"""Were the bots the limit, did anything drift."""

from array import array
from collections.abc import Callable

import pytest

from loadtest.figures.series import series
from loadtest.figures.verdicts import WARM_UP, BotsLoad, Soak, bots_load, soak
from loadtest.records import RunRecord
from tests.support.run_records import Shape, made_run


def load(shape: Shape) -> BotsLoad:
    ticks = made_run(shape).ticks
    return bots_load(ticks, shape.core_of, sum(tick.packets for tick in ticks))


def test_bots_with_time_to_spare_are_not_the_limit() -> None:
    found = load(Shape())
    assert (found.were_the_limit, found.reasons, found.fleets) == (False, (), 2)
    assert found.cpu_cores == pytest.approx(0.6, abs=0.02)
    assert found.cpu_share == pytest.approx(0.3, abs=0.01)
    assert found.overflows == 0


def test_one_busy_fleet_is_the_limit() -> None:
    found = load(Shape(fleet_cpu=0.97))
    assert found.were_the_limit
    assert "one fleet used 97 % of a core" in found.reasons[0]


def test_fleets_that_share_a_core_can_fill_it_together() -> None:
    found = load(Shape(fleet_cpu=0.48, fleets=3, core_of={0: 1, 1: 3, 2: 3}))
    assert found.were_the_limit
    assert found.reasons == ("the fleets on core 3 used 96 % of it",)
    assert found.busiest_core == pytest.approx(0.96, abs=0.02)
    assert not load(Shape(fleet_cpu=0.48, fleets=3, core_of={0: 1, 1: 2, 2: 3})).were_the_limit


def test_an_idle_core_beside_it_does_not_excuse_a_full_one() -> None:
    record = made_run(Shape(core_of={0: 1, 1: 2}))
    for tick in record.ticks:
        tick.cpu_s = 1.0 if tick.fleet else 0.0
    for core_of in (record.core_of, {}):
        found = bots_load(record.ticks, core_of, 10**9)
        assert found.reasons == ("one fleet used 100 % of a core; give it fewer bots",)


def test_late_reading_is_the_limit_when_it_is_frequent() -> None:
    record = made_run()
    for tick in record.ticks[::5]:
        tick.lag_ms = 80.0
    assert "waited more than 50 ms" in bots_load(record.ticks, {}, 1_000_000).reasons[0]
    for tick in record.ticks[10:]:
        tick.lag_ms = 1.0
    assert not bots_load(record.ticks, {}, 1_000_000).were_the_limit


def test_packets_without_room_are_the_limit() -> None:
    assert "no room for" in load(Shape(overflows=40)).reasons[0]
    assert load(Shape(overflows=None)).overflows is None


def test_datagrams_that_the_system_refused_are_the_limit() -> None:
    found = load(Shape(unsent=3))
    assert found.unsent == 3 * len(made_run().ticks)
    assert found.reasons == (f"the system refused to send {found.unsent} of their datagrams",)


def test_nothing_is_known_without_ticks() -> None:
    found = bots_load([], {}, 0)
    assert (found.were_the_limit, found.cpu_cores, found.lag_ms) == (None, None, None)


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
