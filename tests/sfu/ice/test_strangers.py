"""Budgets of addresses that belong to nobody."""

from common.work import Price
from sfu.ice.strangers import BURST, MAX_STRANGERS, RATE, Strangers

HERE, THERE = ("192.0.2.1", 1), ("192.0.2.2", 2)


def test_who_never_failed_is_read() -> None:
    assert not Strangers().is_spent(HERE, 0.0)


def test_an_address_fails_so_often_and_no_more() -> None:
    strangers = Strangers()
    failed = 0
    while not strangers.is_spent(HERE, 0.0):
        strangers.charge_failed(HERE, 0.0)
        failed += 1
    assert failed <= BURST / Price.FAILED_CHECK + 1
    assert not strangers.is_spent(THERE, 0.0)


def test_it_is_read_again_after_a_while() -> None:
    strangers = Strangers()
    for _ in range(1_000):
        strangers.charge_failed(HERE, 0.0)
    assert strangers.is_spent(HERE, 1.0)
    assert not strangers.is_spent(HERE, 1.0 + BURST / RATE)


def test_the_table_is_bounded_and_forgets_the_oldest() -> None:
    strangers = Strangers()
    for _ in range(1_000):
        strangers.charge_failed(HERE, 0.0)
    for port in range(MAX_STRANGERS):
        strangers.charge_failed(("198.51.100.1", port), 0.0)
    assert len(strangers) == MAX_STRANGERS
    assert not strangers.is_spent(HERE, 0.0)
