"""PostgreSQL for the tests that ask for it: one server, a database a test."""

from collections.abc import Iterator

import pytest
import pytest_asyncio

from tests.support.postgres import Cluster, cluster, programs


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A server; the test is left out where PostgreSQL's programs are missing."""
    found = programs()
    if found is None:
        pytest.skip("PostgreSQL's programs are not installed: tools/need.sh postgres")
    with cluster(found) as running:
        yield running


@pytest_asyncio.fixture
async def postgres_url(postgres: Cluster) -> str:
    """An empty database."""
    return await postgres.new_database()
