"""The table, the JSON and the history of `make bench`."""

import json

import pytest

from bench import table
from bench.figures import Figure, Rounds

LINES = [
    Figure("lean", "sendto (beside 200)", 5.0, "µs", 5.0),
    Figure("paced", "1 -> 200 paced", 6.25, "µs", 5.0, "36,000 copies/s"),
    Figure("depth", "frames", 6, "frames", 5.0),
]


def test_a_figure_is_told_in_microseconds_and_beside_the_lean_loop() -> None:
    lines = table.render(LINES).splitlines()
    assert lines[0].split() == ["bench", "case", "value", "unit", "÷", "lean"]
    assert lines[2].split()[-4:] == ["µs", "1.25", "36,000", "copies/s"]
    assert "36,000 copies/s" in lines[2]


def test_counts_have_no_ratio() -> None:
    assert LINES[2].ratio is None
    assert table.render(LINES[2:]).splitlines()[1].endswith("frames")


def test_json_tells_when_and_where() -> None:
    document = json.loads(table.to_json(LINES, "2 cores", "abc", "2026-11-24"))
    assert (document["machine"], document["commit"]) == ("2 cores", "abc")
    assert [figure["ratio"] for figure in document["figures"]] == [1.0, 1.25, None]


def test_history_tells_the_key_ratios_and_what_was_not_measured() -> None:
    line = table.history_line(LINES, "2 cores", "abc", "2026-11-24")
    assert line == "| 2026-11-24 | abc | 2 cores | 5.00 | - | 1.25 | - | - | - | - |"


def test_figures_are_replaced_and_a_line_is_added_to_the_history() -> None:
    figures, end = table.FIGURES_BEGIN, table.FIGURES_END
    history = f"{table.HISTORY_BEGIN}\n| a |\n{table.HISTORY_END}"
    document = f"a\n{figures}\nold\n{end}\nb\n{history}\nc\n"
    written = table.recorded(document, LINES, "| b |").splitlines()
    assert "old" not in written
    assert written[:4] == [
        "a",
        figures,
        "| bench | case | value | unit | ÷ lean | |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    assert written[-5:] == [table.HISTORY_BEGIN, "| a |", "| b |", table.HISTORY_END, "c"]


def test_a_document_without_a_place_for_figures_is_refused() -> None:
    with pytest.raises(ValueError, match="figures"):
        table.recorded("nothing", LINES, "| b |")


def test_the_median_leaves_a_disturbed_round_out() -> None:
    rounds = Rounds()
    for value in (1.0, 9.0, 2.0):
        rounds.add("case", value)
    assert rounds.median("case") == 2.0
    with pytest.raises(KeyError):
        rounds.median("other")
