"""Frames of three people in a class, and of somebody without a token, from the WebSocket on.

Each line of an input is a frame; its first byte says whose: t(eacher), s(tudent), o(ther), x. A
capital opens a new socket for it. Behind it `!` makes the frame binary, `~` closes the socket.
$TOKEN, $RESUME and $ID stand for that person's own, $TEACHER for the teacher's id.
Invariants: only refusals come out, never "internal"; every acknowledgement is well-formed; the
class's tables agree with each other and keep their bounds.
"""

import json
import re
from collections.abc import Mapping

from common.roles import Role
from signalling.auth.tokens import mint
from signalling.classroom.features.chat import KEPT, SHOWN, Chat
from signalling.classroom.permissions import Identity
from signalling.classroom.state import Classroom, LessonState
from signalling.socket.engine import SLOWED
from tests.fuzz.wire import NOW, SECRET, Endpoint, Wire
from tests.fuzz.world import Kept

TEXT = True
MOST_FRAMES = 12
STEP = 1.0  # s between two inputs, 20 messages of each person
BINARY, CLOSE = "!", "~"
PEOPLE = {"t": ("asha", Role.TEACHER), "s": ("ravi", Role.STUDENT), "o": ("mina", Role.STUDENT)}
ACK = re.compile(r"43(\d+)(\[.*)", re.DOTALL)


class Lesson:
    """The endpoint and the sockets of the three."""

    def __init__(self) -> None:
        self.end = Endpoint()
        self.tokens = {who: _token(*known) for who, known in PEOPLE.items()}
        self.wires: dict[str, Wire] = {}
        self.told = 0
        for who in PEOPLE:
            self._enter(who)

    def _enter(self, who: str) -> None:
        wire = self.wires[who] = self.end.open()
        if who in self.tokens:
            self._put(wire, who, '40{"token":"$TOKEN"}')
            self._put(wire, who, '421["video-join",{"classId":"demo"}]')

    def take(self, line: str) -> None:
        """One line of an input."""
        who = line[:1].lower()
        who = who if who in PEOPLE else "x"
        if line[:1].isupper():
            self.wires[who] = self.end.open()
        elif (wire := self.wires.get(who)) is None or wire.is_over:
            self._enter(who)
        self._put(self.wires[who], who, line[1:])

    def _put(self, wire: Wire, who: str, frame: str) -> None:
        if frame.startswith(CLOSE):
            wire.frames.put_nowait(None)
        elif frame.startswith(BINARY):
            wire.frames.put_nowait(frame[1:].encode())
        else:
            for name, value in self._values(who).items():
                frame = frame.replace(name, value)
            wire.frames.put_nowait(frame)
        self.end.turn()
        self.end.turn(SLOWED)

    def _values(self, who: str) -> Mapping[str, str]:
        classroom = self.end.hub.classrooms.get("demo")
        person = classroom.roster.of_user(PEOPLE[who][0]) if classroom and who in PEOPLE else None
        teacher = classroom.roster.of_user(PEOPLE["t"][0]) if classroom else None
        return {
            "$TOKEN": self.tokens.get(who, ""),
            "$RESUME": person.resume if person else "",
            "$ID": person.id if person else "",
            "$TEACHER": teacher.id if teacher else "",
        }

    def check(self) -> None:
        """What holds after any frames."""
        end = self.end
        assert not end.failures, end.failures
        assert not end.ended, end.ended
        assert not end.hub.counts.refusals["internal"]
        for wire in end.wires:
            for frame in wire.sent:
                _check_frame(frame)
            wire.sent.clear()
        end.wires = [wire for wire in end.wires if not wire.is_over]
        assert len(end.hub.sessions) <= end.sockets <= len(end.wires)
        for classroom in end.hub.classrooms.values():
            _check_class(classroom)


_world: Kept[Lesson] = Kept(Lesson)


def run(data: bytes) -> None:
    """The frames in their order, then a second passes."""
    lesson = _world.get()
    for line in data.decode("utf-8", "replace").split("\n")[:MOST_FRAMES]:
        if line:
            lesson.take(line)
    lesson.end.turn(STEP)
    lesson.check()


def renew() -> None:
    """All sockets go, and then the participants."""
    if (lesson := _world.take()) is not None:
        lesson.end.close()
        assert not lesson.end.hub.sessions
        assert not lesson.end.sockets


def _token(user: str, role: Role) -> str:
    return mint(Identity(user, user, role, "demo"), SECRET, now=NOW, lifetime=3_600)


def _check_frame(frame: str | bytes) -> None:
    assert isinstance(frame, str), "a binary frame was sent"
    if match := ACK.fullmatch(frame):
        [ack] = json.loads(match[2])
        if not ack.get("ok", True):
            error = ack["error"]
            assert error["code"] != "internal"
            assert isinstance(error["message"], str)


def _check_class(classroom: Classroom) -> None:
    roster = classroom.roster
    everyone = roster.everyone()
    assert len(everyone) == len(roster) <= len(PEOPLE)
    for person in everyone:
        assert roster.get(person.id) is person
        assert roster.of_user(person.identity.user_id) is person
        assert (person.socket is None) == (person.deadline is not None)
        assert len(classroom.features.get(Chat).readable_by(person)) <= SHOWN <= KEPT
        json.dumps(classroom.view.describe(person))
    for user, _ in PEOPLE.values():
        assert (found := roster.of_user(user)) is None or found in everyone
    raised = classroom.view.features.prominent()
    assert classroom.view.totals()["hands"] <= len(raised) <= len(roster)
    sockets = [person.socket for person in everyone if person.socket is not None]
    assert len(set(sockets)) == len(sockets)
    assert (classroom.started_at is not None) == (classroom.state is LessonState.LIVE)
