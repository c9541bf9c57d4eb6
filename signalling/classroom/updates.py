"""Gathers what changed about participants and tells each client once in a while.

Pure: no I/O, no clock.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from signalling.classroom.effects import Effect, Send
from signalling.classroom.roster import Participant, Roster, sockets_of

GATHER = 0.1  # seconds changes are gathered for
AUDIENCE = 50  # with more present, clients are told of those they know, and totals
TOTALS_EVERY = 1.0

_Key = tuple[frozenset[str], frozenset[str], frozenset[str]]
_NO_NEWS: _Key = (frozenset(), frozenset(), frozenset())


@dataclass(slots=True)
class _Flush:
    """What one flush works with: computed once, used for every recipient."""

    present: set[str]
    pushed: set[str]
    changed: set[str]
    left: set[str]


@dataclass(slots=True)
class Updates:
    """The changes of one class that were not sent yet."""

    _changed: set[str] = field(default_factory=set)
    _left: set[str] = field(default_factory=set)
    _hands: bool = False
    _totals: bool = False
    _totals_at: float = float("-inf")
    _deadline: float | None = None

    def joined(self, person: Participant, now: float) -> None:
        if not person.is_hidden:
            self._totals = True
            self._wake(now)

    def updated(self, person: Participant, now: float) -> None:
        if not person.is_hidden:
            self._changed.add(person.id)
            self._wake(now)

    def left(self, person: Participant, now: float) -> None:
        if not person.is_hidden:
            self._changed.discard(person.id)
            self._left.add(person.id)
            self._totals = True
            self._wake(now)

    def hands(self, now: float) -> None:
        self._hands = True
        self._totals = True
        self._wake(now)

    def clear(self) -> None:
        """Forget everything: the class is over."""
        self._changed.clear()
        self._left.clear()
        self._hands = self._totals = False
        self._deadline = None

    def next_deadline(self) -> float | None:
        return self._deadline

    def _wake(self, now: float) -> None:
        if self._deadline is None or self._deadline > now + GATHER:
            self._deadline = now + GATHER

    def flush(self, roster: Roster, now: float) -> list[Effect]:
        """The messages that bring every client up to date."""
        present = {person.id for person in roster.visible()}
        small = len(present) <= AUDIENCE
        pushed = present if small else roster.always_known()
        work = _Flush(present, pushed, self._changed, self._left)
        groups: dict[_Key, list[Participant]] = {}
        for person in roster.connected():
            groups.setdefault(_news_for(person, work), []).append(person)
        self._deadline = None
        effects = self._render(groups, roster, now, small)
        self._changed, self._left = set(), set()
        if self._hands:
            effects.append(Send(roster.sockets(), "hands", {"hands": roster.describe_hands()}))
            self._hands = False
        return effects

    def _render(
        self, groups: dict[_Key, list[Participant]], roster: Roster, now: float, small: bool
    ) -> list[Effect]:
        totals = roster.totals()
        effects: list[Effect] = []
        quiet: list[Participant] = []
        for (joined, changed, left), people in groups.items():
            sockets = sockets_of(people)
            if not joined and not changed and not left:
                quiet.extend(people)
            if joined:
                effects.append(_people("participant-joined", sockets, joined, roster, totals))
            if changed:
                effects.append(_people("participant-updated", sockets, changed, roster, totals))
            if left:
                payload: dict[str, object] = {"participants": sorted(left), "totals": totals}
                effects.append(Send(sockets, "participant-left", payload))
        return effects + self._render_totals(quiet, totals, now, small)

    def _render_totals(
        self, quiet: list[Participant], totals: dict[str, int], now: float, small: bool
    ) -> list[Effect]:
        """Totals for those who got no other news, at most once a second; the small know all."""
        if small or not quiet or not self._totals:
            self._totals = False
            return []
        if now < self._totals_at + TOTALS_EVERY:
            self._deadline = self._totals_at + TOTALS_EVERY
            return []
        self._totals, self._totals_at = False, now
        payload: dict[str, object] = {"participants": [], "totals": totals}
        return [Send(sockets_of(quiet), "participant-updated", payload)]


def _news_for(person: Participant, work: _Flush) -> _Key:
    """Who is new, changed and gone for this client; its known set is brought up to date."""
    known = person.known
    if (
        work.pushed <= known
        and (not work.changed or known.isdisjoint(work.changed))
        and (not work.left or known.isdisjoint(work.left))
    ):
        return _NO_NEWS  # nearly everybody, in a large class
    joined = frozenset(work.pushed - person.known)
    changed = frozenset(work.changed & person.known & work.present)
    left = frozenset(work.left & person.known)
    person.known -= left
    person.known |= joined
    return joined, changed, left


def _people(
    event: str,
    sockets: tuple[str, ...],
    ids: Iterable[str],
    roster: Roster,
    totals: dict[str, int],
) -> Send:
    people = [person for person in map(roster.get, ids) if person is not None]
    people.sort(key=lambda person: person.order)
    return Send(
        sockets,
        event,
        {"participants": [person.describe() for person in people], "totals": totals},
    )


def introduce(viewer: Participant, ids: Iterable[str], roster: Roster) -> list[Effect]:
    """Tell one client at once about people it does not know yet."""
    fresh = [id_ for id_ in dict.fromkeys(ids) if id_ not in viewer.known]
    fresh = [id_ for id_ in fresh if (p := roster.get(id_)) is not None and not p.is_hidden]
    if not fresh or viewer.socket is None:
        return []
    viewer.known.update(fresh)
    return [_people("participant-joined", (viewer.socket,), fresh, roster, roster.totals())]
