"""What frames, messages and copies of events cost the server, from the WebSocket on.

Without the WebSocket's own framing and the kernel's write; the people are wires in virtual time.
"""

import time
from collections.abc import Callable
from statistics import median

from common.roles import Role
from signalling.auth.tokens import mint
from signalling.classroom.permissions import Identity
from tests.fuzz.quiet import silence
from tests.fuzz.wire import NOW, PONG, SECRET, Endpoint, Wire

PEOPLE = 40  # in the class; as many copies of what is said to all
AT_ONCE = 20  # messages of one person: a second's worth
FRAMES = 200


class Lesson:
    """A class of people who are in."""

    def __init__(self) -> None:
        self.end = Endpoint()
        self.wires = [self._enter(f"p{number}") for number in range(PEOPLE)]

    def _enter(self, user: str) -> Wire:
        role = Role.TEACHER if user == "p0" else Role.STUDENT
        token = mint(Identity(user, user, role, "demo"), SECRET, now=NOW, lifetime=3_600)
        wire = self.end.open()
        for frame in (f'40{{"token":"{token}"}}', '420["video-join",{"classId":"demo"}]'):
            wire.frames.put_nowait(frame)
            self.end.turn()
        return wire

    def cost(self, frames: list[str]) -> float:
        """µs for one of these frames of one person, with all that follows from it."""
        self.end.turn(1.0)
        for wire in self.wires:
            wire.sent.clear()
        speaker = self.wires[1]
        for frame in frames:
            speaker.frames.put_nowait(frame)
        started = time.process_time()
        before = -1
        while not speaker.frames.empty() or before != self._sent():
            before = self._sent()
            self.end.turn()
        return (time.process_time() - started) / len(frames) * 1e6

    def _sent(self) -> int:
        return sum([len(wire.sent) for wire in self.wires])

    def check(self, each: int) -> None:
        """Raises AssertionError unless everybody was sent at least so many events."""
        assert min(len(wire.sent) for wire in self.wires) >= each


def measure(rounds: int) -> dict[str, float]:
    """µs by the name of the price."""
    with silence():
        return _measure(rounds)


def _measure(rounds: int) -> dict[str, float]:
    lesson = Lesson()
    try:
        frame = _median(rounds, lambda: lesson.cost([PONG] * FRAMES))
        message = _median(rounds, lambda: lesson.cost(_messages("hand", '{"raised":true}')))
        said = _median(rounds, lambda: _said(lesson))
    finally:
        lesson.end.close()
    return {"FRAME": frame, "MESSAGE": message, "EVENT_COPY": (said - message) / PEOPLE}


def _said(lesson: Lesson) -> float:
    cost = lesson.cost(_messages("chat-message", '{"text":"Good morning"}'))
    lesson.check(AT_ONCE)
    return cost


def _messages(event: str, payload: str) -> list[str]:
    return [f'42{number}["{event}",{payload}]' for number in range(1, AT_ONCE + 1)]


def _median(rounds: int, cost: Callable[[], float]) -> float:
    return median(cost() for _ in range(rounds))
