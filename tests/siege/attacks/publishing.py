"""Rows 5, 15 and 16f: a student's own media."""

import os

from tests.siege.attack import Attack
from tests.siege.attacker import Attacker
from tests.siege.insider import Insider

LEAP = 300  # sequence numbers
LEAP_RATE, FAST_LEAP_RATE = 20, 200  # packets a second
TOLD_A_SECOND = 2  # slots messages: one new segment, and voices that come and go
WIDE_LEAP = 4_000  # transport-wide numbers
SOUND = bytes(20)  # makes a packet of 68 bytes
TOP_RATE = 10_000  # packets a second of a publisher without measure, 100 Mbit/s
TOP_SIZE = 1_180
MAX_BURST = 400

# A VP8 descriptor with a long picture id, the start of a key frame (RFC 7741 4.2)
_KEY_FRAME = bytes((0x90, 0xE0, 0x80, 0x01, 0x01, 0x20)) + bytes(
    (0x10, 0x02, 0x00, 0x9D, 0x01, 0x2A)
)


class Witness(Insider):
    """A student who counts how often it is told what its slots show."""

    told = 0

    def _hear(self, event: str, payload: dict[str, object]) -> None:
        self.told += event == "slots"
        super()._hear(event, payload)


async def leaps(attacker: Attacker, rate: int) -> None:
    witness = await attacker.insider(Witness)
    assert isinstance(witness, Witness)
    insider = await attacker.insider(publish=("microphone",))
    line = insider.voice()
    await attacker.begin(insider.participant)
    before = witness.told
    async for due in attacker.pace(rate):
        for _ in range(due):
            line.index += LEAP
            packet = insider.speak(line, SOUND)
            insider.send(packet)
            attacker.count(len(packet))
    told = witness.told - before
    attacker.say(f"{told} slots messages to each student")
    attacker.outcome.passed = told <= TOLD_A_SECOND * attacker.elapsed


async def slow_leaps(attacker: Attacker) -> None:
    await leaps(attacker, LEAP_RATE)


async def fast_leaps(attacker: Attacker) -> None:
    await leaps(attacker, FAST_LEAP_RATE)


async def wide_leaps(attacker: Attacker) -> None:
    insider = await attacker.insider(publish=("microphone",))
    line = insider.voice()
    await attacker.begin(insider.participant)
    async for due in attacker.pace(LEAP_RATE):
        for _ in range(due):
            packet = insider.speak(line, SOUND, number=WIDE_LEAP)
            insider.send(packet)
            attacker.count(len(packet))


async def without_measure(attacker: Attacker) -> None:
    """Key frames of one packet, as many as its core can seal; the students watch it."""
    insider = await attacker.insider(publish=("camera",))
    line = insider.picture()
    payload = _KEY_FRAME + os.urandom(TOP_SIZE - len(_KEY_FRAME))
    await attacker.begin(insider.participant)
    async for due in attacker.pace(TOP_RATE):
        for _ in range(min(due, MAX_BURST)):
            packet = insider.show_picture(line, payload)
            insider.send(packet)
            attacker.count(len(packet))


ATTACKS = (
    Attack(
        "5a",
        "sequence leaps",
        f"A speaking student's packets, each {LEAP} ahead, {LEAP_RATE} a second",
        slow_leaps,
    ),
    Attack("5b", "sequence leaps, fast", f"The same, {FAST_LEAP_RATE} a second", fast_leaps),
    Attack(
        "15",
        "transport-wide leaps",
        f"A speaking student's transport-wide numbers, each {WIDE_LEAP:,} ahead, "
        f"{LEAP_RATE} packets a second",
        wide_leaps,
    ),
    Attack(
        "16f",
        "publisher without measure",
        f"A camera of up to {TOP_RATE * TOP_SIZE * 8 // 1_000_000} Mbit/s that students watch",
        without_measure,
    ),
)
