"""Rows 7 and 16c: what DTLS answers once, and before, it is established."""

import asyncio
from dataclasses import replace
from struct import Struct

from google_crc32c import value as crc32c

from loadtest.bot.bot import BotContext
from loadtest.records import BotPlan
from tests.siege.attack import Attack
from tests.siege.attacker import Attacker
from tests.siege.insider import Insider
from tests.siege.own_dtls import OwnDtls, OwnSession
from tests.siege.records import Kind

RATE = 79  # datagrams a second: 87 kB
HEARTBEATS = 130  # in a datagram, of 8 bytes each
OPENS_WITHIN = 2.0  # s
HELLO_WATCHED = 6.0  # s: the answer, and two retransmissions

INIT, INIT_ACK, HEARTBEAT, COOKIE_ECHO = 1, 2, 4, 10
STATE_COOKIE = 7
_HEADER = Struct(">HHII")
_CHUNK = Struct(">BBH")
_INIT = Struct(">IIHHI")


def packet(tag: int, chunks: bytes) -> bytes:
    """An SCTP packet (RFC 9260 3)."""
    head = _HEADER.pack(5000, 5000, tag, 0)
    checksum = int.from_bytes(crc32c(head + chunks).to_bytes(4, "little"), "big")
    return _HEADER.pack(5000, 5000, tag, checksum) + chunks


def chunk(kind: int, body: bytes) -> bytes:
    return _CHUNK.pack(kind, 0, 4 + len(body)) + body + bytes(-len(body) & 3)


def heartbeats(tag: int) -> bytes:
    """As many as a datagram holds, each with an empty info parameter."""
    return packet(tag, chunk(HEARTBEAT, b"\x00\x01\x00\x04") * HEARTBEATS)


def read_init_ack(data: bytes) -> tuple[int, bytes]:
    """The peer's tag and its cookie; nothing of another packet."""
    if len(data) < 32 or data[12] != INIT_ACK:
        return 0, b""
    tag = int.from_bytes(data[16:20], "big")
    position = 32
    while position + 4 <= len(data):
        kind, size = (
            int.from_bytes(data[position : position + 2], "big"),
            int.from_bytes(data[position + 2 : position + 4], "big"),
        )
        if kind == STATE_COOKIE:
            return tag, data[position + 4 : position + size]
        position += max(4, size + 3 & ~3)
    return 0, b""


async def _insider(attacker: Attacker, dtls: OwnDtls) -> Insider:
    def make(plan: BotPlan, around: BotContext) -> Insider:
        return Insider(plan, replace(around, dtls=dtls))

    return await attacker.insider(make)


async def heartbeat_storm(attacker: Attacker) -> None:
    dtls = OwnDtls()
    insider = await _insider(attacker, dtls)
    session = dtls.last
    assert session is not None
    tag = await _associate(session)
    attacker.say("an association was opened" if tag else "no association was opened")
    insider.drawn = 0
    await attacker.begin()
    async for due in attacker.pace(RATE):
        for _ in range(due):
            attacker.count(session.send_data(heartbeats(tag)))
        session.records.clear()
    attacker.outcome.passed = insider.drawn <= attacker.outcome.sent_bytes


async def _associate(session: OwnSession) -> int:
    """The tag of an open association; 0: nobody answers."""
    session.send_data(packet(0, chunk(INIT, _INIT.pack(7, 131_072, 16, 16, 1))))
    tag, cookie = 0, b""
    for _ in range(int(OPENS_WITHIN / 0.05)):
        await asyncio.sleep(0.05)
        for record in session.records:
            tag, cookie = read_init_ack(record)
        if cookie:
            session.send_data(packet(tag, chunk(COOKIE_ECHO, cookie)))
            await asyncio.sleep(0.2)
            return tag
    return 0


class Mute(Insider):
    """Asks for DTLS once and never goes on."""

    async def enter(self) -> None:
        await self.join()


async def one_hello(attacker: Attacker) -> None:
    dtls = OwnDtls(answers=False)

    def make(plan: BotPlan, around: BotContext) -> Insider:
        return Mute(plan, replace(around, dtls=dtls))

    insider = await attacker.insider(make)
    await attacker.begin()
    await asyncio.sleep(HELLO_WATCHED)
    hello = len(dtls.last.hello) if dtls.last is not None else 0
    attacker.count(hello)
    ratio = insider.drawn / max(1, hello)
    attacker.say(f"{insider.drawn} bytes for {hello} in {HELLO_WATCHED:.0f} s, {ratio:.1f} : 1")


ATTACKS = (
    Attack(
        "7",
        "SCTP heartbeats",
        f"{HEARTBEATS} heartbeats in a record of DTLS, {RATE} records a second",
        heartbeat_storm,
    ),
    Attack(
        "16c",
        "ClientHello",
        "One ClientHello from a nominated address, then silence",
        one_hello,
        Kind.CHECK,
    ),
)
