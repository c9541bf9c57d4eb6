"""PostgreSQL for the tests that ask for it: one server a session, a database a test."""

import asyncio
import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from billing.store.database import Database
from billing.store.migrate import upgrade
from tests.billing.postgres import postgres_server

TEMPLATE = "migrated"
_NUMBERS = count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a database of the server, with {} for its name."""
    programs = os.environ.get("LIVECLASS_POSTGRES_BIN")
    if not programs:
        pytest.skip("LIVECLASS_POSTGRES_BIN is not set: see tools/need.sh postgres")
    with postgres_server(Path(programs)) as url:
        asyncio.run(_make_template(url))
        yield url


async def _make_template(url: str) -> None:
    await _create(url, TEMPLATE)
    db = Database(url.format(TEMPLATE))
    await upgrade(db)
    await db.close()


async def _create(url: str, name: str, source: str = "template1") -> None:
    connection = await asyncpg.connect(url.format("postgres"))
    try:
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {source}")
    finally:
        await connection.close()


@pytest_asyncio.fixture
async def postgres_url(postgres: str) -> str:
    """The URL of a new database that is migrated."""
    name = f"test{next(_NUMBERS)}"
    await _create(postgres, name, TEMPLATE)
    return postgres.format(name)
