"""The Socket.IO edge: one namespace whose events all go to the hub, and care for its sockets."""

import asyncio

import socketio
from socketio.exceptions import ConnectionRefusedError as Refused

from sfu.errors import LiveclassError
from signalling.hub import Hub
from signalling.logs import get_logger
from signalling.sockets import use_plain_sockets

PING_INTERVAL = 4
PING_TIMEOUT = 4
MAX_MESSAGE = 500_000  # bytes; the longest offer fits with its JSON escapes
MAX_UNSENT = 2_000  # messages queued for one socket that does not read
UNAUTHENTICATED = 10.0  # seconds a socket may take to bring its token
CARE_INTERVAL = 2.0

log = get_logger(__name__)


class TextPacket(socketio.packet.Packet):  # type: ignore[misc]
    """Refuses binary attachments: nobody needs them, and waiting for them takes memory.

    What we send is not searched for them either: 0.6 ms for the answer to a join.
    """

    uses_binary_events = False

    def decode(self, encoded_packet: str) -> int:
        if super().decode(encoded_packet):
            raise ValueError("binary attachments are not accepted")
        return 0


def create_server(allowed_origins: list[str]) -> socketio.AsyncServer:
    """Socket.IO with tight limits; without a list of origins only the page's own is allowed."""
    server = socketio.AsyncServer(
        async_mode="aiohttp",
        serializer=TextPacket,
        ping_interval=PING_INTERVAL,
        ping_timeout=PING_TIMEOUT,
        max_http_buffer_size=MAX_MESSAGE,
        cors_allowed_origins=allowed_origins or None,
        http_compression=False,
    )
    use_plain_sockets(server)
    return server


class ClassNamespace(socketio.AsyncNamespace):  # type: ignore[misc]
    """Hands every event to the hub, whose acknowledgement is the return value."""

    def __init__(self, hub: Hub) -> None:
        super().__init__("/")
        self._hub = hub

    async def trigger_event(self, event: object, *args: object) -> object:
        """A client may name its event "connect" too: the hub's sessions tell them apart."""
        socket, *rest = args
        assert isinstance(socket, str)
        if event == "connect" and socket not in self._hub.sessions:
            _forget_request(rest[0])
            return self._connect(socket, rest[1] if len(rest) > 1 else None)
        if event == "disconnect" and not self.server.manager.is_connected(socket, "/"):
            self._hub.disconnect(socket)
            return None
        name = event if isinstance(event, str) else ""
        return await self._hub.receive(socket, name, tuple(rest))

    def _connect(self, socket: str, auth: object) -> bool:
        try:
            self._hub.connect(socket, auth.get("token") if isinstance(auth, dict) else None)
        except LiveclassError as error:
            raise Refused(error.message, {"code": error.code, "message": error.message}) from None
        return True


def _forget_request(environ: object) -> None:
    """The request that opened the socket, which Socket.IO would keep as long as that: 1.3 kB."""
    if isinstance(environ, dict):
        environ.clear()


class SocketCare:
    """Closes sockets that bring no token and sockets that do not read what they are sent."""

    def __init__(self, server: socketio.AsyncServer) -> None:
        self._server = server
        self._silent_since: dict[str, float] = {}

    async def run(self) -> None:
        """Look after the sockets until cancelled."""
        while True:
            await asyncio.sleep(CARE_INTERVAL)
            for eio_sid in self.unwanted(asyncio.get_running_loop().time()):
                log.info("socket.closed", reason="silent_or_slow")
                await self._server.eio.disconnect(eio_sid)

    def unwanted(self, now: float) -> list[str]:
        """The Engine.IO ids to close."""
        sockets = dict(self._server.eio.sockets)
        silent = [sid for sid in sockets if not self._is_authenticated(sid)]
        self._silent_since = {sid: self._silent_since.get(sid, now) for sid in silent}
        late = [sid for sid, at in self._silent_since.items() if now - at >= UNAUTHENTICATED]
        slow = [sid for sid, socket in sockets.items() if socket.queue.qsize() > MAX_UNSENT]
        return [*late, *slow]

    def _is_authenticated(self, eio_sid: str) -> bool:
        return self._server.manager.sid_from_eio_sid(eio_sid, "/") is not None
