"""The work that one person may cause, and the sockets that share one budget; in virtual time."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from common.errors import LiveclassError
from common.work import Price
from signalling.classroom.messages import MAX_SDP
from signalling.socket.clients import (
    BURST,
    COPIES_BURST,
    MAX_REMEMBERED,
    OFFERS,
    PATIENCE,
    PER_SECOND,
    REMEMBERED,
    WORK_BURST,
    WORK_PER_SECOND,
    Budget,
    Clients,
)
from signalling.socket.guard import MAX_NODES, MAX_OFFER, SocketGuard

CLASS_OFFER = Path("tests/data/chromium-156-class-offer.sdp")


def accepted(times: int, take: Callable[[], None]) -> int:
    """The number of attempts, out of `times`, that were not refused."""
    taken = 0
    for _ in range(times):
        try:
            take()
        except LiveclassError:
            continue
        taken += 1
    return taken


def spent(budget: Budget) -> float:
    return WORK_BURST - budget._work.credit


def test_messages_come_in_a_burst_then_at_their_rate() -> None:
    budget = Budget(0.0)
    assert accepted(200, lambda: budget.take_message("hand", 30, 0.0)) == BURST
    assert accepted(200, lambda: budget.take_message("hand", 30, 1.0)) == PER_SECOND


def test_offers_are_five_then_one_in_two_seconds() -> None:
    budget = Budget(0.0)
    assert accepted(9, lambda: budget.take_message("video-offer", 5_000, 0.0)) == OFFERS
    with pytest.raises(LiveclassError, match="too_many_offers"):
        budget.take_message("video-offer", 5_000, 1.9)
    budget.take_message("video-offer", 5_000, 2.0)
    budget.take_message("hand", 30, 2.0)


def test_bytes_values_and_lines_are_paid_before_they_are_read() -> None:
    budget = Budget(0.0)
    budget.take_message("video-offer", 100_000, 0.0)
    budget.take_nodes(50, 0.0)
    budget.take_lines(1_000, 0.0)
    expected = Price.MESSAGE + 100_000 * Price.JSON_BYTE
    expected += 50 * Price.JSON_NODE + 1_000 * Price.SDP_LINE
    assert spent(budget) == pytest.approx(expected)


def test_one_person_takes_a_hundredth_of_a_core_whatever_is_sent() -> None:
    """Ten seconds of the dearest messages: what is accepted is worth the burst and the rate."""
    budget, done = Budget(0.0), 0.0

    def dearest() -> None:
        budget.take_message("video-offer", MAX_OFFER, now)
        budget.take_nodes(MAX_NODES, now)

    cost = Price.MESSAGE + MAX_OFFER * Price.JSON_BYTE + MAX_NODES * Price.JSON_NODE
    for tick in range(1_000):
        now = tick / 100
        done += accepted(3, dearest) * cost
    assert done <= WORK_BURST + 10 * WORK_PER_SECOND
    assert cost < WORK_BURST / 5, "and no single frame takes more than 10 ms"


def test_lines_beyond_the_credit_are_too_many_offers() -> None:
    budget = Budget(0.0)
    with pytest.raises(LiveclassError, match="too_many_offers"):
        budget.take_lines(MAX_SDP // 2, 0.0)


def test_a_real_join_with_a_long_offer_takes_less_than_half() -> None:
    """Chromium's offer of a class, put up to 150 kB, and all that a page says in its first two
    seconds."""
    sdp = CLASS_OFFER.read_text()
    sdp += sdp[sdp.index("m=video") :]
    sdp = sdp * (1 + 150_000 // len(sdp))
    sdp = sdp[:150_000]
    layout = {"slots": [{"mid": str(n), "want": "page", "producer": "a:b"} for n in range(10)]}
    said = [
        ("video-join", {"classId": "demo"}),
        ("media-state", {"microphone": True, "camera": True}),
        ("video-offer", {"sdp": sdp, "offer": 1}),
        *[("layout", layout)] * 10,
        *[("chat-message", {"text": "Good morning, everybody!"})] * 3,
    ]
    guard = SocketGuard()
    guard.budget = budget = Budget(0.0)
    for event, payload in said:
        verdict = guard.take("421" + json.dumps([event, payload], separators=(",", ":")), 0.0)
        assert verdict.action.value == "pass", (event, verdict)
    budget.take_lines(sdp.count("\n"), 0.0)
    assert spent(budget) < WORK_BURST / 2


def test_chat_is_paid_by_those_it_goes_to() -> None:
    budget = Budget(0.0)
    for _ in range(5):
        budget.take_message("chat-message", 50, 0.0)
        budget.charge_copies(1_000)
    with pytest.raises(LiveclassError, match="too_many_messages"):
        budget.take_message("chat-message", 50, 0.0)
    budget.take_message("layout", 50, 0.0)
    budget.take_message("chat-message", 50, 5 * 1_000 * Price.EVENT_COPY / COPIES_BURST * 5)


def test_refusals_for_ten_seconds_are_enough() -> None:
    budget = Budget(0.0)
    told = [budget.refused(tick / 10) for tick in range(int(PATIENCE * 10) + 1)]
    assert told.index(True) == PATIENCE * 10


# Budgets across sockets, and for a minute without any

KEY = ("demo", "ravi")


def test_all_sockets_of_a_person_share_one_budget() -> None:
    known = Clients()
    first = known.find(KEY, 0.0)
    known.add(first, "a")
    assert known.find(KEY, 1.0) is first
    assert known.find(("other", "ravi"), 1.0) is not first


def test_a_budget_outlives_the_last_socket_by_a_minute() -> None:
    known = Clients()
    ravi = known.find(KEY, 0.0)
    for socket in "ab":
        known.add(ravi, socket)
    known.remove(ravi, "a", 5.0)
    known.remove(ravi, "b", 10.0)
    assert known.find(KEY, 10.0 + REMEMBERED - 0.1) is ravi
    assert known.find(KEY, 10.0 + REMEMBERED) is not ravi
    assert len(known) == 0


def test_connecting_anew_gains_nothing() -> None:
    """Reconnecting reset the limit: 464 messages a second."""
    known, accepted = Clients(), 0
    for attempt in range(100):
        now = attempt / 100
        ravi = known.find(KEY, now)
        known.add(ravi, "s")
        for _ in range(10):
            if ravi.budget._messages.take(1.0, now):
                accepted += 1
        known.remove(ravi, "s", now)
    assert accepted <= 60 + 20


def test_a_person_who_is_back_is_not_forgotten() -> None:
    known = Clients()
    ravi = known.find(KEY, 0.0)
    known.add(ravi, "a")
    known.remove(ravi, "a", 1.0)
    known.add(ravi, "b")
    assert known.find(KEY, 1_000.0) is ravi


def test_those_who_left_are_bounded() -> None:
    known = Clients()
    for number in range(MAX_REMEMBERED + 10):
        one = known.find(("demo", str(number)), 0.0)
        known.add(one, "s")
        known.remove(one, "s", 0.0)
    assert len(known) == MAX_REMEMBERED
