"""Row F: datagrams that anybody can send, from the teacher's address or from nowhere.

They go out by a raw socket on loopback, which takes root.
"""

import os
import socket
from collections.abc import Callable
from random import Random
from struct import Struct

from sfu.wire import stun
from tests.siege.attack import Attack
from tests.siege.attacker import Attacker

RATE = 5_000  # datagrams a second
MAX_BURST = 250
_IP = Struct(">BBHHHBBH4s4s")
_UDP = Struct(">HHHH")
_TTL = 64
_SEED = 1

Source = Callable[[], tuple[str, int]]


def datagram(source: tuple[str, int], target: tuple[str, int], payload: bytes) -> bytes:
    """IPv4 and UDP; the kernel fills in the checksum of the one, the other goes without."""
    size = _UDP.size + len(payload)
    addresses = (socket.inet_aton(source[0]), socket.inet_aton(target[0]))
    head = _IP.pack(0x45, 0, _IP.size + size, 0, 0, _TTL, socket.IPPROTO_UDP, 0, *addresses)
    return head + _UDP.pack(source[1], target[1], size, 0) + payload


def garbage(chance: Random) -> list[bytes]:
    """Datagrams of each kind that can be no more than look right."""

    def noise(size: int) -> bytes:
        return chance.randbytes(size)

    def record(kind: int, epoch: int, body: bytes) -> bytes:
        head = bytes((kind, 0xFE, 0xFD)) + epoch.to_bytes(2, "big") + noise(6)
        return head + len(body).to_bytes(2, "big") + body

    name = (stun.USERNAME, b"abcdefgh:ijkl")
    request = stun.build(stun.BINDING_REQUEST, noise(12), [name], b"guess")
    found = []
    for _ in range(50):
        found += [
            b"\x90\x60" + noise(200),  # RTP of video
            b"\x80\x6f" + noise(80),  # RTP of sound
            b"\x81\xc9" + noise(60),  # RTCP
            record(22, 0, noise(100)),  # handshake
            record(21, 0, b"\x02\x28"),  # a fatal alert that nobody sealed
            record(21, 1, noise(24)),
            record(23, 1, noise(120)),
            request,
            noise(30),
        ]
    return found


async def from_teacher(attacker: Attacker) -> None:
    await _flood(attacker, _teacher(attacker))


async def flood_from(attacker: Attacker) -> None:
    """The same beside another attack, which has begun."""
    with _raw_socket() as raw:
        await _pour(attacker, raw, _teacher(attacker))


def _teacher(attacker: Attacker) -> Source:
    if not attacker.order.teacher_port:
        raise RuntimeError("the teacher's port is not known")
    source = (attacker.order.host, attacker.order.teacher_port)
    return lambda: source


async def from_anywhere(attacker: Attacker) -> None:
    chance = Random(_SEED)

    def somewhere() -> tuple[str, int]:
        last = chance.randrange(2, 250)
        return f"127.0.{chance.randrange(1, 250)}.{last}", chance.randrange(1_024, 60_000)

    await _flood(attacker, somewhere)


async def _flood(attacker: Attacker, source: Source) -> None:
    with _raw_socket() as raw:
        await attacker.begin()
        await _pour(attacker, raw, source)


def _raw_socket() -> socket.socket:
    return socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)


async def _pour(attacker: Attacker, raw: socket.socket, source: Source) -> None:
    target = (attacker.order.host, attacker.order.udp_port)
    payloads = garbage(Random(os.urandom(4)))
    async for due in attacker.pace(RATE):
        for _ in range(min(due, MAX_BURST)):
            payload = payloads[attacker.outcome.sent % len(payloads)]
            raw.sendto(datagram(source(), target, payload), (target[0], 0))
            attacker.count(len(payload))


ATTACKS = (
    Attack(
        "Fa",
        "forged from the teacher's address",
        f"Garbage RTP, RTCP, DTLS and STUN, {RATE:,} datagrams a second",
        from_teacher,
    ),
    Attack(
        "Fb",
        "strangers' datagrams",
        f"The same from ever new addresses, {RATE:,} a second",
        from_anywhere,
    ),
)
