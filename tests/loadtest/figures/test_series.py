"""What a run was like second by second."""

from array import array
from dataclasses import replace

from loadtest.figures.series import dropped, series, share
from loadtest.records import ServerSample, Tick
from tests.support.run_records import Shape, empty_run, made_run


def test_every_second_has_a_row_from_the_start_on() -> None:
    found = series(made_run(Shape(joining=5, steady=60)))
    assert found.at == list(range(68))
    assert found.present[0] == 20
    assert found.present[10] == 200
    assert found.joins[:6] == [40, 40, 40, 40, 40, 0]


def test_a_second_adds_up_all_fleets() -> None:
    one, two = (series(made_run(Shape(fleets=n))) for n in (1, 2))
    assert one.received_per_s[30] == two.received_per_s[30] == 36_000
    assert two.bots_cpu[30] is not None
    assert 0.5 < two.bots_cpu[30] < 0.7


def test_server_rates_are_differences_of_totals() -> None:
    found = series(made_run())
    assert found.copies_per_s[30] == 36_000
    assert found.cpu_share[30] is not None
    assert 0.1 < found.cpu_share[30] < 0.16
    assert found.drops_per_s[17] == 3


def test_a_fleet_that_skips_a_second_is_still_there() -> None:
    record = made_run()
    record.ticks = [tick for tick in record.ticks if not (tick.fleet == 1 and 30 < tick.at < 31.5)]
    found = series(record)
    assert found.present[30] == 200
    assert found.received_per_s[30] == 18_000


def test_seconds_without_news_are_empty() -> None:
    record = made_run()
    record.ticks = [tick for tick in record.ticks if not 29.5 < tick.at < 31.5]
    found = series(record)
    assert (found.p99_ms[30], found.loss[30], found.lag_ms[30]) == (None, None, None)
    assert len(found.copies_per_s) == len(found.at)


def test_samples_that_come_late_tell_of_all_seconds_between() -> None:
    record = made_run()
    record.server = [sample for sample in record.server if not 29.5 < sample.at < 32.5]
    found = series(record)
    assert found.copies_per_s[29:33] == [36_000] * 4


def test_a_restarted_server_has_no_rate_in_that_second() -> None:
    record = made_run()
    for sample in record.server[30:]:
        sample.copies -= record.server[29].copies
    found = series(record)
    assert found.copies_per_s[29] is None
    assert found.copies_per_s[31] == 36_000


def test_nothing_makes_empty_columns() -> None:
    found = series(empty_run())
    assert found.at == found.present == found.p99_ms == []


def test_points_are_those_with_a_value_within_the_window() -> None:
    found = series(made_run())
    found.loss[30] = None
    points = found.points(found.loss, 29.0, 33.0)
    assert points == [(29.5, 0.0), (31.5, 0.0), (32.5, 0.0)]


def test_drops_are_told_by_reason_without_zeros() -> None:
    def sample(**drops: int) -> ServerSample:
        return ServerSample(0.0, 0.0, 0, 0, 0, 0, drops, 0, 0.0)

    assert dropped(sample(a=1, b=2), sample(a=1, b=5, c=7)) == {"b": 3, "c": 7}
    assert dropped(sample(a=1), replace(sample(), drops=None)) is None
    assert dropped(replace(sample(), drops=None), sample(a=1)) is None


def test_a_share_of_nothing_is_unknown() -> None:
    assert share(0, 0) is None
    assert share(None, 5) is None
    assert share(1, 3) == 0.25


def test_latencies_of_latecomers_are_apart() -> None:
    record = empty_run()
    latencies = array("f", [5.0]), array("f", [90.0])
    record.ticks = [Tick(0, 1.0, 1, 1, 1, 0, 0.1, 0.1, *latencies, 0, 0, 0, 0, 0)]
    found = series(record)
    assert (found.p50_ms, found.p99_ms, found.late_p99_ms) == ([5.0], [5.0], [90.0])
