"""The database: SQLite in a file, or PostgreSQL by its URL; transactions that write, and that start
anew when another one was faster."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

Answer = TypeVar("Answer")

TRIES = 3
# PostgreSQL: serialization failure, deadlock, unique violation (class 40 and 23505).
_AGAIN = frozenset(("40001", "40P01", "23505"))
BUSY_TIMEOUT = 10.0  # s that a writer waits for another one's transaction
_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
}


def database_url(text: str) -> URL:
    """With the driver that is used here; raises ValueError for what is neither of the two."""
    try:
        url = make_url(text)
    except ArgumentError:
        raise ValueError("must be the URL of a database") from None
    driver = _DRIVERS.get(url.drivername, url.drivername)
    if driver not in _DRIVERS.values():
        raise ValueError("must begin with sqlite:/// or postgresql://")
    return url.set(drivername=driver)


class Database:
    """Opens sessions; one writes at a time on SQLite, rows are locked on PostgreSQL."""

    def __init__(self, url: str) -> None:
        self.url = database_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = _engine(self.url, self.is_sqlite)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session for questions alone; what is changed in it is lost."""
        async with AsyncSession(self.engine, expire_on_commit=False) as session:
            yield session

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """A transaction that is committed at the end of the block, and rolled back when it raises.

        On SQLite no other one writes from its beginning; on PostgreSQL lock the rows that a
        decision rests on with `select(...).with_for_update()`, the order before the class.
        """
        async with AsyncSession(self.engine, expire_on_commit=False) as session:
            if self.is_sqlite:
                connection = await session.connection()
                await connection.exec_driver_sql("BEGIN IMMEDIATE")
            async with _committed(session):
                yield session

    async def close(self) -> None:
        """Closes all connections."""
        await self.engine.dispose()


@asynccontextmanager
async def _committed(session: AsyncSession) -> AsyncIterator[None]:
    try:
        yield
    except BaseException:
        await session.rollback()
        raise
    await session.commit()


def _engine(url: URL, is_sqlite: bool) -> AsyncEngine:
    """Errors do not tell the values of a statement: they end up in logs."""
    if not is_sqlite:
        return create_async_engine(url, pool_pre_ping=True, hide_parameters=True)
    if url.database and url.database != ":memory:":
        make_private(Path(url.database))
    engine = create_async_engine(url, hide_parameters=True, connect_args={"timeout": BUSY_TIMEOUT})
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    return engine


def make_private(path: Path) -> None:
    """A file, and those that SQLite makes beside it, which this user alone can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(0o600)


def _prepare_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    """The driver's own transactions begin too late to keep others from writing in between."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode = WAL", "foreign_keys = ON", "synchronous = FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


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
