"""A failing gateway is left alone, and then asked again."""

from billing.gateway.bounds import FAILURES, REST, Circuit


def broken(now: float) -> Circuit:
    one = Circuit()
    for _ in range(FAILURES):
        assert one.allows(now)
        one.failed(now)
    return one


def test_it_opens_after_failures_in_a_row_only() -> None:
    one = Circuit()
    for _ in range(3 * FAILURES):
        one.failed(0)
        if not one.allows(0):
            break
        one.succeeded()
    assert one.allows(0)
    assert not broken(0).allows(0)


def test_one_question_tries_whether_it_is_back() -> None:
    one = broken(100)
    assert not one.allows(100 + REST - 0.1)
    assert one.allows(100 + REST)
    assert not one.allows(100 + REST), "the first has not come back"
    one.succeeded()
    assert one.allows(100 + REST)


def test_a_try_that_fails_or_never_comes_back_leaves_it_open_for_another_rest() -> None:
    one = broken(100)
    assert one.allows(100 + REST)
    assert not one.allows(100 + 2 * REST - 0.1)
    assert one.allows(100 + 2 * REST)
    one.failed(100 + 2 * REST + 5)
    assert not one.allows(100 + 3 * REST)
    assert one.allows(100 + 3 * REST + 5)
