"""Billing's HTTP on a real server of the test's own, with browsers that have their cookies."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import CookieJar, web
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from billing.app import add_routes
from billing.context import Context
from billing.routes.keys import CONTEXT
from liveclass.classes import minter

SECRET = "a secret of at least thirty-two characters"

Client = TestClient[web.Request, web.Application]


class Site:
    """A started server; `browser` opens one with a cookie jar of its own."""

    def __init__(self, context: Context, server: TestServer) -> None:
        self.context = context
        self.server = server
        self._clients: list[Client] = []

    @property
    def origin(self) -> str:
        return str(self.server.make_url("/")).rstrip("/")

    async def browser(self) -> Client:
        client: Client = TestClient(self.server, cookie_jar=CookieJar(unsafe=True))
        self._clients.append(client)
        return client

    async def signed_up(self, name: str, role: str = "student") -> Client:
        """A browser in which somebody has registered."""
        client = await self.browser()
        body = {
            "email": f"{name}@example.com",
            "password": PASSWORD,
            "name": name.capitalize(),
            "role": role,
        }
        await told(await client.post("/api/auth/register", json=body))
        return client

    async def close(self) -> None:
        for client in self._clients:
            await client.session.close()


PASSWORD = "correct horse battery"


@asynccontextmanager
async def site(context: Context, origins: frozenset[str] = frozenset()) -> AsyncIterator[Site]:
    """Serves billing until the end of the block; `origins` are those of a proxy before it."""
    app = web.Application()
    app[CONTEXT] = context
    server = TestServer(app, host="127.0.0.1")
    add_routes(app, SECRET, minter(SECRET), lambda: str(server.make_url("/")).rstrip("/"), origins)
    await server.start_server()
    opened = Site(context, server)
    try:
        yield opened
    finally:
        await opened.close()
        await server.close()


async def told(response: Any, status: int = 200) -> dict[str, Any]:
    """The JSON of an answer with this status."""
    body: dict[str, Any] = await response.json()
    assert response.status == status, body
    return body


async def refused(response: Any, status: int) -> str:
    """The code of a refusal, which has a sentence for people."""
    error: dict[str, str] = (await told(response, status))["error"]
    assert error["message"].endswith((".", "!", "?")), error
    return error["code"]


def cookie(client: Client, name: str) -> str | None:
    """The value of a cookie the browser has."""
    found = client.session.cookie_jar.filter_cookies(URL(str(client.make_url("/")))).get(name)
    return found.value if found is not None else None
