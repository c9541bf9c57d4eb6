"""What each plot shows, in a sentence."""

import pytest

from loadtest.figures.summary import summarise
from loadtest.records import RunRecord
from loadtest.report import findings
from tests.support.run_records import Shape, empty_run, made_run


def run(shape: Shape | None = None) -> RunRecord:
    return made_run(shape)


@pytest.mark.parametrize(
    ("value", "expected"), [(5.93, 6.0), (6.0, 6.0), (123.0, 130.0), (0.0412, 0.042), (0.0, 0.0)]
)
def test_levels_are_rounded_up_to_two_digits(value: float, expected: float) -> None:
    assert findings.rounded_up(value) == pytest.approx(expected)


def test_a_calm_series_stayed_where_it_was() -> None:
    assert findings.stayed([(n + 0.5, 5.0 + n % 2) for n in range(60)]) == "stayed within 6 ms"


def test_exceptions_are_counted_and_the_worst_is_placed() -> None:
    points = [(n + 0.5, 41.0 if n in (41, 52) else 8.7) for n in range(60)]
    found = findings.stayed(points)
    assert found == "stayed within 8.7 ms but for 2 s, the worst 41.0 ms at 00:41"


def test_latency_is_told_by_half_most_and_worst() -> None:
    found = findings.latency_spread(summarise(run()))
    assert found.startswith("Half of all came within 2.")
    assert "99 % within" in found


def test_latecomers_are_named_when_there_were_some() -> None:
    assert "latecomers" not in findings.latency_over_time(summarise(run()))
    assert "latecomers' worst second" in findings.latency_over_time(summarise(run(Shape(late=50))))


def test_work_names_the_busiest_second() -> None:
    found = findings.work(summarise(run()))
    assert found.startswith("36,000 copies a second with 13 % of a core; the busiest second took")
    assert found.endswith("2 loop stalls over 10 ms.")


def test_joins_name_the_slowest_and_the_failed() -> None:
    found = findings.joins_over_time(run(Shape(failing=2)))
    assert found.startswith("200 joins from 00:00 to 00:04; the slowest first frame took")
    assert found.endswith("2 failed.")
    assert findings.joins_spread(summarise(run())).startswith("95 % were in after 18")


def test_joins_that_got_nothing_are_told() -> None:
    record = run()
    record.joined[3].first_packet_ms = record.joined[3].first_frame_ms = None
    record.joined[4].first_frame_ms = None
    found = findings.joins_spread(summarise(record))
    assert found.endswith(" 1 got nothing within 10 s. 2 saw nothing within 10 s.")


def test_loss_and_freezes_are_placed() -> None:
    assert findings.quality(summarise(run())) == (
        "No packet was lost in the measured part. No picture froze."
    )
    found = findings.quality(summarise(run(Shape(lost=(4, 5), viewers=400))))
    assert "in 2 of 60 s; the worst second 0.40 % at 00:11" in found
    assert found.endswith("4 freezes, in 2 s.")


def test_memory_tells_its_growth_over_a_long_run() -> None:
    found = findings.memory(summarise(run(Shape(viewers=20, steady=300, leak_mb_per_h=60))))
    assert "going +" in found
    assert "Each person added" in found
    assert found.endswith("3 packets dropped.")


def test_what_the_server_does_not_tell_is_not_called_none() -> None:
    record = run()
    for sample in record.server:
        sample.stalls = sample.drops = None
    assert findings.work(summarise(record)).endswith(" Its loop stalls are not known.")
    assert findings.memory(summarise(record)).endswith(" What it dropped is not known.")


def test_the_bots_own_load_is_told_either_way() -> None:
    assert findings.bots(summarise(run())).startswith("The busiest fleet used 30 % of a core")
    limited = findings.bots(summarise(run(Shape(fleet_cpu=0.97))))
    assert limited.startswith("The bots were the limit: one fleet used 97 %")


def test_nothing_is_said_of_what_is_not_known() -> None:
    empty = summarise(empty_run())
    assert findings.latency_spread(empty) == "No sampled bot measured added latency."
    assert findings.latency_over_time(empty).startswith("No sampled bot")
    assert findings.work(empty) == "The server's work is not known."
    assert findings.joins_over_time(empty_run()) == "Nobody joined."
    assert findings.joins_spread(empty) == "Nobody joined."
    assert findings.quality(empty) == "Loss is not known."
    assert findings.memory(empty) == "The server's memory is not known."
    assert findings.bots(empty) == "The bots told nothing of their own load."
