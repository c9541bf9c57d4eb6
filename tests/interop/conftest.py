"""A server and peers for each test; everything is closed at its end."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from tests.interop.link import Link
from tests.interop.peer import Peer
from tests.interop.server import HOST, ClassServer

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here uses real sockets and the wall clock, and needs the machine for itself."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.interop)
            item.add_marker(pytest.mark.alone)


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """aioice leaves the loopback out, which may be all that a test machine has."""
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda use_ipv4, use_ipv6: [HOST])


@pytest_asyncio.fixture
async def server() -> AsyncIterator[ClassServer]:
    server = ClassServer()
    await server.start()
    yield server
    server.close()


@pytest_asyncio.fixture
async def link(server: ClassServer) -> AsyncIterator[Link]:
    link = Link(server.port)
    await link.start()
    yield link
    link.close()


@pytest_asyncio.fixture
async def peer(server: ClassServer) -> AsyncIterator[Callable[..., Peer]]:
    """Makes peers: peer("asha", link)."""
    peers: list[Peer] = []

    def make(name: str, link: Link | None = None) -> Peer:
        peers.append(Peer(server, name, link))
        return peers[-1]

    yield make
    for made in peers:
        await made.close()
