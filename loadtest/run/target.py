"""The server under test: a remote one with a class key, or one of our own."""

import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import aiohttp

from common.roles import Role
from loadtest.run.links import join_link
from loadtest.run.local_server import LocalServer
from signalling.auth.class_key import ClassKey, parse_class_key
from signalling.auth.tokens import mint_with_class_key
from signalling.classroom.permissions import Identity

REACHED_WITHIN = aiohttp.ClientTimeout(total=10.0)
SPAWNED_CLASS = "load"
LOG_LINES = 15


class RunError(Exception):
    """The test cannot be run; one line for whoever started it."""


class Interrupted(RunError):
    """The run was stopped before there was anything to report."""


@dataclass(slots=True)
class Target:
    """A server, and the right to enter one of its classes."""

    url: str
    class_id: str
    mint: Callable[[Identity, float], str]  # for so many seconds
    metrics_token: str = ""
    metrics_url: str = ""  # where it is not /metrics of the server's own address
    spawned: bool = False
    pid: int | None = None
    core: int | None = None
    is_running: Callable[[], bool] = lambda: True
    log: Callable[[], str] = lambda: ""

    def tokens(self, lifetime: float) -> Callable[[str, str], str]:
        """Mints by name and role. Two runs at once in one class do not replace one another."""
        run = secrets.token_hex(4)

        def token(name: str, role: str) -> str:
            identity = Identity(f"load-{run}-{name}", name, Role(role), self.class_id)
            return self.mint(identity, lifetime)

        return token

    def link(self, token: str) -> str:
        """The address that takes a browser into the class."""
        return join_link(self.url, self.class_id, token)


def remote(url: str, class_key: str, metrics_token: str = "", metrics_url: str = "") -> Target:
    """A server that runs already; raises RunError when URL or key cannot be right."""
    base = _base(url)
    if not class_key:
        raise RunError(
            "needs a class key: --class-key or LIVECLASS_CLASS_KEY; "
            "`liveclass class-key --class load` on the server prints one"
        )
    try:
        key = parse_class_key(class_key)
    except ValueError as error:
        raise RunError(f"--class-key: {error}") from None
    return Target(base, key.id.class_id, _minting(key), metrics_token, _metrics_url(metrics_url))


def _metrics_url(url: str) -> str:
    """Anywhere over HTTP; nothing when it was not given."""
    if url and not url.startswith(("http://", "https://")):
        raise RunError("--metrics-url begins with http:// or https://")
    return url


def _base(url: str) -> str:
    """Scheme, host and port. A refused URL may hold a secret and is not repeated."""
    try:
        parts = urlsplit(url)
    except ValueError as error:  # as of "http://[x"
        raise RunError(f"the URL is none: {error}") from None
    if parts.username is not None or parts.password is not None:
        raise RunError("the URL has a user name or a password in it; leave them out")
    if parts.query or parts.fragment:
        raise RunError("the URL has something behind ? or # in it; give the server's address alone")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise RunError(f"{url}: the URL begins with http:// or https:// and names the server")
    if parts.path not in ("", "/"):
        raise RunError(f"{url}: the URL has a path; the class is named by the key, not by the URL")
    return f"{parts.scheme}://{parts.netloc}"


def _minting(key: ClassKey) -> Callable[[Identity, float], str]:
    def mint(identity: Identity, lifetime: float) -> str:
        now = time.time()
        if key.id.expires <= now:
            raise RunError("the class key has expired")
        return mint_with_class_key(identity, key, now=now, lifetime=lifetime)

    return mint


@asynccontextmanager
async def spawned(core: int | None, people: int) -> AsyncIterator[Target]:
    """A server of our own with room for so many people, pinned to a core."""
    room = min(10_000, max(1_000, people + 100))
    with TemporaryDirectory(prefix="liveclass-load-") as folder:
        settings = {"LIVECLASS_MAX_PARTICIPANTS": str(room)}
        server = LocalServer(Path(folder), core=core, settings=settings, apart=True)
        try:
            await server.start()
        except (RuntimeError, OSError) as error:
            raise RunError(f"cannot start a server here: {error}") from None
        try:
            yield Target(
                url=server.url,
                class_id=SPAWNED_CLASS,
                mint=server.mint,
                metrics_token=server.metrics_token,
                spawned=True,
                pid=server.pid,
                core=core,
                is_running=lambda: server.is_running,
                log=lambda: "\n".join(server.log().splitlines()[-LOG_LINES:]),
            )
        finally:
            await server.stop()


async def check_reachable(target: Target) -> None:
    """Raises RunError when no liveclass answers there."""
    try:
        async with (
            aiohttp.ClientSession(timeout=REACHED_WITHIN) as session,
            session.get(f"{target.url}/readyz") as response,
        ):
            status = response.status
    except TimeoutError:
        raise RunError(f"{target.url} does not answer within 10 s") from None
    except aiohttp.ClientError as error:
        raise RunError(f"cannot reach {target.url}: {error}") from None
    if status == 503:
        raise RunError(f"{target.url} is stopping and lets no one in")
    if status != 200:
        raise RunError(f"{target.url} is no liveclass server: /readyz answers {status}")
