"""Rows 8 and 16b: media to where nobody asked for it."""

import asyncio
import socket
from collections.abc import Callable

from loadtest.bot.link import RECEIVE_BUFFER
from sfu.wire import demux
from tests.siege.attack import Attack
from tests.siege.attacker import Attacker
from tests.siege.insider import Insider
from tests.siege.records import Kind

WATCHED = 5.0  # s
SETTLED = 4.0  # s until media flows
MAX_RATIO = 30.0  # bytes to a silent address for each byte from it: our own few requests
NEWER = 80  # requests between one and its repetition
SLOTS = 10
THIRD_PARTY = "127.0.0.66"


def silent_socket() -> socket.socket:
    """A socket at another address that never asked for anything."""
    silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    silent.setblocking(False)
    silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    silent.bind((THIRD_PARTY, 0))
    return silent


async def heard(silent: socket.socket, seconds: float) -> list[bytes]:
    """What comes within that time."""
    found: list[bytes] = []
    deadline = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < deadline:
        try:
            while True:
                found.append(silent.recv(65_536))
        except BlockingIOError:
            await asyncio.sleep(0.002)
    return found


def _throw(attacker: Attacker, silent: socket.socket, data: bytes) -> None:
    silent.sendto(data, (attacker.order.host, attacker.order.udp_port))
    attacker.count(len(data))


async def nomination(attacker: Attacker) -> None:
    insider = await attacker.insider()
    await asyncio.sleep(SETTLED)
    await attacker.begin()
    with silent_socket() as silent:
        request = insider.binding_request()
        _throw(attacker, silent, request)
        came = await heard(silent, WATCHED)
    size = sum(map(len, came))
    media = sum(demux.classify(data) == demux.RTP for data in came)
    attacker.outcome.drawn_bytes += size
    ratio = size / len(request)
    attacker.say(f"{size:,} bytes in {WATCHED:.0f} s for {len(request)}: {ratio:,.1f} : 1")
    attacker.say(f"{media:,} packets of media")
    attacker.outcome.passed = media == 0 and ratio <= MAX_RATIO


async def many_slots(attacker: Attacker) -> None:
    """How often one camera is sent to one person who asks for it in every slot."""
    insider = await attacker.insider(video_slots=SLOTS, show="nothing")
    teacher = await _teacher(attacker)
    await attacker.begin()
    assert insider.connection is not None
    mids = [slot.mid for slot in insider.connection.answer.slots if slot.kind == "video"]
    wants = [{"mid": mid, "want": "page", "producer": f"{teacher}:camera"} for mid in mids]
    await insider.ask_layout(wants)
    await asyncio.sleep(SETTLED)
    copies = sum(stream.is_video for stream in insider.streams)
    attacker.say(f"{copies} copies in {SLOTS} slots")
    attacker.outcome.passed = copies == 1


async def _teacher(attacker: Attacker) -> str:
    """The teacher's participant id, as everybody in the class is told it."""
    web_socket = await attacker.socket(attacker.token(attacker.unique()))
    reply = await web_socket.request("video-join", {"classId": attacker.order.class_id})
    await web_socket.close()
    people = reply.get("participants", [])
    return next((str(one["id"]) for one in people if one["role"] == "teacher"), "")


async def repeated_request(attacker: Attacker) -> None:
    """A recorded request of one's own, sent again from elsewhere after many newer ones."""
    insider = await attacker.insider()
    await attacker.begin()
    recorded = insider.requests[0]
    await _send_newer(attacker, insider)
    with silent_socket() as silent:
        _throw(attacker, silent, recorded)
        came = await heard(silent, 1.0)
    answered = any(demux.classify(data) == demux.STUN for data in came)
    attacker.say(f"{sum(map(len, came)):,} bytes for a repeated request")
    attacker.outcome.passed = not answered and not came


async def _send_newer(attacker: Attacker, insider: Insider) -> None:
    make: Callable[[], bytes] = insider.binding_request
    for _ in range(NEWER):
        request = make()
        insider.send(request)
        attacker.count(len(request))
        await asyncio.sleep(0.01)


ATTACKS = (
    Attack(
        "8a",
        "media aimed at a third party",
        "A student's authentic nomination from an address that is silent ever after",
        nomination,
        Kind.CHECK,
    ),
    Attack(
        "8b",
        "one camera in ten slots",
        "A student asks for the teacher's camera in every slot",
        many_slots,
        Kind.CHECK,
    ),
    Attack(
        "16b",
        "repeated binding request",
        f"A binding request again, from another address, after {NEWER} newer ones",
        repeated_request,
        Kind.CHECK,
    ),
)
