"""Rows 3, 4, 11 and 12: a student's Socket.IO messages."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from loadtest.run.server_stats import usage_of
from tests.siege.attack import Attack
from tests.siege.attacker import Attacker
from tests.siege.web_socket import RawSocket, Refused, event, frame

FIELDS = 40_000  # that the server does not know
LARGEST = 490_000  # bytes of a message
SDP_RATE = 20  # offers a second, as the flood limit allowed
REFUSED_RATE = 2_000  # refused messages a second
FIRST_SERIAL = 1_000
ANSWERED = 0.05  # s that a burst's answers are waited for
BURST = 59  # messages of a new socket
UNREAD_BUFFER = 4_096  # bytes that the client's kernel takes
UNREAD_RATE = 20
UNREAD_MEMORY = 4_000_000  # bytes: 1 MB a socket, the offers' own state, and noise
ACCEPTED, SAVED_UP = 22.0, 60.0  # messages a second, and at once, of one person
SOCKETS_A_SECOND = 10  # new ones, at most

_HEAD = (
    "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:siege\r\n"
    "a=ice-pwd:siegesiegesiegesiegesiege\r\na=fingerprint:sha-256 {fingerprint}\r\n"
    "a=setup:actpass\r\na=mid:0\r\na=recvonly\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n"
)


async def in_turn(attacker: Attacker, make: Callable[[int], str], rate: float) -> None:
    """Message after message, each when the one before is answered; comes back when put out."""
    socket: RawSocket | None = await attacker.student()
    await attacker.begin()
    async for _ in attacker.pace(rate):
        try:
            socket = socket or await attacker.student()
            serial = attacker.outcome.sent + 1_000
            data = frame(make(serial))
            attacker.count(len(data))
            await socket.send(data)
            _note(attacker, await socket.acknowledgement(serial))
        except (Refused, OSError) as error:
            attacker.outcome.removed = str(error)
            socket = None
            await asyncio.sleep(1 / SOCKETS_A_SECOND)


def _note(attacker: Attacker, answer: object) -> None:
    """The last answer's code, as a fact that is replaced."""
    found = answer.get("error", {}).get("code", "accepted") if isinstance(answer, dict) else "?"
    attacker.outcome.facts = [f"last answer: {found}"]


async def unknown_fields(attacker: Attacker) -> None:
    fields = ",".join(f'"k{n}":0' for n in range(FIELDS))
    await in_turn(attacker, lambda n: f'42{n}["video-offer",{{"sdp":"v=0",{fields}}}]', 1_000)


