"""A feature of a class: something people do in it, with its messages, its state and its times.

A feature is one file and one line in `registry.py`. It owns its state; the rest of the class asks
it through the methods of `Feature`, each of which does nothing unless the feature overrides it.
Pure: no I/O, no clock.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar, cast

from signalling.classroom.changes import RosterChanges
from signalling.classroom.effects import Decision, Effect, Send
from signalling.classroom.messages import Message
from signalling.classroom.roster import Participant, Rng, Roster

M = TypeVar("M", bound=Message)
F = TypeVar("F", bound="Feature")
Handler = Callable[[Any, Participant, Message, float], Decision]


@dataclass(slots=True)
class ClassContext:
    """The parts of a class that its features may use."""

    roster: Roster
    changes: RosterChanges
    rng: Rng
    wall_offset: float

    def wall_ms(self, now: float) -> int:
        """The wire's time: milliseconds since 1970."""
        return int((now + self.wall_offset) * 1000)

    def to_all(self, event: str, payload: dict[str, object]) -> Send:
        """An event for everyone who has a socket."""
        return Send(self.roster.sockets(), event, payload)


@dataclass(frozen=True, slots=True)
class MessageEntry:
    """One message of a feature: its event on the wire, its model and the method that decides it.

    `to_many`: each message makes an event for the whole class, so the sender pays for the copies.
    """

    event: str
    kind: type[Message]
    decide: Handler
    to_many: bool


def on(
    event: str,
    kind: type[M],
    decide: Callable[[F, Participant, M, float], Decision],
    *,
    to_many: bool = False,
) -> MessageEntry:
    """A line of a feature's table. `decide` is only ever called with messages of `kind`."""
    return MessageEntry(event, kind, cast(Handler, decide), to_many)


class Feature:
    """The base of all features; an instance belongs to one class."""

    name: ClassVar[str]  # the key of its state in a snapshot
    messages: ClassVar[tuple[MessageEntry, ...]] = ()

    def __init__(self, context: ClassContext, now: float) -> None:
        self.context = context

    # What clients are told

    def welcome(self, person: Participant) -> dict[str, object]:
        """Fields of the acknowledgement of `video-join` for this participant."""
        return {}

    def describe(self, person: Participant) -> dict[str, object]:
        """Fields of the participant's record."""
        return {}

    def totals(self) -> dict[str, int]:
        """Numbers for clients that are not told about everyone."""
        return {}

    def prominent(self) -> Iterable[str]:
        """Ids of participants that every client is told about, however large the class is."""
        return ()

    # What happens in the class

    def left(self, person: Participant, now: float) -> list[Effect]:
        """The participant has left the class: clears what the feature held about them."""
        return []

    def ended(self) -> None:
        """The lesson is over and all participants are gone; nothing more is sent to them."""

    def restarted(self) -> None:
        """A lesson begins in a class whose earlier lesson has ended."""

    # Time

    def next_deadline(self) -> float | None:
        """The time at which `handle_timers` has something to do."""
        return None

    def handle_timers(self, now: float) -> list[Effect]:
        """Does all that is due."""
        return []

    # Surviving a restart

    def snapshot(self) -> object:
        """The state as plain data: dicts, lists, strings, numbers, booleans and None. What has an
        order is a list: that of a dict's keys is not kept."""
        return None

    def restore(self, data: Any, shift: float) -> None:
        """Takes over the state of a snapshot; `shift` is added to each of its times."""
