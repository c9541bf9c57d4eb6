"""What one person may make the server do, in virtual time."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from common.errors import LiveclassError
from common.work import Price
from signalling.classroom.messages import MAX_SDP
from signalling.socket.budgets import (
    BURST,
    COPIES_BURST,
    OFFERS,
    PATIENCE,
    PER_SECOND,
    WORK_BURST,
    WORK_PER_SECOND,
    Budget,
)
from signalling.socket.guard import MAX_NODES, MAX_OFFER, SocketGuard

CLASS_OFFER = Path("tests/data/chromium-156-class-offer.sdp")


def accepted(times: int, take: Callable[[], None]) -> int:
    """How many of so many attempts were not refused."""
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
