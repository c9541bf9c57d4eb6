"""Virtual time: order and deadlines."""

from tests.support.clock import Agenda, earliest


def test_actions_run_in_order_of_time_then_of_entry() -> None:
    agenda, ran = Agenda(), list[str]()
    agenda.at(2.0, lambda now: ran.append("late"))
    agenda.at(1.0, lambda now: ran.append("first"))
    agenda.at(1.0, lambda now: ran.append("second"))
    assert agenda.run_due(1.0) == 2
    assert ran == ["first", "second"]
    assert agenda.next_deadline() == 2.0


def test_an_action_entered_for_now_by_another_runs_too() -> None:
    agenda, ran = Agenda(), list[float]()
    agenda.at(1.0, lambda now: agenda.at(now, ran.append))
    agenda.run_due(1.0)
    assert ran == [1.0]
    assert agenda.next_deadline() is None


def test_earliest_takes_the_soonest_and_knows_never() -> None:
    assert earliest(None, 3.0, 1.0) == 1.0
    assert earliest(None, None) is None
