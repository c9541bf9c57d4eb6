"""The table for the terminal."""

import io

from rich.console import Console

from loadtest.cli.table import table
from loadtest.figures.summary import summarise
from loadtest.figures.thresholds import Thresholds
from loadtest.records import RunRecord
from tests.support.run_records import Shape, empty_run, made_run


def lines(record: RunRecord, limits: Thresholds | None = None) -> list[str]:
    console = Console(file=io.StringIO(), width=80, force_terminal=False)
    console.print(table(summarise(record), limits or Thresholds()))
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def row(found: list[str], title: str) -> str:
    return next(line for line in found if line.startswith(title))


def test_without_limits_nothing_is_called_good_or_bad() -> None:
    found = lines(made_run())
    assert "limit" not in row(found, "  ").split()
    assert not any(word in line.split() for line in found for word in ("ok", "over", "≤"))
    assert row(found, "Loss").split() == ["Loss", "0", "%"]
    assert "200 of 200 joined, 60 s measured" in found


def test_a_limit_stands_beside_its_figure() -> None:
    found = lines(made_run(Shape(lost=(3,))), Thresholds(max_loss=0.00001, max_p99=25))
    assert row(found, "Added latency").endswith("p99 ≤ 25.0 ms ok")
    assert row(found, "Loss").split()[-5:] == ["%", "≤", "0.001", "%", "over"]
    assert "Loss 0.007 % is above the limit of 0.001 %" in found


def test_kept_limits_are_said_so() -> None:
    assert "All limits were kept." in lines(made_run(), Thresholds(max_loss=0.1))


def test_figures_that_are_not_there_are_left_out_unless_limited() -> None:
    found = lines(empty_run(), Thresholds(max_cpu=0.9))
    assert not [line for line in found if line.startswith("Copies")]
    assert row(found, "CPU").endswith("unknown")
    assert "The bots told nothing of their own load." in found


def test_what_a_server_does_not_tell_is_unknown() -> None:
    record = made_run()
    for sample in record.server:
        sample.stalls = sample.drops = sample.rss_bytes = None
    found = lines(record)
    assert row(found, "Loop stalls").split() == ["Loop", "stalls", "unknown"]
    assert row(found, "Memory at the end").endswith("unknown")


def test_latecomers_have_a_row_when_there_were_some() -> None:
    assert not [line for line in lines(made_run()) if "Latecomers" in line]
    assert [line for line in lines(made_run(Shape(late=50))) if "Latecomers" in line]


def test_bots_that_were_the_limit_are_named() -> None:
    found = " ".join(lines(made_run(Shape(fleet_cpu=0.98))))
    assert "The bots were the limit, not the server: one fleet used 98 % of a core" in found


def test_a_soak_tells_of_drifts() -> None:
    assert "Nothing drifted." in lines(made_run(Shape(viewers=20, steady=160)))
    leaking = lines(made_run(Shape(viewers=20, steady=340, leak_mb_per_h=90)))
    assert "Drifted: the server's memory grew by 7.5 MB in 5 min" in leaking


def test_what_others_wrote_is_not_taken_for_markup() -> None:
    assert "Note: [bold]no[/bold] turbo" in lines(made_run(Shape(notes=("[bold]no[/bold] turbo",))))
