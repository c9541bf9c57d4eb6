"""A bad link: what it loses, what it delays, when it moves."""

from random import Random

import pytest

from loadtest.bot.faults import MAX_QUEUED, BadLink
from loadtest.records import LinkFaults

JOINED = 100.0


def link(**faults: object) -> BadLink:
    return BadLink(LinkFaults(**faults), Random(4).random, JOINED)  # type: ignore[arg-type]


def test_a_good_link_does_nothing() -> None:
    one = link()
    assert not any(one.loses() for _ in range(1_000))
    assert one.arrival(1_200, JOINED) == JOINED
    assert one.next_handover is None
    one.moved(JOINED)
    assert one.next_handover is None


def test_loss_is_the_share_that_was_asked_for_and_the_same_each_time() -> None:
    lost = [link(loss=0.05) for _ in range(2)]
    found = [[one.arrival(1_200, JOINED) is None for _ in range(10_000)] for one in lost]
    assert found[0] == found[1]
    assert sum(found[0]) == pytest.approx(500, abs=100)


def test_a_rate_delays_queues_and_drops() -> None:
    one = link(rate=((0.0, 96_000.0),))  # 1,200 bytes take 0.1 s
    arrivals = [one.arrival(1_200, JOINED) for _ in range(6)]
    assert arrivals[:4] == pytest.approx([JOINED + 0.1 * n for n in (1, 2, 3, 4)])
    assert arrivals[4:] == [None, None]
    assert one.queued(JOINED) == pytest.approx(0.4)
    assert one.queued(JOINED) > MAX_QUEUED
    assert one.queued(JOINED + 9) == 0


def test_rate_steps_come_at_their_times_and_end_in_order() -> None:
    one = link(rate=((5.0, None), (1.0, 96_000.0)))
    assert one.arrival(1_200, JOINED) == JOINED
    assert one.arrival(1_200, JOINED + 4.95) == pytest.approx(JOINED + 5.05)
    assert one.arrival(1_200, JOINED + 5.0) == pytest.approx(JOINED + 5.05)
    assert one.arrival(1_200, JOINED + 6.0) == JOINED + 6.0


def test_handovers_come_at_intervals() -> None:
    one = link(handover_every=7.0)
    assert one.next_handover == JOINED + 7
    one.moved(JOINED + 7.1)
    assert one.next_handover == pytest.approx(JOINED + 14.1)
