"""What a reader of a plot must act on."""

from loadtest.figures.summary import summarise
from loadtest.records import RunRecord
from loadtest.report import findings
from tests.support.run_records import Shape, empty_run, made_run


def run(shape: Shape | None = None) -> RunRecord:
    return made_run(shape)


def test_a_good_run_leaves_little_to_say() -> None:
    record = run()
    summary = summarise(record)
    assert findings.joins(record, summary) == ""
    assert findings.quality(summary) == ""
    assert findings.bots(summary) == ""


def test_the_worst_second_has_its_place() -> None:
    found = findings.latency(summarise(run()))
    assert found.startswith("The worst second's p99 was ")


def test_work_names_the_busiest_second_and_stalls() -> None:
    found = findings.work(summarise(run()))
    assert found.startswith("The busiest second took 1")
    assert found.endswith("2 loop stalls over 10 ms.")


def test_failed_joins_and_those_without_media_are_told() -> None:
    record = run(Shape(failing=2))
    record.joined[3].first_packet_ms = record.joined[3].first_frame_ms = None
    record.joined[4].first_frame_ms = None
    found = findings.joins(record, summarise(record))
    assert found == "2 failed. 1 got nothing within 10 s. 2 saw nothing within 10 s."


def test_loss_is_placed() -> None:
    found = findings.quality(summarise(run(Shape(lost=(4, 5), viewers=400))))
    assert found == ("Packets were lost in 2 of 60 s; the worst second lost 0.40 % at 00:11.")


def test_drops_are_counted() -> None:
    found = findings.memory(summarise(run(Shape(viewers=20, steady=300))))
    assert found == "The server dropped 3 packets."


def test_what_the_server_does_not_tell_is_not_called_none() -> None:
    record = run()
    for sample in record.server:
        sample.stalls = sample.drops = None
    assert findings.work(summarise(record)).endswith(" Its loop stalls are not known.")
    assert findings.memory(summarise(record)) == "What the server dropped is not known."


def test_bots_that_were_the_limit_are_told() -> None:
    limited = findings.bots(summarise(run(Shape(fleet_cpu=0.97))))
    assert limited.startswith("The bots were the limit: one fleet used 97 %")


def test_what_is_not_known_is_told() -> None:
    record = empty_run()
    empty = summarise(record)
    assert findings.latency(empty).startswith("No sampled bot")
    assert findings.work(empty) == "The server's work is not known."
    assert findings.joins(record, empty) == "Nobody joined."
    assert findings.quality(empty) == "Loss is not known."
    assert findings.memory(empty) == "The server's memory is not known."
    assert findings.bots(empty) == "The bots told nothing of their own load."
