"""The table that `make bench` prints, its JSON, and its one line of history. Pure: no I/O."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from bench.figures import Figure

HEADINGS = ("bench", "case", "value", "unit", "÷ lean", "")
FIGURES_BEGIN, FIGURES_END = "<!-- figures: make bench -->", "<!-- end of figures -->"
HISTORY_BEGIN, HISTORY_END = "<!-- history: make bench -->", "<!-- end of history -->"
NONE = "-"
KEY_CASES = (  # the ratios of a line of history, in the order of its columns
    ("forwarding", "1 -> 200 back to back"),
    ("paced", "1 -> 200 paced"),
    ("paced", "1 -> 500 paced"),
    ("paced", "1 -> 1000 paced"),
    ("paced", "1 -> 200 pushed"),
    ("paced", "1 -> 200 full"),
)


def render(figures: Sequence[Figure]) -> str:
    """Plain text, one line a figure."""
    rows = [HEADINGS, *(_row(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    return "\n".join(_line(row, widths) for row in rows)


def _row(figure: Figure) -> tuple[str, ...]:
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    return (
        figure.bench,
        figure.case,
        f"{figure.value:,.2f}",
        figure.unit,
        ratio,
        figure.note,
    )


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        cell.rjust(width) if column in (2, 4) else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def to_markdown(figures: Sequence[Figure]) -> str:
    """The same for a document."""
    rows = [_row(figure) for figure in figures]
    lines = [" | ".join(row).rstrip() for row in (HEADINGS, *rows)]
    lines.insert(1, " | ".join("---" for _ in HEADINGS))
    return "\n".join(f"| {line} |" for line in lines)


def to_json(figures: Sequence[Figure], machine: str, commit: str, date: str) -> str:
    """Everything, with the ratios worked out."""
    lines = [{**asdict(figure), "ratio": figure.ratio} for figure in figures]
    document = {"date": date, "commit": commit, "machine": machine, "figures": lines}
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def history_line(figures: Sequence[Figure], machine: str, commit: str, date: str) -> str:
    """One line of the history table; a dash for what was not measured."""
    ratios = {(figure.bench, figure.case): figure.ratio for figure in figures}
    lean = next((figure.value for figure in figures if figure.bench == "lean"), None)
    cells = [date, commit, machine, NONE if lean is None else f"{lean:.2f}"]
    for key in KEY_CASES:
        ratio = ratios.get(key)
        cells.append(NONE if ratio is None else f"{ratio:.2f}")
    return "| " + " | ".join(cells) + " |"


def recorded(document: str, figures: Sequence[Figure], line: str) -> str:
    """The document with these figures, and the line at the end of its history.

    Raises ValueError when it has no place for them.
    """
    for mark in (FIGURES_BEGIN, FIGURES_END, HISTORY_BEGIN, HISTORY_END):
        if mark not in document:
            raise ValueError(f"no {mark} in the document")
    before, _, rest = document.partition(FIGURES_BEGIN)
    _, _, after = rest.partition(FIGURES_END)
    document = f"{before}{FIGURES_BEGIN}\n{to_markdown(figures)}\n{FIGURES_END}{after}"
    before, _, after = document.partition(HISTORY_END)
    return f"{before.rstrip()}\n{line}\n{HISTORY_END}{after}"
