"""Brings a database to today's tables. Several processes may start at once: one does the work,
the others wait for it and find it done."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from billing.store.database import Database

FOLDER = Path(__file__).parent / "migrations"
_LOCK = 5_190_212  # PostgreSQL's advisory lock of our migrations; any number


async def upgrade(db: Database) -> None:
    """Runs the steps that are missing, all of them or none."""
    async with db.engine.connect() as connection:
        try:
            await _take_turn(connection, db.is_sqlite)
            await connection.run_sync(_run)
            await connection.commit()
        except BaseException:
            await connection.rollback()
            raise


async def _take_turn(connection: AsyncConnection, is_sqlite: bool) -> None:
    """The lock ends with the transaction."""
    if is_sqlite:
        await connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def _run(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
