"""What a run's figures come to."""

import json
from array import array

import pytest

from loadtest.figures.summary import summarise
from loadtest.records import Failed, RunRecord
from tests.support.run_records import Shape, empty_run, made_run

# Of the public protocol: "The JSON has at least".
PROTOCOL_KEYS = {"joined", "failed", "join_ms", "first_frame_ms", "copies_per_s", "loss"}
PROTOCOL_KEYS |= {"copies_per_cpu_s", "server_cpu_s", "added_latency_ms"}
PROTOCOL_KEYS |= {"nacks", "plis", "freezes", "machine"}


def test_the_json_has_what_the_protocol_promises() -> None:
    found = json.loads(json.dumps(summarise(made_run()).to_json(), allow_nan=False))
    assert not PROTOCOL_KEYS - set(found)
    for key in ("join_ms", "first_frame_ms", "added_latency_ms"):
        assert {"p50", "p95", "p99"} <= set(found[key])


def test_keys_are_the_same_when_nothing_came_about() -> None:
    full, empty = (summarise(record).to_json() for record in (made_run(), empty_run()))
    assert list(full) == list(empty)
    json.dumps(empty, allow_nan=False)


def test_numbers_are_cut_to_six_digits_but_not_the_date() -> None:
    found = summarise(made_run()).to_json()
    assert found["started_at"] == 1_764_000_000.0
    assert found["us_per_copy"] == float(f"{found['us_per_copy']:.6g}")


def test_only_the_steady_part_counts_for_rates_and_latency() -> None:
    record = made_run()
    expected = summarise(record).media
    for tick in record.ticks[:8]:
        tick.latencies, tick.lost, tick.freezes = array("f", [9_000.0]), 500, 3
    assert summarise(record).media == expected


def test_joins_count_whenever_they_came() -> None:
    found = summarise(made_run(Shape(viewers=50, late=30))).joins
    assert (found.joined, found.failed, found.missing) == (80, 0, 0)
    assert found.join_ms is not None
    assert found.join_ms.count == 80


def test_who_never_got_in_and_who_fell_out_are_told_apart() -> None:
    record = made_run(Shape(viewers=50, failing=2))
    record.failed.append(Failed("viewer-3", 40.0, "connection_lost", "gone"))
    found = summarise(record).joins
    assert (found.joined, found.failed, found.fell_out, found.missing) == (50, 2, 1, 3)
    assert found.failures == {"connection_lost": 1, "timeout": 2}


def test_joins_without_media_are_counted() -> None:
    record = made_run(Shape(viewers=50))
    record.joined[4].first_packet_ms = record.joined[4].first_frame_ms = None
    found = summarise(record).joins
    assert found.without_media == 1
    assert found.first_packet_ms is not None
    assert (found.first_packet_ms.count, found.first_packet_ms.max) == (50, 10_000)


def test_joins_without_a_picture_are_counted_and_are_as_slow_as_can_be() -> None:
    record = made_run(Shape(viewers=50))
    record.joined[4].first_frame_ms = record.joined[7].first_frame_ms = None
    record.wants_no_picture = frozenset({record.joined[7].name})
    found = summarise(record).joins
    assert (found.without_picture, found.without_media) == (1, 0)
    assert found.first_frame_ms is not None
    assert (found.first_frame_ms.count, found.first_frame_ms.max) == (49, 10_000)


def test_a_picture_that_stood_still_all_the_time_is_a_freeze() -> None:
    record = made_run(Shape(viewers=50))
    assert summarise(record).media.freezes == 0
    for tick in record.ticks:
        tick.frozen = int(tick.fleet == 1 and tick.at > 3)
    assert summarise(record).media.freezes == 1
    for tick in record.ticks:
        tick.frozen = int(tick.at < 6)
    assert summarise(record).media.freezes == 0


def test_who_wants_no_media_misses_none() -> None:
    record = made_run(Shape(viewers=50))
    record.joined[4].first_packet_ms = None
    record.asks_nothing = frozenset({record.joined[4].name})
    found = summarise(record).joins
    assert found.without_media == 0
    assert found.first_packet_ms is not None
    assert found.first_packet_ms.count == 49


def test_loss_is_of_what_should_have_come() -> None:
    found = summarise(made_run(Shape(lost=(5, 6)))).media
    assert found.loss == pytest.approx(2 * 0.004 / 60, rel=0.05)
    assert found.loss == found.lost / (found.lost + found.received)


def test_latecomers_do_not_change_the_base_latency() -> None:
    found = summarise(made_run(Shape(late=100))).media
    assert found.added_latency_ms is not None
    assert found.late_added_latency_ms is not None
    assert found.late_added_latency_ms.p50 > found.added_latency_ms.p50


def test_the_whole_run_counts_what_every_bot_said() -> None:
    found = summarise(made_run(Shape(viewers=50))).whole_run
    assert (found.bots, found.packets, found.lost) == (50, 500_000, 100)
    assert found.left == {"finished": 50}


def nobody(record: RunRecord) -> None:
    record.joined, record.ticks, record.results = [], [], []


def no_server(record: RunRecord) -> None:
    record.server = []


def one_sample(record: RunRecord) -> None:
    record.server = record.server[30:31]


def restarted(record: RunRecord) -> None:
    record.server[30].copies = 0


def no_memory(record: RunRecord) -> None:
    for sample in record.server:
        sample.rss_bytes = None


def no_steady_part(record: RunRecord) -> None:
    record.measure_to = record.measure_from


def nobody_sampled(record: RunRecord) -> None:
    for tick in record.ticks:
        tick.latencies = array("f")


def short_soak(record: RunRecord) -> None:
    record.scenario, record.measure_to = "soak", record.measure_from + 30


@pytest.mark.parametrize(
    ("spoil", "note"),
    [
        (nobody, "Nobody joined"),
        (no_server, "metrics could not be read"),
        (one_sample, "Fewer than two samples"),
        (restarted, "started anew"),
        (no_memory, "did not tell its memory"),
        (no_steady_part, "no steady part"),
        (nobody_sampled, "No sampled bot"),
        (short_soak, "too short to find a drift"),
    ],
)
def test_what_is_missing_is_noted(spoil: object, note: str) -> None:
    record = made_run()
    assert callable(spoil)
    spoil(record)
    found = summarise(record)
    assert any(note in text for text in found.notes)
    json.dumps(found.to_json(), allow_nan=False)


def test_a_whole_run_has_no_notes_but_its_own() -> None:
    assert summarise(made_run(Shape(notes=("turbo was off",)))).notes == ("turbo was off",)
    assert summarise(empty_run()).joins.join_ms is None
