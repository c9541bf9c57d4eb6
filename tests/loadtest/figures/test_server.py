"""What the server spent and sent."""

import pytest

from loadtest.figures.series import series
from loadtest.figures.server import Memory, ServerFigures, memory, server_figures
from loadtest.records import ServerSample
from tests.support.run_records import Shape, empty_run, made_run


def test_cost_is_cpu_over_copies_of_the_steady_part() -> None:
    shape = Shape(us_per_copy=4.0)
    found = server_figures(made_run(shape).server, shape.start, shape.end)
    assert found.copies_per_s == 36_000
    assert found.us_per_copy is not None
    assert found.us_per_copy == pytest.approx(4.3, abs=0.1)
    assert found.copies_per_cpu_s == pytest.approx(1e6 / found.us_per_copy)
    assert found.cpu_share == pytest.approx(found.us_per_copy * 0.036)
    assert found.server_cpu_s == pytest.approx(found.us_per_copy * 0.036 * 60)


def test_totals_are_told_as_what_they_grew() -> None:
    shape = Shape()
    found = server_figures(made_run(shape).server, shape.start, shape.end)
    assert found.packets_in_per_s == 420
    assert found.sent_mbit_per_s == 288
    assert found.drops == {"outbox_full": 3}
    assert found.stalls == 2


def test_a_server_that_sends_nothing_has_no_cost_per_copy() -> None:
    idle = [ServerSample(float(n), 1.0, 0, 7, 0, 0, {}, 0, 0.0) for n in range(10)]
    found = server_figures(idle, 2.0, 8.0)
    assert (found.copies_per_s, found.us_per_copy, found.copies_per_cpu_s) == (0, None, None)


def test_what_the_server_does_not_tell_is_unknown_and_not_none_at_all() -> None:
    bare = [
        ServerSample(float(n), 0.1 * n, None, 70 * n, None, None, None, None, None)
        for n in range(10)
    ]
    found = server_figures(bare, 2.0, 8.0)
    assert found.copies_per_s == 70
    assert found.cpu_share == pytest.approx(0.1)
    assert (found.packets_in_per_s, found.sent_mbit_per_s, found.stalls) == (None, None, None)
    assert (found.drops, found.drops_whole_run, found.longest_stall_ms) == (None, None, None)
    assert memory(bare, series(empty_run()), 2.0) == Memory()


def test_two_samples_of_one_moment_say_nothing() -> None:
    sample = made_run().server[30]
    assert server_figures([sample, sample], 0.0, 60.0) == ServerFigures()


def test_memory_per_person_is_what_joining_added() -> None:
    shape = Shape()
    record = made_run(shape)
    found = memory(record.server, series(record), shape.start)
    assert found.kb_per_subscriber is not None
    assert 70 < found.kb_per_subscriber < 115
    assert found.start_mb == pytest.approx(80, abs=5)
    assert found.max_mb is not None
    assert found.end_mb is not None
    assert found.max_mb >= found.end_mb


def test_memory_is_unknown_without_sizes() -> None:
    assert memory([], series(empty_run()), 0.0) == Memory()


def test_memory_per_person_needs_people_who_came() -> None:
    record = made_run()
    found = memory(record.server[20:], series(record), 7.0)
    assert found.kb_per_subscriber is None
    assert found.end_mb is not None
