"""Other programs on a test's cores are noticed, the test's own parts are not."""

from pathlib import Path

from loadtest.run.contention import CoreTime, disturbances, read_cores

STAT = """cpu  300 30 600 9000 1 2 3 40 0 0
cpu0 100 10 200 3000 1 2 3 20 0 0
cpu1 200 20 400 6000 0 0 0 20 0 0
intr 5 6 7
"""


def test_cores_are_read_from_proc(tmp_path: Path) -> None:
    stat = tmp_path / "stat"
    stat.write_text(STAT)
    assert read_cores(stat) == {0: CoreTime(3.1, 0.2), 1: CoreTime(6.2, 0.2)}
    assert read_cores(tmp_path / "none") == {}


def words(used: float, spent: float, stolen: float = 0.0) -> list[str]:
    before, after = {0: CoreTime(5.0, 1.0)}, {0: CoreTime(5.0 + used, 1.0 + stolen)}
    return disturbances(before, after, 10.0, {"the server's core": ([0], spent)})


def test_own_work_disturbs_nothing() -> None:
    assert words(used=8.0, spent=7.5) == []


def test_other_programs_are_told() -> None:
    (found,) = words(used=9.0, spent=5.0)
    assert found.startswith("Other programs took 40 % of the time of the server's core (0)")


def test_a_busy_host_is_told() -> None:
    (found,) = words(used=5.0, spent=5.0, stolen=3.0)
    assert found == "Other machines on this host took 30 % of the server's core (0)"


def test_unknown_cores_and_no_time_say_nothing() -> None:
    assert disturbances({}, {}, 10.0, {"bots": ([3], 0.0)}) == []
    one = {3: CoreTime(1.0, 1.0)}
    assert disturbances(one, one, 0.0, {"bots": ([3], 0.0)}) == []
