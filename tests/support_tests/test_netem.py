"""The simulated link does what its conditions say, the same way for the same seed."""

from itertools import groupby, pairwise

import pytest

from tests.support.netem import BurstLoss, Conditions, Link


def carry(
    link: Link, packets: int, interval: float = 0.001, size: int = 100
) -> list[tuple[float, int]]:
    """Send numbered datagrams at a pace and follow the deadlines; (arrival, number) each."""
    arrivals: list[tuple[float, int]] = []
    for number in range(packets):
        now = number * interval
        arrivals += [(now, number_of(data)) for data in link.receive(now)]
        link.send(number.to_bytes(4, "big") + bytes(size - 4), now)
    while (deadline := link.next_deadline()) is not None:
        arrivals += [(deadline, number_of(data)) for data in link.receive(deadline)]
    return arrivals


def number_of(data: bytes) -> int:
    return int.from_bytes(data[:4], "big")


def test_plain_link_delivers_everything_in_order_after_its_delay() -> None:
    link = Link(1, Conditions(delay=0.025))
    link.send(b"a", 1.0)
    link.send(b"b", 1.0)
    assert link.next_deadline() == pytest.approx(1.025)
    assert link.receive(1.024) == []
    assert link.receive(1.025) == [b"a", b"b"]
    assert link.next_deadline() is None


def test_jitter_spreads_arrivals_and_keeps_the_order() -> None:
    arrivals = carry(Link(1, Conditions(delay=0.02, jitter=0.03)), 500)
    assert [number for _, number in arrivals] == list(range(500))
    delays = {round(when - number * 0.001, 3) for when, number in arrivals}
    assert len(delays) > 5


def test_random_loss_takes_its_share() -> None:
    link = Link(7, Conditions(loss=0.1))
    arrivals = carry(link, 5000)
    assert link.counters.lost == 5000 - len(arrivals)
    assert 400 < link.counters.lost < 600


def test_burst_loss_loses_in_runs() -> None:
    link = Link(3, Conditions(burst=BurstLoss(enter=0.01, leave=0.25)))
    received = {number for _, number in carry(link, 5000)}
    lost_runs = [
        len(list(group))
        for lost, group in groupby(range(5000), lambda n: n not in received)
        if lost
    ]
    assert lost_runs
    assert 3.0 < sum(lost_runs) / len(lost_runs) < 5.5  # mean burst: 1 / leave = 4


def test_reordering_moves_some_packets_behind_later_ones() -> None:
    link = Link(5, Conditions(reorder=0.1, reorder_delay=0.01))
    numbers = [number for _, number in carry(link, 1000)]
    assert sorted(numbers) == list(range(1000))
    late = sum(1 for before, after in pairwise(numbers) if after < before)
    assert late == pytest.approx(link.counters.reordered, rel=0.2)
    assert 60 < link.counters.reordered < 140


def test_duplication_delivers_some_packets_twice() -> None:
    link = Link(5, Conditions(duplicate=0.2))
    numbers = [number for _, number in carry(link, 1000)]
    assert set(numbers) == set(range(1000))
    assert len(numbers) == 1000 + link.counters.duplicated
    assert 150 < link.counters.duplicated < 250


def test_rate_paces_datagrams_and_the_full_queue_drops() -> None:
    link = Link(1, Conditions(delay=0.0, rate=80_000, queue_bytes=1000))  # 100 bytes: 10 ms
    for number in range(20):
        link.send(number.to_bytes(4, "big") + bytes(96), 0.0)
    assert link.counters.overflowed == 10
    arrivals = []
    while (deadline := link.next_deadline()) is not None:
        arrivals += [deadline] * len(link.receive(deadline))
    assert arrivals == pytest.approx([0.01 * n for n in range(1, 11)])


def test_conditions_can_change_under_traffic() -> None:
    link = Link(1, Conditions(loss=1.0))
    link.send(b"gone", 0.0)
    link.conditions = Conditions(delay=0.5)
    link.send(b"kept", 0.1)
    assert link.receive(1.0) == [b"kept"]


def test_same_seed_same_arrivals_and_another_seed_others() -> None:
    conditions = Conditions(jitter=0.01, loss=0.1, reorder=0.1, duplicate=0.1)
    assert carry(Link(9, conditions), 300) == carry(Link(9, conditions), 300)
    assert carry(Link(9, conditions), 300) != carry(Link(10, conditions), 300)
