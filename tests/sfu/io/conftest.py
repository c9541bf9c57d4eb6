"""The UDP worker that the tests of this folder use."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.support.edge import LOCAL, Edge


@pytest_asyncio.fixture
async def edge() -> AsyncIterator[Edge]:
    made = Edge()
    await made.udp.start(LOCAL, 0)
    yield made
    made.udp.close()
    made.far.socket.close()
