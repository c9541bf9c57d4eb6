"""What clients see of a server that is told to stop, and how long it takes.

`python -m tests.interop.shutdown 200 100` measures it with so many sockets and so many bots with
media: on a quiet machine, for docs/operations.md.
"""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp

from common.roles import Role
from loadtest.records import Begin, Joined, People, Ready
from loadtest.run.local_server import LocalServer
from signalling.classroom.permissions import Identity
from tests.interop.test_fleet import Show, fleets_of
from tests.support.bots import plan

CLASSES = 4
ABNORMAL = 1006  # RFC 6455 section 7.4.1: no close frame came


@dataclass(slots=True)
class Seen:
    """What one socket saw of the end."""

    code: int = ABNORMAL
    was_told: bool = False  # by the event, before its socket was closed


@dataclass(slots=True)
class Stop:
    """One stop."""

    seconds: float
    exit_code: int
    seen: list[Seen] = field(default_factory=list)

    @property
    def codes(self) -> Counter[int]:
        return Counter(one.code for one in self.seen)


async def attend(ws: aiohttp.ClientWebSocketResponse, seen: Seen) -> None:
    """Answers pings until the socket ends."""
    while True:
        message = await ws.receive()
        if message.type is aiohttp.WSMsgType.TEXT:
            if message.data == "2":
                await ws.send_str("3")
            seen.was_told = seen.was_told or '"server-draining"' in message.data
        else:
            seen.code = message.data if message.type is aiohttp.WSMsgType.CLOSE else ABNORMAL
            return


async def enter(
    http: aiohttp.ClientSession, server: LocalServer, number: int
) -> aiohttp.ClientWebSocketResponse:
    """A socket in a class, for a person of its own; the first of each class teaches."""
    class_id = f"class-{number % CLASSES}"
    role = Role.TEACHER if number < CLASSES else Role.STUDENT
    token = server.mint(Identity(f"u{number}", f"U {number}", role, class_id), 3600)
    ws = await http.ws_connect(f"{server.url}/socket.io/?EIO=4&transport=websocket")
    await ws.send_str(f'40{{"token":"{token}"}}')
    await ws.send_str(f'420["video-join",{{"classId":"{class_id}"}}]')
    while not (await ws.receive_str()).startswith("430"):
        pass
    return ws


async def stopped(server: LocalServer, sockets: int) -> Stop:
    """Fills classes with sockets, tells the server to stop and waits for its end."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as http:
        seen = [Seen() for _ in range(sockets)]
        opened = [await enter(http, server, number) for number in range(sockets)]
        tasks = [asyncio.create_task(attend(*one)) for one in zip(opened, seen, strict=True)]
        await asyncio.sleep(1.0)
        started = time.monotonic()
        exit_code = await server.stop()
        seconds = time.monotonic() - started
        await asyncio.gather(*tasks)
    return Stop(seconds, exit_code, seen)


async def stopped_with_media(folder: Path, sockets: int, bots: int) -> Stop:
    """The same while bots get the picture of their teacher."""
    server = LocalServer(folder)
    await server.start()
    show = Show(server, [plan(f"viewer-{n}", join_at=1.0 + n / 50) for n in range(bots)])
    async with fleets_of(show.plans) as fleets:
        await show.until(fleets, lambda: len(show.of(Ready)) == 2)
        fleets.tell(Begin(time.monotonic()))
        await show.until(fleets, lambda: show.of(Joined))
        teacher = show.of(Joined)[0].participant
        fleets.tell(People({"teacher": teacher}, teacher))
        await show.until(fleets, lambda: len(show.joined()) == bots)
        return await stopped(server, sockets)


def server_log(folder: Path) -> list[str]:
    """Warnings, errors and what is no JSON."""
    lines = (folder / "server.log").read_text().splitlines()
    return [line for line in lines if '"level": "info"' not in line]


def main(arguments: Sequence[str]) -> None:
    sockets, bots = (int(text) for text in arguments)
    with TemporaryDirectory() as folder:
        stop = asyncio.run(stopped_with_media(Path(folder), sockets, bots))
        log = server_log(Path(folder))
        print("\n".join(log[-5:]), len(log))
    told = sum(one.was_told for one in stop.seen)
    print(f"{stop.seconds:.2f} s, exit {stop.exit_code}, told {told}, codes {dict(stop.codes)}")


if __name__ == "__main__":
    main(sys.argv[1:])
