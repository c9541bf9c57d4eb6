from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.publish.nack import MAX_MISSING, MAX_TRIES, NackGenerator

RTT = 0.1


def receive(nack: Any, *indices: Any, now: Any = 0.0) -> None:
    for index in indices:
        nack.receive(index, now)


def run_until(nack: Any, end: Any, rtt: Any = RTT) -> Any:
    """(time, sequences) of everything asked up to `end`."""
    asked = []
    while (deadline := nack.deadline) is not None and deadline <= end:
        plan = nack.handle_timers(deadline, rtt)
        if plan.sequences:
            asked.append((round(deadline, 4), plan.sequences))
    return asked


def test_nothing_is_asked_on_a_perfect_path() -> None:
    nack = NackGenerator()
    receive(nack, *range(1000, 1100))
    assert nack.deadline is None


def test_the_first_packet_opens_no_gap() -> None:
    nack = NackGenerator()
    receive(nack, 60_000)
    assert nack.deadline is None


def test_a_gap_is_asked_after_a_short_wait() -> None:
    nack = NackGenerator()
    receive(nack, 10)
    receive(nack, 13, now=1.0)
    assert nack.deadline == pytest.approx(1.02)
    assert nack.handle_timers(1.01, RTT).sequences == []
    assert nack.handle_timers(1.02, RTT).sequences == [11, 12]
    assert nack.requested == 2


def test_reordered_packets_are_never_asked() -> None:
    nack = NackGenerator()
    receive(nack, 10, 12)
    receive(nack, 11, now=0.015)
    assert nack.deadline is None
    assert nack.handle_timers(0.02, RTT).sequences == []
    assert nack.recovered == 0


@pytest.mark.parametrize(("rtt", "interval"), [(0.0, 0.075), (0.05, 0.075), (0.2, 0.3)])
def test_asks_again_after_one_and_a_half_round_trips(rtt: Any, interval: Any) -> None:
    nack = NackGenerator()
    receive(nack, 10, 12)
    asked = run_until(nack, 0.02 + 2 * interval + 0.001, rtt)
    assert asked == [(round(0.02 + turn * interval, 4), [11]) for turn in range(3)]


def test_gives_up_one_packet_after_eight_tries() -> None:
    nack = NackGenerator()
    receive(nack, 10, 12)
    assert len(run_until(nack, 60.0)) == MAX_TRIES
    assert (nack.requested, nack.recovered, nack.abandoned) == (8, 0, 1)
    assert nack.deadline is None


def test_a_retransmitted_packet_counts_as_recovered_once() -> None:
    nack = NackGenerator()
    receive(nack, 10, 12)
    run_until(nack, 0.02)
    receive(nack, 11, 11, now=0.1)
    assert (nack.recovered, nack.abandoned) == (1, 0)
    assert nack.deadline is None


def test_two_gaps_have_their_own_deadlines() -> None:
    nack = NackGenerator()
    receive(nack, 10, 12)
    receive(nack, 14, now=0.01)
    assert run_until(nack, 0.03) == [(0.02, [11]), (0.03, [13])]


@pytest.mark.parametrize("gaps", [[MAX_MISSING + 1], [200, 57], [5000]])
def test_too_many_missing_at_once_want_a_key_frame(gaps: Any) -> None:
    nack = NackGenerator()
    index = 10
    receive(nack, index)
    for gap in gaps:
        index += gap + 1
        receive(nack, index, now=0.001)
    assert nack.deadline == 0.001
    plan = nack.handle_timers(0.001, RTT)
    assert (plan.sequences, plan.give_up) == ([], True)
    assert nack.abandoned == sum(gaps)
    assert nack.deadline is None
    assert nack.handle_timers(0.1, RTT).give_up is False


def test_exactly_the_limit_is_still_asked() -> None:
    nack = NackGenerator()
    receive(nack, 10, 10 + MAX_MISSING + 1)
    plan = nack.handle_timers(0.02, RTT)
    assert (len(plan.sequences), plan.give_up) == (MAX_MISSING, False)


def test_a_new_gap_after_giving_up_is_asked() -> None:
    nack = NackGenerator()
    receive(nack, 10, 5000)
    nack.handle_timers(0.0, RTT)
    receive(nack, 5002, now=1.0)
    assert run_until(nack, 1.02) == [(1.02, [5001])]


@given(st.lists(st.integers(0, 120), min_size=1, max_size=80))
def test_asks_for_exactly_what_is_missing_between_first_and_newest(indices: Any) -> None:
    nack = NackGenerator()
    receive(nack, *indices)
    missing = set(range(indices[0], max(indices))) - set(indices)
    assert nack.handle_timers(1.0, RTT).sequences == sorted(missing)


def test_a_new_sequence_leaves_nothing_of_the_old_one_to_ask_for() -> None:
    nack = NackGenerator()
    nack.receive(10, 0.0)
    nack.receive(13, 0.0)
    nack.restart()
    nack.receive(2, 0.1)
    nack.receive(3, 0.1)
    assert nack.deadline is None
    assert nack.handle_timers(1.0, 0.05).sequences == []
    assert nack.abandoned == 2


def test_a_new_sequence_takes_back_the_wish_for_a_key_frame() -> None:
    nack = NackGenerator()
    nack.receive(0, 0.0)
    nack.receive(MAX_MISSING + 2, 0.0)
    nack.restart()
    assert not nack.handle_timers(1.0, 0.05).give_up
