"""The question to a nominated address, in virtual time."""

from collections import Counter
from random import Random

import pytest

from sfu.ice.address_check import (
    ANSWER_WITHIN,
    PAUSES,
    REQUEST_BURST,
    REQUEST_RATE,
    AddressCheck,
)
from sfu.stats import DropReason
from sfu.wire import stun
from sfu.wire.address import Address

HERE: Address = ("198.51.100.9", 50_000)
THERE: Address = ("198.51.100.10", 50_000)
KEY = b"r" * 24
SIZE = 104  # of a browser's nomination


class Desk:
    """A check, and what it sent when."""

    def __init__(self) -> None:
        self.drops: Counter[DropReason] = Counter()
        self.check = AddressCheck(self.drops, 0.0)
        self.sent: list[tuple[float, Address, bytes]] = []
        self._random = Random(1)

    def begin(self, address: Address = HERE, limit: int = SIZE, key: bytes = KEY) -> bool:
        return self.check.begin(address, "peer:ours", key, self._random.randbytes, limit)

    def run(self, until: float) -> None:
        """All that is due before `until`."""
        now = 0.0
        while (due := self.check.next_deadline()) is not None and due < until:
            now = max(now, due)
            self.handle(now)

    def handle(self, now: float) -> None:
        if (request := self.check.handle_timers(now)) is not None:
            self.sent.append((now, *request))

    def times(self) -> list[float]:
        return [round(at, 6) for at, _, _ in self.sent]

    def reply(self, kind: int = stun.BINDING_SUCCESS, key: bytes = KEY) -> bytes:
        """The peer's answer to what was sent last."""
        return stun.build(kind, self.sent[-1][2][8:20], (), key)

    def accepts(self, data: bytes, address: Address = HERE) -> bool:
        message = stun.parse(data)
        awaited = self.check.awaits(address, message.transaction)
        return awaited and self.check.is_answered_by(message, data)


def test_a_request_goes_out_at_once_and_three_times_more() -> None:
    desk = Desk()
    assert desk.check.next_deadline() is None
    desk.begin()
    desk.run(1.0)
    assert desk.times() == [0.0, 0.05, 0.1, 0.2]
    assert {(address, data) for _, address, data in desk.sent} == {(HERE, desk.sent[0][2])}
    assert desk.drops == {}


def test_silence_ends_it_and_is_counted() -> None:
    desk = Desk()
    desk.begin()
    desk.run(1.0)
    assert desk.check.next_deadline() == ANSWER_WITHIN
    late = desk.reply()
    desk.run(10.0)
    assert desk.drops == {DropReason.ADDRESS_SILENT: 1}
    assert desk.check.next_deadline() is None
    assert not desk.accepts(late)


@pytest.mark.parametrize("kind", [stun.BINDING_SUCCESS, stun.BINDING_ERROR])
def test_the_peers_answer_counts_from_there_alone(kind: int) -> None:
    desk = Desk()
    desk.begin()
    desk.handle(0.0)
    assert desk.accepts(desk.reply(kind))
    assert not desk.accepts(desk.reply(kind), THERE)
    assert not desk.accepts(desk.reply(kind, b"guessed"))
    assert not desk.accepts(desk.reply(stun.BINDING_REQUEST))
    assert not desk.accepts(stun.build(kind, bytes(12), (), KEY))


def test_an_answer_after_the_last_request_counts() -> None:
    desk = Desk()
    desk.begin()
    desk.run(ANSWER_WITHIN)
    assert desk.accepts(desk.reply())


def test_nominations_of_an_address_under_check_begin_nothing() -> None:
    desk = Desk()
    desk.begin()
    desk.handle(0.0)
    for _ in range(50):
        desk.begin()
    desk.run(1.0)
    assert len(desk.sent) == 1 + len(PAUSES)


def test_a_nomination_after_the_last_request_sends_the_same_again() -> None:
    desk = Desk()
    desk.begin()
    desk.run(1.0)
    first = desk.reply()
    desk.begin()
    desk.handle(1.0)
    assert desk.sent[-1][2] == desk.sent[0][2]
    assert desk.accepts(first)  # a slow path's answer to the first


def test_the_latest_nomination_is_asked() -> None:
    desk = Desk()
    desk.begin()
    desk.handle(0.0)
    first = desk.reply()
    desk.begin(THERE)
    desk.run(1.0)
    assert [address for _, address, _ in desk.sent] == [HERE] + [THERE] * 4
    assert not desk.accepts(first)
    assert desk.accepts(desk.reply(), THERE)


def test_other_credentials_ask_anew() -> None:
    desk = Desk()
    desk.begin()
    desk.handle(0.0)
    desk.begin(key=b"restarted")
    desk.handle(0.01)
    assert desk.sent[0][2] != desk.sent[1][2]
    assert desk.accepts(desk.reply(key=b"restarted"))


def test_a_flood_of_nominations_sends_few_requests() -> None:
    desk, seconds = Desk(), 10
    for number in range(1_000 * seconds):
        desk.begin(("203.0.113.1", number))
        desk.handle(number / 1_000)
    assert len(desk.sent) <= REQUEST_BURST + REQUEST_RATE * seconds


def test_no_request_is_larger_than_the_nomination() -> None:
    desk = Desk()
    assert desk.begin(limit=88)
    desk.handle(0.0)
    assert len(desk.sent[-1][2]) == 88
    assert desk.begin(THERE, limit=80)
    desk.handle(0.0)
    assert len(desk.sent[-1][2]) == 80  # without FINGERPRINT
    assert not desk.begin(HERE, limit=79)
    assert desk.drops == {DropReason.CHECK_TOO_LARGE: 1}
    assert desk.accepts(desk.reply(), THERE)  # the last one that could be asked


def test_nothing_is_asked_any_more_once_it_is_ended() -> None:
    desk = Desk()
    desk.begin()
    desk.handle(0.0)
    desk.check.end()
    desk.handle(5.0)
    assert len(desk.sent) == 1
    assert not desk.accepts(desk.reply())
