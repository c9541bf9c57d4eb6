"""Work budgets: gaining, paying before and after, debt, and when patience ends."""

from common.work import Patience, Price, WorkBudget


def budget(rate: float = 100.0, burst: float = 200.0) -> WorkBudget:
    return WorkBudget(rate, burst, updated_at=0.0)


def test_a_new_budget_holds_a_whole_burst() -> None:
    assert budget().take(200.0, 0.0)


def test_what_does_not_fit_takes_nothing() -> None:
    one = budget()
    assert not one.take(201.0, 0.0)
    assert one.take(200.0, 0.0)


def test_credit_is_gained_with_time_and_never_beyond_a_burst() -> None:
    one = budget()
    one.take(200.0, 0.0)
    assert not one.take(150.0, 1.0)
    assert one.take(150.0, 1.5)
    assert not one.take(201.0, 1_000.0)
    assert one.take(200.0, 1_000.0)


def test_a_clock_that_goes_back_gains_nothing() -> None:
    one = budget()
    one.take(200.0, 10.0)
    assert not one.take(1.0, 5.0)


def test_work_done_on_credit_is_paid_off_before_more_is_done() -> None:
    one = budget()
    one.charge(250.0)
    assert one.is_spent(0.0)
    assert one.is_spent(0.4)
    assert not one.is_spent(0.51)


def test_debt_is_bounded_by_one_burst() -> None:
    one = budget()
    one.charge(1e9)
    assert one.is_spent(1.9)
    assert not one.is_spent(2.01)


def test_patience_ends_when_refusals_go_on() -> None:
    patience = Patience(limit=5.0)
    assert not any(patience.refused(at / 2) for at in range(10))
    assert patience.refused(5.0)


def test_a_second_without_refusals_forgives() -> None:
    patience = Patience(limit=5.0)
    for at in range(5):
        patience.refused(float(at))
    assert not patience.refused(6.5)
    assert not patience.refused(7.5)


def test_every_price_is_positive() -> None:
    prices = {name: value for name, value in vars(Price).items() if name.isupper()}
    assert prices
    assert all(value > 0 for value in prices.values())
