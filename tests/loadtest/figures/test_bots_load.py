"""Were the bots the limit?"""

import pytest

from loadtest.figures.bots_load import BotsLoad, bots_load
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
