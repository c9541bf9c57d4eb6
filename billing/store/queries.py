"""Parts of queries that several services use: a text somewhere in a column, the next page of a list
that goes from the newest to the oldest."""

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy.orm import InstrumentedAttribute

from billing.errors import BillingError

_MAX_DIGITS = 15


def cursor_of(at: int, id: str) -> str:
    """The cursor of the next page: behind the row of this time and id."""
    return f"{at}.{id}"


def behind(
    cursor: str, at: InstrumentedAttribute[int], id: InstrumentedAttribute[str]
) -> ColumnElement[bool]:
    """Rows behind a cursor's; raises BillingError for a text that is no cursor."""
    digits, dot, last = cursor.partition(".")
    if not (dot and digits.isascii() and digits.isdigit() and len(digits) <= _MAX_DIGITS):
        raise BillingError("bad_cursor", "This list has no such page.", "cursor")
    moment = int(digits)
    return or_(at < moment, and_(at == moment, id < last))


def containing(column: InstrumentedAttribute[str], text: str) -> ColumnElement[bool]:
    """Whether the column contains the text, without case; nothing in it is a wildcard."""
    return column.icontains(text, autoescape=True)
