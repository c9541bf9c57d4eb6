"""A short run of `make fuzz-long`: every datagram counted once, nothing sent to who did not ask."""

from collections import Counter

import pytest

from sfu.ingress import Ingress
from sfu.transport import Transport
from tests.fuzz.barrage import KINDS, Barrage
from tests.support.thorough import tries

pytestmark = pytest.mark.sweep

COUNT = tries(20_000)


def test_every_datagram_is_accounted_for_and_the_class_goes_on() -> None:
    barrage = Barrage(seed=3)
    barrage.run(COUNT)
    assert barrage.thrown.total() == COUNT
    assert set(barrage.thrown) == set(KINDS)
    books = barrage.books()
    assert books.pop("arrived") == books.total() > COUNT
    assert barrage.most["streams of one"] <= 32
    assert barrage.most["bound addresses of one"] <= 8
    assert barrage.most["addresses"] <= 8 * barrage.most["transports"]


def test_the_same_seed_throws_the_same() -> None:
    books: list[Counter[str]] = []
    for _ in range(2):
        barrage = Barrage(seed=4)
        barrage.run(1_000)
        books.append(barrage.books())
    assert books[0] == books[1]


def test_a_datagram_that_is_not_counted_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    barrage = Barrage(seed=5)
    monkeypatch.setattr(Transport, "receive_rtcp", lambda self, data, now: False)
    with pytest.raises(AssertionError, match="accounted for"):
        barrage.run(5_000)


def test_an_answer_to_a_stranger_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    barrage = Barrage(seed=6)
    receive = Ingress.receive

    def answering(self: Ingress, data: bytes, address: tuple[str, int], now: float) -> None:
        receive(self, data, address, now)
        self._answer(address, b"\x01\x11")

    monkeypatch.setattr(Ingress, "receive", answering)
    with pytest.raises(AssertionError):
        barrage.run(1_000)