async def refused(attacker: Attacker) -> None:
    """Well-formed and never allowed; waits for no answer, only for room in the kernel."""
    pour = Pour(attacker, attacker.unique())
    await pour.open()
    await attacker.begin()
    async for due in attacker.pace(REFUSED_RATE):
        for _ in range(min(due, REFUSED_RATE // 10)):
            await pour.send("moderate", {"action": "lock"})
    await pour.close()
    attacker.say(", ".join(f"{code} {n:,}" for code, n in pour.answers.items()) or "no answers")


class Pour:
    """One person's messages, one after another, whatever is answered; comes back when put out.

    `answers` counts acknowledgements by code, over all sockets.
    """

    def __init__(self, attacker: Attacker, name: str) -> None:
        self.answers: Counter[str] = Counter()
        self._attacker = attacker
        self._name = name
        self._socket: RawSocket | None = None
        self._reading: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Joins the class; raises Refused or OSError."""
        self._socket = await self._attacker.student(self._name)
        self._reading = self._attacker.spawn(self._read(self._socket))

    async def send(self, name: str, payload: object) -> None:
        try:
            if self._socket is None:
                await self.open()
            assert self._socket is not None
            data = frame(event(name, payload, FIRST_SERIAL + self._attacker.outcome.sent))
            if self._socket.send_now(data):
                self._attacker.count(len(data))
        except (Refused, OSError) as error:
            self._attacker.outcome.removed = str(error)
            await asyncio.sleep(1 / SOCKETS_A_SECOND)

    async def _read(self, socket: RawSocket) -> None:
        """Every acknowledgement, until the socket ends."""
        while True:
            try:
                text = await socket.receive(lambda text: text.startswith("43"))
            except Refused as error:
                if self._socket is socket and not str(error).startswith("no answer"):
                    self._attacker.outcome.removed = str(error)
                    self._socket = None
                if self._socket is not socket:
                    return
                continue
            answer = json.loads(text[text.index("[") :])[0]
            self.answers[str(answer.get("error", {}).get("code", "accepted"))] += 1

    async def close(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
        if self._socket is not None:
            await self._socket.close()
        self._socket = None


async def many_lines(attacker: Attacker) -> None:
    head = _HEAD.format(fingerprint=":".join(["AB"] * 32))
    left = LARGEST - len(json.dumps(head)) - 100
    sdp = json.dumps(head + "a=\n" * (left // 4))
    attacker.say(f"{left // 4:,} lines")
    await in_turn(attacker, lambda n: f'42{n}["video-offer",{{"sdp":{sdp}}}]', SDP_RATE)


async def comes_back(attacker: Attacker) -> None:
    """A new socket for each burst, so that no limit that dies with a socket is ever met."""
    name = attacker.unique()
    accepted: Counter[str] = Counter()
    await attacker.begin()
    while not attacker.is_over:
        pour = Pour(attacker, name)
        for _ in range(BURST):
            await pour.send("hand", {"raised": False})
            if attacker.is_over:
                break
        await asyncio.sleep(ANSWERED)
        await pour.close()
        accepted += pour.answers
    rate = accepted["accepted"] / attacker.elapsed
    attacker.say(f"{rate:.0f} messages a second were accepted")
    attacker.outcome.passed = rate <= ACCEPTED + SAVED_UP / attacker.elapsed


async def reads_nothing(attacker: Attacker) -> None:
    """Offers again and again, and never takes an answer."""
    insider = await attacker.insider()
    offer = insider.spare_offer(video_slots=40)
    attacker.say(f"an answer takes {await _answer_size(attacker, offer):,} bytes")
    name = attacker.unique()
    socket = await attacker.socket(attacker.token(name), UNREAD_BUFFER)
    await socket.request("video-join", {"classId": attacker.order.class_id})
    data = frame(event("video-offer", {"sdp": offer}, 1))
    before, highest, closed_at = _memory(attacker), 0, 0.0
    await attacker.begin()
    async for _ in attacker.pace(UNREAD_RATE):
        if socket.send_now(data):
            attacker.count(len(data))
        highest = max(highest, _memory(attacker) - before)
        if socket.is_closed and not closed_at:
            closed_at = attacker.elapsed
    attacker.say(f"the server's memory grew by {highest / 1e6:.1f} MB")
    attacker.say(f"closed after {closed_at:.1f} s" if closed_at else "the socket stayed open")
    attacker.outcome.passed = highest <= UNREAD_MEMORY
    await socket.close()


async def _answer_size(attacker: Attacker, offer: str) -> int:
    """Bytes of all that one offer brings, by a client that reads."""
    socket = await attacker.student()
    before = socket.read
    await socket.request("video-offer", {"sdp": offer})
    with suppress(Refused, TimeoutError):  # the event may have come before the acknowledgement
        async with asyncio.timeout(1.0):
            await socket.receive(lambda text: text.startswith('42["video-answer"'))
    await socket.close()
    return socket.read - before


def _memory(attacker: Attacker) -> int:
    usage = usage_of(attacker.order.server_pid)
    return usage.rss_bytes if usage is not None else 0


ATTACKS = (
    Attack(
        "3a",
        "unknown fields",
        f"A student's offers with {FIELDS:,} unknown fields, each when the last is answered",
        unknown_fields,
    ),
    Attack(
        "3b",
        "refused messages",
        f"A student's `moderate`, {REFUSED_RATE:,} a second, waiting for no answer",
        refused,
    ),
    Attack(
        "4",
        "offer of many lines",
        f"An offer within the limits, nearly all of it `a=` lines, at most {SDP_RATE} a second",
        many_lines,
    ),
    Attack(
        "11",
        "reconnecting",
        f"A new socket of the same person for every {BURST + 1} messages",
        comes_back,
    ),
    Attack(
        "12",
        "unread answers",
        f"Offers of 40 slots, {UNREAD_RATE} a second, by a client that reads nothing",
        reads_nothing,
    ),
)
