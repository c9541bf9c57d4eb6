"""docs/payments.md shows the state table as it is."""

from pathlib import Path

from billing.orders.states import Row
from billing.orders.table import ROWS

DOCUMENT = Path(__file__).parents[3] / "docs" / "payments.md"


def line(row: Row) -> str:
    """The row as the document has it."""
    parts = [
        f"{part.replace('_', ' ')}: " + " or ".join(sorted(_word(value) for value in values))
        for part, values in row.when.items()
    ]
    then = f"{row.action} ({row.reason})" if row.reason else str(row.action)
    return f"| {row.name} | {row.kind} | {'; '.join(parts) or 'any'} | {then} | {row.why} |"


def _word(value: object) -> str:
    return "none" if value is None else str(value)


def test_the_document_shows_each_row_of_the_state_table() -> None:
    text = DOCUMENT.read_text("utf-8")
    table = text.rpartition("|---|---|---|---|---|\n")[2].splitlines()
    assert table == [line(row) for row in ROWS]
