"""Rows 2, 13 and 16a: who has no token."""

import asyncio
import os
import socket
import time
from contextlib import suppress

import aiohttp

from tests.siege.attack import Attack
from tests.siege.attacker import Attacker
from tests.siege.records import Kind
from tests.siege.web_socket import RawSocket, Refused, frame

SIZE = 498_000  # bytes of JSON
RATE = 10  # messages a second
HALF_HEADERS = 1_000
STAY = 30.0  # s that they are watched
LOOK = 0.5
EMPTY_RATE = 200
LOG_A_FRAME = 100  # bytes


def nested(size: int) -> str:
    """A message of so many bytes: nothing but empty arrays. Engine.IO itself reads them as JSON."""
    return "4[" + "[]," * ((size - 6) // 3) + "[]]"


async def json_bomb(attacker: Attacker) -> None:
    data = frame(nested(SIZE))
    socket: RawSocket | None = None
    closed = 0
    await attacker.begin()
    async for _ in attacker.pace(RATE):
        try:
            if socket is None or socket.is_closed:
                closed += socket is not None
                socket = await attacker.socket()
            await socket.send(data)
            attacker.count(len(data))
        except (Refused, OSError):
            closed, socket = closed + 1, None
    attacker.say(f"its socket was closed {closed} times")
    attacker.outcome.passed = closed > 0


async def polled_bomb(attacker: Attacker) -> None:
    """The same as the body of a POST: long polling is a door of its own."""
    body = nested(SIZE).encode()
    url = f"{attacker.order.url}/socket.io/?EIO=4&transport=polling"
    statuses: dict[int, int] = {}
    await attacker.begin()
    async for _ in attacker.pace(RATE):
        try:
            async with asyncio.timeout(10.0), attacker.http.get(url) as opened:
                text = await opened.text()
            sid = text.partition('"sid":"')[2].partition('"')[0]
            if not sid:
                statuses[opened.status] = statuses.get(opened.status, 0) + 1
                continue
            attacker.count(len(body))
            async with (
                asyncio.timeout(10.0),
                attacker.http.post(f"{url}&sid={sid}", data=body) as posted,
            ):
                statuses[posted.status] = statuses.get(posted.status, 0) + 1
        except (TimeoutError, aiohttp.ClientError):
            statuses[0] = statuses.get(0, 0) + 1
    attacker.outcome.passed = not statuses.get(200)
    attacker.say("answers " + ", ".join(f"{code or 'none'}: {n}" for code, n in statuses.items()))


async def half_headers(attacker: Attacker) -> None:
    """Connections that begin a request and say no more; then a page is asked for."""
    await attacker.begin()
    held = await _open_halves(attacker)
    began = time.monotonic()
    first = await _page_ms(attacker)
    for _ in range(int(STAY / LOOK)):
        if not (held := [one for one in held if _is_open(one)]):
            break
        await asyncio.sleep(LOOK)
    after = time.monotonic() - began
    attacker.say(f"{len(held)} of {HALF_HEADERS:,} still open after {after:.0f} s")
    attacker.say(f"a page meanwhile: {first}")
    attacker.outcome.passed = len(held) < HALF_HEADERS // 10
    for one in held:
        one.close()


async def _open_halves(attacker: Attacker) -> list[socket.socket]:
    loop, held = asyncio.get_running_loop(), []
    data = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half: "
    port = int(attacker.order.url.rpartition(":")[2])
    for _ in range(HALF_HEADERS):
        one = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        one.setblocking(False)
        held.append(one)
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(5.0):
                await loop.sock_connect(one, (attacker.order.host, port))
                await loop.sock_sendall(one, data)
            attacker.count(len(data))
    return held


def _is_open(one: socket.socket) -> bool:
    """Until the server says its end; what it says before that is read over."""
    try:
        while data := one.recv(4_096):
            del data
    except BlockingIOError:
        return True
    except OSError:
        pass
    one.close()
    return False


async def _page_ms(attacker: Attacker) -> str:
    began = time.monotonic()
    try:
        async with asyncio.timeout(10.0), attacker.http.get(f"{attacker.order.url}/") as response:
            await response.read()
    except (TimeoutError, aiohttp.ClientError) as error:
        return f"none ({type(error).__name__})"
    return f"{response.status} in {(time.monotonic() - began) * 1000:.0f} ms"


async def empty_frames(attacker: Attacker) -> None:
    """Frames without content on a socket that has brought no token."""
    data, log = frame(""), attacker.order.log_file
    await attacker.begin()
    before, sent = _size(log), 0
    ends = time.monotonic() + 3.0
    web_socket = await attacker.socket()
    while time.monotonic() < ends:
        try:
            for _ in range(EMPTY_RATE // 20):
                await web_socket.send(data)
                sent += 1
        except (Refused, OSError):
            with suppress(Refused, OSError):
                web_socket = await attacker.socket()
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)
    grew = _size(log) - before
    attacker.count(len(data) * sent, sent)
    attacker.say(f"{grew / max(1, sent):,.0f} bytes of log for each of {sent} empty frames")
    attacker.outcome.passed = grew / max(1, sent) <= LOG_A_FRAME


def _size(path: str) -> int:
    return os.stat(path).st_size


ATTACKS = (
    Attack(
        "2a",
        "JSON without a token",
        f"{SIZE // 1000} kB of empty arrays on a WebSocket without a token, {RATE} a second",
        json_bomb,
    ),
    Attack(
        "2b",
        "JSON without a token, polled",
        f"The same as the body of a POST of long polling, {RATE} a second",
        polled_bomb,
    ),
    Attack(
        "13",
        "half headers",
        f"{HALF_HEADERS:,} connections that begin a request and leave it there",
        half_headers,
    ),
    Attack(
        "16a",
        "empty frames",
        f"{EMPTY_RATE} empty frames a second before a token",
        empty_frames,
        Kind.CHECK,
    ),
)
