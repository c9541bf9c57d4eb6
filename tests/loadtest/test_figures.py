"""Every figure knows where it is."""

import pytest

from loadtest.figures import BY_PATH, GROUPS, Figure
from loadtest.summary import summarise
from tests.support.run_records import Shape, empty_run, made_run

FULL = summarise(made_run(Shape(late=20, browsers=2)))


@pytest.mark.parametrize("figure", list(BY_PATH.values()), ids=list(BY_PATH))
def test_every_figure_is_found_in_a_full_run_and_bears_an_empty_one(figure: Figure) -> None:
    assert figure.of(FULL) is not None
    assert figure.text(FULL) != "unknown"
    figure.text(summarise(empty_run()))


def test_no_figure_is_told_twice() -> None:
    assert len(BY_PATH) == sum(len(group.figures) for group in GROUPS)
