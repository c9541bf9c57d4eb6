"""The guard's decisions in virtual time: which connections are closed when, and why."""

from collections import Counter
from typing import Any, cast

import pytest
from aiohttp import web

from liveclass.http_guard import WAITING, ConnectionLimits, Guard, Wait, limits_for, waits_for

LIMITS = ConnectionLimits(waiting=3, total=8)


class Content:
    def __init__(self, is_eof: bool) -> None:
        self._is_eof = is_eof

    def is_eof(self) -> bool:
        return self._is_eof


class Request:
    def __init__(self, whole: bool) -> None:
        self.content = Content(whole)


class Connection:
    """As much of aiohttp's handler as the guard looks at, and its own transport."""

    def __init__(self, **state: Any) -> None:
        self._payload_parser: object = None
        self._request_in_progress = False
        self._current_request: Request | None = None
        self._messages: list[object] = []
        self._request_count = 0
        self.writing_paused = False
        self.unread = 0
        self.is_closed = False
        self.transport = self
        for name, value in state.items():
            setattr(self, name, value)

    def get_write_buffer_size(self) -> int:
        return self.unread

    def abort(self) -> None:
        self.is_closed = True

    def force_close(self) -> None:
        assert self.is_closed, "aborted first: close() would wait for the reader"


def connection(**state: Any) -> web.RequestHandler:
    return cast(web.RequestHandler, Connection(**state))


def is_closed(one: web.RequestHandler) -> bool:
    return cast(Connection, one).is_closed


RUNNING = {"_request_in_progress": True, "_request_count": 1}
STATES: dict[str, tuple[dict[str, Any], Wait | None]] = {
    "nothing yet": ({}, Wait.HEAD),
    "between two": ({"_request_count": 4}, Wait.NEXT),
    "a body": (RUNNING | {"_current_request": Request(whole=False)}, Wait.BODY),
    "our work": (RUNNING | {"_current_request": Request(whole=True)}, None),
    "the answer": (RUNNING | {"writing_paused": True}, Wait.READER),
    "the next turn": ({"_messages": [object()], "_request_count": 1}, None),
    "a WebSocket": (RUNNING | {"_payload_parser": object(), "writing_paused": True}, None),
}


@pytest.mark.parametrize("name", STATES)
def test_what_a_connection_waits_for(name: str) -> None:
    state, wait = STATES[name]
    assert waits_for(connection(**state)) is wait


@pytest.mark.parametrize("name", [name for name, (_, wait) in STATES.items() if wait])
def test_a_connection_is_closed_at_its_limit_and_not_before(name: str) -> None:
    state, wait = STATES[name]
    assert wait is not None
    tally: Counter[str] = Counter()
    guard, one = Guard(LIMITS, tally), connection(**state)
    for now in (0.0, 1.0, LIMITS.seconds(wait) - 0.1):
        guard.sweep([one], now)
    assert not is_closed(one)
    guard.sweep([one], LIMITS.seconds(wait))
    assert is_closed(one)
    assert tally == {wait.value: 1}


@pytest.mark.parametrize("name", [name for name, (_, wait) in STATES.items() if not wait])
def test_what_waits_for_nothing_stays(name: str) -> None:
    guard, one = Guard(LIMITS, Counter()), connection(**STATES[name][0])
    for now in range(0, 10_000, 100):
        guard.sweep([one], now)
    assert not is_closed(one)


@pytest.mark.parametrize("step", [{"_request_count": 2}, {"unread": 5}])
def test_progress_starts_the_time_anew(step: dict[str, int]) -> None:
    guard, one = Guard(LIMITS, Counter()), connection(**STATES["the answer"][0])
    guard.sweep([one], 0.0)
    for name, value in step.items():
        setattr(one, name, value)
    guard.sweep([one], LIMITS.reader)
    assert not is_closed(one)
    guard.sweep([one], 2 * LIMITS.reader)
    assert is_closed(one)


def test_a_thousand_half_heads_are_gone_after_their_time() -> None:
    tally: Counter[str] = Counter()
    guard = Guard(ConnectionLimits(), tally)
    halves = [connection() for _ in range(1_000)]
    for number, one in enumerate(halves):
        guard.opened(one, number + 1)
    for now in (0.0, ConnectionLimits().head):
        guard.sweep(halves, now)
    assert all(map(is_closed, halves))
    assert tally == {Wait.HEAD.value: 1_000}


def test_too_many_without_a_request_close_the_oldest_of_them() -> None:
    tally: Counter[str] = Counter()
    guard = Guard(LIMITS, tally)
    first, busy = connection(), connection(**STATES["our work"][0])
    rest = [connection() for _ in range(LIMITS.waiting)]
    for number, one in enumerate([busy, first, *rest]):
        guard.opened(one, number + 1)
    assert is_closed(first)
    assert not is_closed(busy)
    assert not any(map(is_closed, rest))
    assert tally == {Wait.CROWDED.value: 1}


def test_who_waits_longest_is_known_after_a_sweep_too() -> None:
    guard = Guard(LIMITS, Counter())
    late, idle = connection(), connection(**STATES["between two"][0])
    guard.sweep([idle], 0.0)
    guard.sweep([late, idle], 1.0)
    for number in range(LIMITS.waiting - 1):
        guard.opened(connection(), number + 3)
    assert is_closed(idle)
    assert not is_closed(late)
    guard.lost(late)


def test_beyond_the_total_the_new_one_goes() -> None:
    tally: Counter[str] = Counter()
    guard, one = Guard(LIMITS, tally), connection()
    guard.opened(one, LIMITS.total + 1)
    assert is_closed(one)
    assert tally == {Wait.FULL.value: 1}


def test_limits_leave_room_for_the_sockets_and_in_the_files() -> None:
    assert limits_for(5_000, 1 << 20) == ConnectionLimits(waiting=WAITING, total=5_000 + WAITING)
    small = limits_for(5_000, 1_024)
    assert (small.waiting, small.total) == (256, 768)
