"""A liveclass server of one's own: a child process on free ports of this machine.

Browser tests, the join measurement, the screenshots and `liveclass loadtest --spawn` use it.
"""

import asyncio
import os
import secrets
import socket
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from common.roles import Role
from loadtest.run.links import join_link
from loadtest.run.machine import on_cores
from signalling.auth.tokens import mint
from signalling.classroom.permissions import Identity

READY_WITHIN = 60.0  # it takes 3 s of a core, which may be a busy one
STOPS_WITHIN = 15.0
HOST = "127.0.0.1"


class LocalServer:
    """A running server; tokens for it are minted here with its secret.

    `core` pins it to one; `settings` are more of its variables. `apart` keeps a terminal's Ctrl-C
    from it, so that whoever started it ends it in order. `program` is another checkout's.
    """

    def __init__(
        self,
        directory: Path,
        host: str = HOST,
        *,
        core: int | None = None,
        settings: Mapping[str, str] | None = None,
        apart: bool = False,
        program: Path | None = None,
    ) -> None:
        self.directory = directory
        self.host = host
        self.core = core
        self._settings = dict(settings or {})
        self._apart = apart
        self._program = program or Path(sys.executable).parent / "liveclass"
        self.port = free_port(socket.SOCK_STREAM, host)
        self.udp_port = free_port(socket.SOCK_DGRAM, host)
        self.url = f"http://{host}:{self.port}"
        self._secret = secrets.token_urlsafe(32)
        self.metrics_token = secrets.token_urlsafe(32)
        self._process: asyncio.subprocess.Process | None = None

    @property
    def log_file(self) -> Path:
        return self.directory / "server.log"

    @property
    def pid(self) -> int:
        assert self._process is not None, "the server is not started"
        return self._process.pid

    async def start(self) -> None:
        """Starts the process and returns when it says it is ready."""
        own = [] if self.core is None else [self.core]
        with self.log_file.open("wb") as log, on_cores(own):
            self._process = await asyncio.create_subprocess_exec(
                str(self._program),
                "serve",
                cwd=self.directory,
                env=self._environment(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0 if self._apart else None,
            )
        try:
            await asyncio.wait_for(self._wait_until_ready(self._process), READY_WITHIN)
        except TimeoutError:
            await self.stop()
            raise RuntimeError(f"the server was not ready in time:\n{self.log()}") from None
        except BaseException:  # interrupted: nothing is left behind
            await self.stop()
            raise

    def _environment(self) -> dict[str, str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("LIVECLASS_")}
        return inherited | {
            "LIVECLASS_HTTP_HOST": self.host,
            "LIVECLASS_HTTP_PORT": str(self.port),
            "LIVECLASS_UDP_HOST": self.host,
            "LIVECLASS_UDP_PORT": str(self.udp_port),
            "LIVECLASS_ANNOUNCED_IP": self.host,
            "LIVECLASS_SECRET": self._secret,
            "LIVECLASS_METRICS_TOKEN": self.metrics_token,
            **self._settings,
        }

    async def _wait_until_ready(self, process: asyncio.subprocess.Process) -> None:
        async with aiohttp.ClientSession() as session:
            while process.returncode is None:
                try:
                    async with session.get(f"{self.url}/readyz") as response:
                        if response.status == 200:
                            return
                except aiohttp.ClientConnectionError:
                    pass
                await asyncio.sleep(0.05)
        raise RuntimeError(f"the server stopped at once:\n{self.log()}")

    async def stop(self) -> int:
        """Ends the process, forcibly when it does not end by itself; returns its exit code."""
        process = self._process
        if process is None:
            return 0
        if process.returncode is None:
            process.terminate()
        try:
            return await asyncio.wait_for(process.wait(), STOPS_WITHIN)
        except TimeoutError:
            process.kill()
            return await process.wait()

    def log(self) -> str:
        return self.log_file.read_text("utf-8", "replace")

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    def mint(self, identity: Identity, lifetime: float) -> str:
        """A join token of this server."""
        return mint(identity, self._secret, now=time.time(), lifetime=lifetime)

    def link(self, class_id: str, role: str, name: str, user_id: str) -> str:
        """The address with which this person enters the class."""
        token = self.mint(Identity(user_id, name, Role(role), class_id), 3600)
        return join_link(self.url, class_id, token)


def free_port(kind: socket.SocketKind, host: str) -> int:
    """A port that is free at this moment."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def local_server(directory: Path, host: str = HOST) -> AsyncIterator[LocalServer]:
    """A started server that is stopped at the end."""
    server = LocalServer(directory, host)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
