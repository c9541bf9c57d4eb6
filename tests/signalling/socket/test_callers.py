"""Whose budget it is, across sockets and a minute without any."""

from signalling.socket.callers import MAX_REMEMBERED, REMEMBERED, Callers

KEY = ("demo", "ravi")


def test_all_sockets_of_a_person_share_one_budget() -> None:
    known = Callers()
    first = known.find(KEY, 0.0)
    known.add(first, "a")
    assert known.find(KEY, 1.0) is first
    assert known.find(("other", "ravi"), 1.0) is not first


def test_a_budget_outlives_the_last_socket_by_a_minute() -> None:
    known = Callers()
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
    known, accepted = Callers(), 0
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
    known = Callers()
    ravi = known.find(KEY, 0.0)
    known.add(ravi, "a")
    known.remove(ravi, "a", 1.0)
    known.add(ravi, "b")
    assert known.find(KEY, 1_000.0) is ravi


def test_those_who_left_are_bounded() -> None:
    known = Callers()
    for number in range(MAX_REMEMBERED + 10):
        one = known.find(("demo", str(number)), 0.0)
        known.add(one, "s")
        known.remove(one, "s", 0.0)
    assert len(known) == MAX_REMEMBERED
