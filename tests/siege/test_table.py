import json

from tests.siege.records import Finding, Kind, Outcome, Span, Spread
from tests.siege.table import check_cells, document, load_cells, markdown, remarks, verdict

CALM = Span(5.0, Spread(500, 1.0, 4.0, 9.0), Spread(100, 1.0, 8.0, 9.0), 0, 0.1, 5_000.0)
UNDER = Span(
    10.0,
    Spread(1_000, 2.0, 64.0, 99.0),
    Spread(200, 2.0, 20.0, 30.0),
    0,
    0.5,
    30_000.0,
    {"drops{replayed}": 12.0},
)
LOAD = Finding(
    row="6a",
    name="NACK | storm",
    does="Many NACKs",
    kind=Kind.LOAD,
    calm=CALM,
    under=UNDER,
    disconnected=("probe-1 (timeout)",),
    outcome=Outcome(sent=10, sent_bytes=50_000, seconds=10.0, removed="flood", facts=["a fact"]),
    missed=("latency", "disconnected"),
)
CHECK = Finding(
    row="9",
    name="dates",
    does="Tokens",
    kind=Kind.CHECK,
    calm=None,
    under=None,
    disconnected=(),
    outcome=Outcome(facts=["all refused"], passed=True),
    missed=(),
)


def test_a_load_is_told_by_what_others_felt() -> None:
    assert load_cells(LOAD) == (
        *("6a", "NACK | storm", "+60.0", "20", "30", "1"),
        *("10% → 50%", "5", "2", "FAIL: latency, disconnected"),
    )


def test_a_check_is_told_by_what_was_seen() -> None:
    assert check_cells(CHECK) == ("9", "dates", "all refused", "ok")


def test_what_has_no_bar_is_only_measured() -> None:
    seen = Finding("16c", "n", "d", Kind.CHECK, None, None, (), Outcome(), ())
    assert verdict(seen) == "measured"


def test_remarks_say_what_columns_do_not() -> None:
    assert remarks(LOAD) == [
        "a fact",
        "attacker removed: flood",
        "disconnected: probe-1 (timeout)",
        "counted drops{replayed} +12",
    ]


def test_the_tables_hold_in_markdown() -> None:
    lines = markdown([LOAD, CHECK], "About.").splitlines()
    assert lines[0] == "About."
    assert [line.replace("\\|", "").count("|") for line in lines if line.startswith("|")] == [
        *[11] * 3,
        *[5] * 3,
    ]
    assert lines[-1].startswith("- **6a** Many NACKs: a fact; ")


def test_all_figures_go_to_json() -> None:
    written = json.loads(json.dumps(document([LOAD, CHECK], {"server": "abc"})))
    assert written["server"] == "abc"
    assert written["rows"][0]["under"]["latency"]["p99"] == 64.0
