"""Migrated databases without the migration: a test gets a copy of one that was migrated once."""

from pathlib import Path
from tempfile import TemporaryDirectory

from billing.store.database import Database, make_private
from billing.store.migrate import upgrade

_empty: list[bytes] = []  # a migrated SQLite file with no rows, once there is one


async def open_migrated(url: str) -> Database:
    """A database with today's tables; what is in it already stays."""
    db = Database(url)
    if not _is_new_file(db):
        await upgrade(db)  # finds nothing to do: `postgres_url` copies a migrated database
        return db
    if not _empty:
        _empty.append(await _migrated_file())
    _file(db).write_bytes(_empty[0])
    return db


async def _migrated_file() -> bytes:
    with TemporaryDirectory() as folder:
        db = Database(f"sqlite:///{folder}/template.db")
        await upgrade(db)
        await db.close()
        return _file(db).read_bytes()


def _is_new_file(db: Database) -> bool:
    if not db.is_sqlite:
        return False
    make_private(_file(db))
    return not _file(db).stat().st_size


def _file(db: Database) -> Path:
    return Path(db.url.database or "")
