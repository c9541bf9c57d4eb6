"""What the real Chromium viewers saw."""

from dataclasses import replace

from loadtest.figures.browser import browser_figures
from tests.support.run_records import Shape, made_run


def test_a_run_without_browsers_says_nothing_of_them() -> None:
    assert browser_figures([]) is None


def test_medians_and_the_worst_are_told() -> None:
    found = browser_figures(made_run(Shape(browsers=3)).browsers)
    assert found is not None
    assert (found.viewers, found.joined, found.freezes) == (3, 3, 1)
    assert (found.fps_median, found.fps_worst, found.smallest) == (28.5, 27.5, "1280x720")
    assert found.loss == 3 / 33_003


def test_one_that_never_joined_is_an_error_and_nothing_else() -> None:
    seated = made_run(Shape(browsers=1)).browsers
    failed = replace(seated[0], name="late", joined=False, fps=0.0, error="no class in 20 s")
    found = browser_figures([*seated, failed])
    assert found is not None
    assert (found.viewers, found.joined, found.fps_worst) == (2, 1, 29.5)
    assert found.errors == ("late: no class in 20 s",)


def test_nobody_seated_leaves_only_errors() -> None:
    failed = replace(made_run(Shape(browsers=1)).browsers[0], joined=False, error="gone")
    found = browser_figures([failed])
    assert found is not None
    assert (found.fps_median, found.join_ms, found.loss) == (None, None, None)
