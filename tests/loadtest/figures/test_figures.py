"""Every figure knows where it is."""

import pytest

from loadtest.figures.figures import ALL, BY_PATH, TIMES, Figure
from loadtest.figures.summary import summarise
from tests.support.run_records import Shape, empty_run, made_run

FULL = [summarise(made_run(Shape(late=n, steady=100, browsers=2))) for n in (20, 0)]


@pytest.mark.parametrize("figure", list(BY_PATH.values()), ids=list(BY_PATH))
def test_every_figure_is_found_in_a_full_run_and_bears_an_empty_one(figure: Figure) -> None:
    assert any(figure.of(summary) is not None for summary in FULL)
    assert any(figure.text(summary) != "unknown" for summary in FULL)
    figure.text(summarise(empty_run()))


def test_no_figure_is_told_twice() -> None:
    assert len(BY_PATH) == len(ALL)
    assert len({figure.label for figure in ALL}) == len(ALL)


def test_times_are_known_when_something_was_measured() -> None:
    known = {times.path for times in TIMES if times.known(summarise(made_run()))}
    assert "media.added_latency_ms" in known
    assert "media.late_added_latency_ms" not in known
