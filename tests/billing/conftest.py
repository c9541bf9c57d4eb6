"""PostgreSQL for the tests that ask for it: one server a session, a database a test."""

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from tests.billing.postgres import postgres_server

_NUMBERS = count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """How a database of the server is reached, with {} for its name."""
    programs = os.environ.get("LIVECLASS_POSTGRES_BIN")
    if not programs:
        pytest.skip("LIVECLASS_POSTGRES_BIN is not set: see tools/need.sh postgres")
    with postgres_server(Path(programs)) as url:
        yield url


@pytest_asyncio.fixture
async def postgres_url(postgres: str) -> str:
    """A new database's URL."""
    name = f"test{next(_NUMBERS)}"
    connection = await asyncpg.connect(postgres.format("postgres"))
    try:
        await connection.execute(f"CREATE DATABASE {name}")
    finally:
        await connection.close()
    return postgres.format(name)
