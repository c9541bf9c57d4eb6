"""Small parts of queries that several services use."""

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute


def containing(column: InstrumentedAttribute[str], text: str) -> ColumnElement[bool]:
    """Whether the column contains the text, without case; nothing in it is a wildcard."""
    return column.icontains(text, autoescape=True)
