"""The list of features that classes have. From it follow the messages that are understood, the
method that decides each, and one object that asks all features of a class in turn.

Pure: no I/O, no clock.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from signalling.classroom.effects import Decision, Effect
from signalling.classroom.features.chat import Chat
from signalling.classroom.features.feature import ClassContext, Feature, Handler
from signalling.classroom.features.hands import Hands
from signalling.classroom.features.reactions import Reactions
from signalling.classroom.messages import CORE_MESSAGES, CORE_TO_MANY, Message, parse
from signalling.classroom.roster import Participant
from signalling.errors import MessageError

F = TypeVar("F", bound=Feature)


class FeatureSet:
    """The features that a class is made with, and all the messages it understands."""

    def __init__(self, *kinds: type[Feature]) -> None:
        self.kinds = kinds
        self.messages: dict[str, type[Message]] = dict(CORE_MESSAGES)
        self.to_many: set[str] = set(CORE_TO_MANY)
        self.routes: dict[type[Message], tuple[str, Handler]] = {}
        names = {kind.name for kind in kinds}
        if len(names) != len(kinds):
            raise ValueError("two features have the same name")
        for kind in kinds:
            self._add(kind)

    def _add(self, kind: type[Feature]) -> None:
        for entry in kind.messages:
            if entry.event in self.messages or entry.kind in self.routes:
                raise ValueError(f"{entry.event} belongs to another feature")
            self.messages[entry.event] = entry.kind
            self.routes[entry.kind] = (kind.name, entry.decide)
            if entry.to_many:
                self.to_many.add(entry.event)

    def decode(self, event: str, args: tuple[object, ...]) -> Message:
        """The message a client's event stands for; raises MessageError or ValidationError."""
        kind = self.messages.get(event)
        if kind is None:
            raise MessageError("There is no such message.", code="unknown_event")
        return parse(kind, args)


FEATURES = FeatureSet(Chat, Hands, Reactions)


class Features:
    """The features of one class, with their state; asked together, in the order of the set."""

    def __init__(self, chosen: FeatureSet, context: ClassContext, now: float) -> None:
        self._routes = chosen.routes
        self._by_name = {kind.name: kind(context, now) for kind in chosen.kinds}
        # Records are made by the thousand: only features that add to them are asked.
        self.describers = tuple(
            one.describe
            for one in self._by_name.values()
            if type(one).describe is not Feature.describe
        )

    def get(self, kind: type[F]) -> F:
        """The class's feature of this kind; raises KeyError when it has none."""
        feature = self._by_name[kind.name]
        assert isinstance(feature, kind)
        return feature

    def decide(self, person: Participant, message: Message, now: float) -> Decision:
        """The decision of the feature that the message belongs to."""
        name, decide = self._routes[type(message)]
        return decide(self._by_name[name], person, message, now)

    def welcome(self, person: Participant) -> dict[str, object]:
        """All features' fields of the acknowledgement of `video-join`."""
        return {k: v for one in self._by_name.values() for k, v in one.welcome(person).items()}

    def totals(self) -> dict[str, int]:
        """All features' numbers for clients that are not told about everyone."""
        return {k: v for one in self._by_name.values() for k, v in one.totals().items()}

    def prominent(self) -> set[str]:
        """Ids of participants that every client is told about."""
        return {id_ for one in self._by_name.values() for id_ in one.prominent()}

    def left(self, person: Participant, now: float) -> list[Effect]:
        """A participant has left the class."""
        return [effect for one in self._by_name.values() for effect in one.left(person, now)]

    def ended(self) -> None:
        """The lesson is over."""
        for one in self._by_name.values():
            one.ended()

    def restarted(self) -> None:
        """A lesson begins after an earlier one has ended."""
        for one in self._by_name.values():
            one.restarted()

    def next_deadline(self) -> float | None:
        """The earliest deadline of all features."""
        deadlines = (one.next_deadline() for one in self._by_name.values())
        return min((when for when in deadlines if when is not None), default=None)

    def handle_timers(self, now: float) -> list[Effect]:
        """Does all that is due."""
        return [effect for one in self._by_name.values() for effect in one.handle_timers(now)]

    def snapshot(self) -> dict[str, object]:
        """The state of each feature by its name."""
        return {name: one.snapshot() for name, one in self._by_name.items()}

    def restore(self, states: Mapping[str, Any], shift: float) -> None:
        """Features that the snapshot does not know begin empty; states of unknown ones are lost."""
        for name, feature in self._by_name.items():
            if name in states:
                feature.restore(states[name], shift)
