"""Transactions that start anew when another one was faster."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from billing.store.database import Database

Answer = TypeVar("Answer")

TRIES = 3
# PostgreSQL: serialization failure, deadlock, unique violation (class 40 and 23505).
_AGAIN = frozenset(("40001", "40P01", "23505"))


async def transact(db: Database, work: Callable[[AsyncSession], Awaitable[Answer]]) -> Answer:
    """Does the work in one transaction. When a unique index refuses it, or the database ends it as
    a deadlock, the work is done anew and finds what the other transaction wrote."""
    for left in reversed(range(TRIES)):
        try:
            async with db.writing() as session:
                return await work(session)
        except DBAPIError as error:
            if not left or not _worth_another_try(error):
                raise
    raise AssertionError("unreachable")


def _worth_another_try(error: DBAPIError) -> bool:
    return isinstance(error, IntegrityError) or getattr(error.orig, "sqlstate", "") in _AGAIN
