"""A class server on a loopback port, and Socket.IO clients that wait for events."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import socketio
from aiohttp import web
from pydantic import SecretStr

from billing.settings import BillingSettings
from common.roles import Role
from liveclass.app import create_app
from liveclass.classes import HTTP_REFUSALS, PlaneFactory
from liveclass.config import Settings
from liveclass.health import HUB
from liveclass.http_guard import ConnectionLimits, Guard
from liveclass.http_server import GuardedRunner
from signalling.auth.tokens import mint
from signalling.classroom.permissions import Identity
from signalling.hub import Hub
from tests.support.coded_plane import across_factory
from tests.support.fakes import RecordingMediaPlane

TIMEOUT = 10.0
SECRET = "a secret for tests that is long enough"
METRICS_TOKEN = "let me read"
READER = {"Authorization": f"Bearer {METRICS_TOKEN}"}
NOW = 4_000_000_000.0  # tokens are minted to expire far from now
Json = dict[str, Any]


def token_for(user: str, role: Role = Role.STUDENT, class_id: str = "demo") -> str:
    """A join token; the name is the user's."""
    identity = Identity(user, user.capitalize(), role, class_id)
    return mint(identity, SECRET, now=NOW, lifetime=3600)


@dataclass(slots=True)
class ClassServer:
    """A running application."""

    url: str
    app: web.Application
    plane: RecordingMediaPlane

    @property
    def hub(self) -> Hub:
        return self.app[HUB]


@asynccontextmanager
async def class_server(
    tmp_path: Path,
    plane: PlaneFactory | None = None,
    billing: BillingSettings | None = None,
    **overrides: Any,
) -> AsyncIterator[ClassServer]:
    """An application on a free port; with a recording media plane unless another is given, and
    without billing unless there are settings for it."""
    recorder = RecordingMediaPlane()
    own = {"metrics_token": SecretStr(METRICS_TOKEN), **overrides}
    settings = Settings(secret=SecretStr(SECRET), var_dir=tmp_path, http_port=0, udp_port=0, **own)
    app = create_app(settings, across_factory(plane or recorder.factory()), billing)
    runner = GuardedRunner(app, Guard(ConnectionLimits(), app[HTTP_REFUSALS]))
    try:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        yield ClassServer(f"http://127.0.0.1:{port}", app, recorder)
    finally:
        await runner.cleanup()


class ClassClient:
    """One socket of one person; keeps every event it gets."""

    def __init__(self) -> None:
        self.sio = socketio.AsyncClient(reconnection=False, handle_sigint=False)
        self.events: list[tuple[str, Json]] = []
        self._changed = asyncio.Condition()
        self.sio.on("*", self._keep)
        self.sio.on("disconnect", self._disconnected)

    async def _keep(self, event: str, payload: Json) -> None:
        async with self._changed:
            self.events.append((event, payload))
            self._changed.notify_all()

    async def _disconnected(self, reason: str) -> None:
        await self._keep("disconnect", {"reason": reason})

    async def call(self, event: str, payload: object) -> Json:
        """Send a message and wait for its acknowledgement."""
        ack: Json = await self.sio.call(event, payload, timeout=TIMEOUT)
        return ack

    async def say(self, event: str, **payload: object) -> Json:
        """Like call, for messages that must be accepted."""
        ack = await self.call(event, payload)
        assert ack["ok"], ack
        return ack

    def got(self, event: str) -> list[Json]:
        return [payload for name, payload in self.events if name == event]

    async def wait(self, event: str, wanted: Callable[[Json], bool] = lambda payload: True) -> Json:
        """The first event of this name that is wanted, now or when it comes."""

        def found() -> list[Json]:
            return [payload for payload in self.got(event) if wanted(payload)]

        async with asyncio.timeout(TIMEOUT), self._changed:
            await self._changed.wait_for(lambda: bool(found()))
            return found()[0]

    async def connection_of(self, participant: str, connection: str) -> None:
        """Wait until a participant is said to be in this state."""

        def told(payload: Json) -> bool:
            return any(
                one["id"] == participant and one["connection"] == connection
                for one in payload["participants"]
            )

        await self.wait("participant-updated", told)

    async def break_transport(self) -> None:
        """The connection ends without a word of Socket.IO."""
        await self.sio.eio.ws.close()
        await self.wait("disconnect")


@asynccontextmanager
async def connected(
    server: ClassServer, user: str, role: Role = Role.STUDENT
) -> AsyncIterator[ClassClient]:
    """A client that is connected and has not joined."""
    client = ClassClient()
    auth = {"token": token_for(user, role)}
    await client.sio.connect(server.url, auth=auth, transports=["websocket"])
    try:
        yield client
    finally:
        await client.sio.disconnect()


@asynccontextmanager
async def joined(
    server: ClassServer, user: str, role: Role = Role.STUDENT, resume: str | None = None
) -> AsyncIterator[tuple[ClassClient, Json]]:
    """A client in the class, and the acknowledgement of its join."""
    async with connected(server, user, role) as client:
        payload = {"classId": "demo"} if resume is None else {"classId": "demo", "resume": resume}
        yield client, await client.say("video-join", **payload)


async def refusal(server: ClassServer, auth: object) -> Json:
    """What a connection with this auth is refused with."""
    client = ClassClient()
    refused: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
    client.sio.on("connect_error", lambda error: refused.set_result(error))
    try:
        await client.sio.connect(server.url, auth=auth, transports=["websocket"])
    except socketio.exceptions.ConnectionError:
        return await asyncio.wait_for(refused, TIMEOUT)
    finally:
        await client.sio.disconnect()
    raise AssertionError("the connection was accepted")


class RawSocket:
    """Speaks Engine.IO by hand, and answers no ping."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws

    async def send(self, packet: str) -> None:
        await self.ws.send_str(packet)

    async def receive(self, prefix: str) -> str:
        """The next packet that begins so; skips others."""
        async with asyncio.timeout(TIMEOUT):
            async for message in self.ws:
                text = str(message.data)
                if text.startswith(prefix):
                    return text
        raise AssertionError(f"closed before {prefix!r} came")

    async def join(self, user: str) -> str:
        """Connect the namespace and join; the participant id."""
        await self.send("40" + json.dumps({"token": token_for(user)}))
        await self.receive("40")
        await self.send('420["video-join",{"classId":"demo"}]')
        ack: list[Json] = json.loads((await self.receive("430"))[3:])
        return str(ack[0]["self"]["id"])


@asynccontextmanager
async def raw_socket(server: ClassServer) -> AsyncIterator[RawSocket]:
    """An Engine.IO connection without a Socket.IO client."""
    url = f"{server.url}/socket.io/?EIO=4&transport=websocket"
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as ws:
        yield RawSocket(ws)
