"""The database's tables: migrated they are those of the models; the journal only grows."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from billing.store.database import Database
from billing.store.migrate import upgrade
from billing.store.tables import Base, GatewayEvent, LedgerEntry
from tests.billing.template import open_migrated


@pytest_asyncio.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/context.db")
    await upgrade(database)
    yield database
    await database.close()


def _differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection), Base.metadata))


async def test_migrated_tables_are_those_of_the_models(db: Database) -> None:
    async with db.engine.connect() as connection:
        assert not await connection.run_sync(_differences)


async def test_a_copy_of_the_template_is_a_migrated_database(tmp_path: Path) -> None:
    copy = await open_migrated(f"sqlite:///{tmp_path}/copy.db")
    async with copy.engine.connect() as connection:
        assert not await connection.run_sync(_differences)
        assert await connection.scalar(text("SELECT version_num FROM alembic_version")) == "0002"
    await copy.close()


async def test_migrating_again_changes_nothing(db: Database) -> None:
    await upgrade(db)
    async with db.engine.connect() as connection:
        assert await connection.scalar(text("SELECT version_num FROM alembic_version")) == "0002"


async def test_processes_that_start_at_once_migrate_once(tmp_path: Path) -> None:
    databases = [Database(f"sqlite:///{tmp_path}/context.db") for _ in range(4)]
    await asyncio.gather(*(upgrade(database) for database in databases))
    async with databases[0].engine.connect() as connection:
        assert not await connection.run_sync(_differences)
    for database in databases:
        await database.close()


async def write_journal(db: Database) -> None:
    async with db.writing() as session:
        event = GatewayEvent(kind="x", source="webhook", body="{}", outcome="x", received_at=1)
        session.add(event)
        entry = LedgerEntry(
            key="k", at=1, kind="captured", amount=5, currency="INR", source="webhook", note=""
        )
        session.add(entry)


@pytest.mark.parametrize("table", ["gateway_events", "ledger"])
@pytest.mark.parametrize("change", ["UPDATE {} SET number = number + 1", "DELETE FROM {}"])
async def test_the_journal_only_grows(db: Database, table: str, change: str) -> None:
    await write_journal(db)
    with pytest.raises(IntegrityError, match="append-only"):
        async with db.writing() as session:
            await session.execute(text(change.format(table)))
    async with db.reading() as session:
        assert await session.scalar(text(f"SELECT count(*) FROM {table}")) == 1
