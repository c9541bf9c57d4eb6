"""A sandbox on a real loopback socket, and the real SDK's client beside it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.test_utils import TestServer

from billing.gateway.client import GatewayAddress, RazorpayGateway
from billing.gateway.emulator.faults import Faults
from billing.gateway.emulator.hooks import Pause
from billing.gateway.emulator.service import Sandbox
from billing.gateway.keys import Keys

KEYS = Keys("rzp_test_0123456789", "the key's secret", "the webhook's secret")

WITHIN = 5.0  # s


async def at_once(seconds: float) -> None:
    """A pause that takes no time, but lets the others go on."""
    await asyncio.sleep(0)


class Clock:
    """Seconds; moves when it is told to."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Hold:
    """A pause that lasts until it is let go."""

    def __init__(self) -> None:
        self.waiting = 0
        self._over = asyncio.Event()

    async def __call__(self, seconds: float) -> None:
        self.waiting += 1
        await self._over.wait()

    def let_go(self) -> None:
        self._over.set()


class SandboxServer:
    """The emulator and its server; the client and its clock."""

    def __init__(
        self, sandbox: Sandbox, server: TestServer, gateway: RazorpayGateway, clock: Clock
    ) -> None:
        self.sandbox = sandbox
        self.server = server
        self.gateway = gateway
        self.clock = clock

    @property
    def url(self) -> str:
        return str(self.server.make_url("")).rstrip("/")

    def break_by(self, **faults: object) -> None:
        self.sandbox.emulator.faults = Faults.model_validate(faults)


@asynccontextmanager
async def sandbox_server(
    keys: Keys = KEYS, pause: Pause = at_once, deadline: float = WITHIN
) -> AsyncIterator[SandboxServer]:
    """Open until the end of the block. The client takes no time between its tries, `keys` are
    its; `pause` is the emulator's."""
    sandbox = Sandbox(KEYS, None, 0.0, pause)
    server = TestServer(sandbox.application(), host="127.0.0.1")
    await server.start_server()
    url = str(server.make_url("")).rstrip("/")
    address = GatewayAddress(lambda: url, "checkout.js", True)
    clock = Clock()
    gateway = RazorpayGateway(
        keys, address, pause=at_once, chance=lambda: 0.5, clock=clock, deadline=deadline
    )
    async with sandbox.running():
        try:
            yield SandboxServer(sandbox, server, gateway, clock)
        finally:
            await gateway.close()
            await server.close()


class Ear:
    """Webhooks that came."""

    def __init__(self, answers: list[int]) -> None:
        self.requests: list[web.Request] = []
        self.bodies: list[bytes] = []
        self._answers = answers
        self._came = asyncio.Event()

    async def listen(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.read())
        self.requests.append(request)
        self._came.set()
        return web.Response(status=self._answers.pop(0) if self._answers else 200)

    async def heard(self, count: int) -> list[str]:
        """Names of so many events, when they have come."""
        async with asyncio.timeout(WITHIN):
            while len(self.requests) < count:
                self._came.clear()
                await self._came.wait()
        return [json.loads(body)["event"] for body in self.bodies]


@asynccontextmanager
async def ear(answers: list[int]) -> AsyncIterator[tuple[str, Ear]]:
    """A webhook's target that answers with these statuses, then with 200."""
    listening = Ear(answers)
    app = web.Application()
    app.router.add_post("/hook", listening.listen)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    try:
        yield str(server.make_url("/hook")), listening
    finally:
        await server.close()
