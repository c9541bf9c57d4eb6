from itertools import pairwise
from typing import Any

from sfu.publish.keyframe import MAX_TRIES, KeyframeRequester

A, B = 1111, 2222


def asked_until(requester: Any, end: Any) -> Any:
    """(time, keys) of everything asked by timers up to `end`."""
    asked = []
    while (deadline := requester.next_deadline()) is not None and deadline <= end:
        keys = requester.handle_timers(deadline)
        if keys:
            asked.append((round(deadline, 3), keys))
    return asked


def test_the_first_wish_is_sent_at_once() -> None:
    requester = KeyframeRequester()
    assert requester.next_deadline() is None
    assert requester.request(A, 10.0) is True


def test_wishes_inside_the_window_are_merged_into_one_at_its_end() -> None:
    requester = KeyframeRequester()
    requester.request(A, 10.0)
    for now in (10.0, 10.1, 10.2, 10.45):
        assert requester.request(A, now) is False
    assert requester.next_deadline() == 10.5
    assert requester.handle_timers(10.5) == [A]
    assert requester.next_deadline() == 11.5


def test_a_wish_after_the_window_is_sent_at_once() -> None:
    requester = KeyframeRequester()
    requester.request(A, 10.0)
    assert requester.request(A, 10.5) is True
    assert requester.next_deadline() == 11.5


def test_streams_do_not_hold_each_other_back() -> None:
    requester = KeyframeRequester()
    assert requester.request(A, 10.0)
    assert requester.request(B, 10.1)
    requester.received(A, 10.2)
    assert asked_until(requester, 11.5) == [(11.1, [B])]


def test_is_repeated_every_second_until_received() -> None:
    requester = KeyframeRequester()
    requester.request(A, 10.0)
    assert asked_until(requester, 12.5) == [(11.0, [A]), (12.0, [A])]
    requester.received(A, 12.6)
    assert requester.next_deadline() is None


def test_gives_up_after_ten_tries() -> None:
    requester = KeyframeRequester()
    requester.request(A, 0.0)
    assert len(asked_until(requester, 100.0)) == MAX_TRIES - 1
    assert requester.next_deadline() is None
    assert requester.request(A, 100.0) is True


def test_a_key_frame_answers_the_wishes_kept_in_the_window() -> None:
    requester = KeyframeRequester()
    requester.request(A, 10.0)
    requester.request(A, 10.1)
    requester.received(A, 10.2)
    assert asked_until(requester, 20.0) == []


def test_a_wish_right_after_a_key_frame_waits_for_the_window() -> None:
    requester = KeyframeRequester()
    requester.request(A, 10.0)
    requester.received(A, 10.1)
    assert requester.request(A, 10.2) is False
    assert asked_until(requester, 10.9) == [(10.5, [A])]


def test_a_key_frame_nobody_asked_for_is_ignored() -> None:
    requester = KeyframeRequester()
    requester.received(A, 1.0)
    assert requester.next_deadline() is None
    assert requester.request(A, 1.1) is True


def test_never_two_requests_within_the_window_whatever_comes() -> None:
    requester = KeyframeRequester()
    sent = []
    for step in range(2000):
        now = step * 0.05
        sent += [now for key in requester.handle_timers(now) if key == A]
        if step % 3 == 0 and requester.request(A, now):
            sent.append(now)
        if step % 17 == 0:
            requester.received(A, now)
    gaps = [later - earlier for earlier, later in pairwise(sent)]
    assert len(sent) > 100
    assert min(gaps) >= 0.5 - 1e-9


def test_idle_streams_are_forgotten() -> None:
    requester = KeyframeRequester()
    for key in range(1000):
        requester.request(key, key * 1.0)
        requester.received(key, key * 1.0 + 0.1)
    assert len(requester._requests) <= 64
