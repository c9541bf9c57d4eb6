"""Rows 17 and 18: a server that is stopped under load, and one that stands still for a while."""

import asyncio
import os
import re
import signal
import time
from collections import Counter
from pathlib import Path

from tests.siege.attack import Attack
from tests.siege.attacker import Attacker
from tests.siege.attacks.forged import flood_from
from tests.siege.insider import Insider
from tests.siege.records import Kind
from tests.siege.web_socket import RawSocket

LISTENERS = 10
VIEWERS = 500
LOADED = 2.0  # s of load before the stop
STOPS_WITHIN = 3.0  # s: its own 2, and what a loaded machine takes to notice
GIVEN_UP = 20.0
HEARD_WITHIN = 1.0
STALL = 4.0
WATCHERS = 20
NOTICED = 10.0  # s after it in which a connection may still end

_CODE = re.compile(r"\((\d{4})\)")


class Listener(Insider):
    """Notes how its connections end and does nothing about it."""

    endings: list[str]

    async def enter(self) -> None:
        self.endings = []
        await super().enter()

    def closed(self, reason: str) -> None:
        self.endings.append(reason)

    def _fail(self, code: str, message: str) -> None:
        found = _CODE.search(message)
        self.endings.append(found[1] if found else code)


async def stop(attacker: Attacker) -> None:
    listeners = await asyncio.gather(*(_listener(attacker) for _ in range(LISTENERS)))
    await attacker.begin()
    flood = attacker.spawn(flood_from(attacker))
    await asyncio.sleep(LOADED)
    took = await _stopped(attacker.order.server_pid)
    flood.cancel()
    await asyncio.sleep(HEARD_WITHIN)
    heard = Counter(ending for one in listeners for ending in one.endings)
    attacker.say(f"ended after {took:.1f} s" if took < GIVEN_UP else "did not end")
    attacker.say(", ".join(f"{ending}: {n}" for ending, n in heard.items()) or "nobody was told")
    told = heard["1001"] == LISTENERS and heard["dtls_closed"] == LISTENERS
    attacker.outcome.passed = took <= STOPS_WITHIN and told


async def _listener(attacker: Attacker) -> Listener:
    found = await attacker.insider(Listener)
    assert isinstance(found, Listener)
    return found


async def _stopped(pid: int) -> float:
    """Seconds from the signal to the end of the process."""
    began = time.monotonic()
    os.kill(pid, signal.SIGTERM)
    for _ in range(int(GIVEN_UP / 0.02)):
        if not _is_alive(pid):
            break
        await asyncio.sleep(0.02)
    return time.monotonic() - began


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text("ascii", "replace")
    except OSError:
        return False
    return state.rpartition(")")[2].split()[0] != "Z"


async def stall(attacker: Attacker) -> None:
    """What a machine does that pauses a guest, or swaps; at the worst moment for signalling."""
    sockets = await asyncio.gather(*(attacker.student() for _ in range(WATCHERS)))
    await attacker.begin()
    # Right after their pings: the answers wait unread for as long as the server may wait for them.
    await sockets[-1].receive(lambda text: text == "2")
    still = attacker.spawn(_stand_still(attacker.order.server_pid))
    watches = [asyncio.ensure_future(socket.longest_silence()) for socket in sockets]
    await still
    await asyncio.sleep(NOTICED)
    for watch in watches:
        watch.cancel()
    silences = await asyncio.gather(*watches)
    left = sum(map(_has_left, silences, sockets))
    longest = max((silence for silence in silences if silence < float("inf")), default=0.0)
    attacker.say(f"{left} of {WATCHERS} clients were put out or would have left")
    attacker.say(f"no ping for {longest:.1f} s, clients wait {sockets[0].patience:.0f} s")
    attacker.outcome.passed = left == 0


def _has_left(silence: float, socket: RawSocket) -> bool:
    return silence > socket.patience


async def _stand_still(pid: int) -> None:
    os.kill(pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(STALL)
    finally:
        os.kill(pid, signal.SIGCONT)


ATTACKS = (
    Attack(
        "17",
        "stop under load",
        f"SIGTERM with {VIEWERS} viewers and 5,000 forged datagrams a second",
        stop,
        Kind.CHECK,
        students=VIEWERS,
        ends_class=True,
    ),
    Attack(
        "18",
        "stall",
        f"The server's process stands still for {STALL:.0f} s, with {WATCHERS} pings unanswered",
        stall,
        Kind.CHECK,
    ),
)
