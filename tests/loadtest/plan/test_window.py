"""The measured part begins when everybody is in."""

from loadtest.plan.window import PATIENCE, Window


def window() -> Window:
    return Window(10.0, 40.0, settle=3.0)


def test_measured_as_planned_when_all_are_in_in_time() -> None:
    found = window()
    found.update(6.9, in_at=5.0)  # the last has not even come
    assert found.phase(6.9) == "joining"
    found.update(8.0, None)
    assert (found.shift is None, found.start) == (True, 10.0 + PATIENCE)
    found.update(9.5, in_at=9.4)
    assert (found.start, found.end, found.shift, found.note) == (10.0, 40.0, 0.0, "")
    assert [found.phase(at) for at in (-0.1, 0.0, 9.9, 10.0)] == [
        "starting",
        "joining",
        "joining",
        "measuring",
    ]


def test_being_told_late_changes_nothing() -> None:
    found = window()
    found.update(12.0, in_at=9.9)
    assert (found.start, found.note) == (10.0, "")


def test_who_is_late_is_waited_for_and_may_settle() -> None:
    found = window()
    found.update(14.0, None)
    assert found.end > 40.0
    found.update(15.2, in_at=15.0)
    found.update(16.0, None)  # somebody else, later: no matter
    assert (found.start, found.end, found.shift) == (18.0, 48.0, 8.0)
    assert found.note == "People came more slowly than planned: measured 8 s later"


def test_patience_ends() -> None:
    found = window()
    found.update(10.0 + PATIENCE - 0.1, None)
    assert found.phase(39.0) == "joining"
    found.update(10.0 + PATIENCE, None)
    assert (found.start, found.end) == (40.0, 70.0)
    assert "still missing" in found.note
