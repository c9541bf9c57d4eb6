"""Tells every client of a class what has changed about the participants it knows.

Pure: no I/O, no clock.
"""

from dataclasses import dataclass

from signalling.classroom.changes import RosterChanges
from signalling.classroom.effects import Effect, Send
from signalling.classroom.roster import Participant, sockets_of
from signalling.classroom.view import ClassView

AUDIENCE = 50  # with more present, clients are told about those they know, and totals
TOTALS_EVERY = 1.0  # seconds

# Ids of participants who are new to a client, who have changed and who have left
_News = tuple[frozenset[str], frozenset[str], frozenset[str]]
_NO_NEWS: _News = (frozenset(), frozenset(), frozenset())


@dataclass(slots=True)
class _Flush:
    """Sets that are computed once for a flush and used for every client."""

    present: set[str]
    pushed: set[str]
    changed: set[str]
    left: set[str]


def flush(changes: RosterChanges, view: ClassView, now: float) -> list[Effect]:
    """The events that bring every client up to date; `changes` is empty afterwards."""
    roster = view.roster
    present = {person.id for person in roster.visible()}
    is_small = len(present) <= AUDIENCE
    pushed = present if is_small else view.always_known()
    work = _Flush(present, pushed, changes.updated_ids, changes.left_ids)
    groups: dict[_News, list[Participant]] = {}
    for person in roster.connected():
        groups.setdefault(_news_for(person, work), []).append(person)
    changes.deadline = None
    totals = view.totals()
    effects = _render(groups, view, totals)
    unchanged = groups.get(_NO_NEWS, [])
    effects += _render_totals(unchanged, changes, totals, is_small, now)
    changes.updated_ids, changes.left_ids = set(), set()
    return effects


def _render(
    groups: dict[_News, list[Participant]], view: ClassView, totals: dict[str, int]
) -> list[Effect]:
    effects: list[Effect] = []
    for (joined, changed, left), people in groups.items():
        sockets = sockets_of(people)
        if joined:
            effects.append(view.people("participant-joined", sockets, joined, totals))
        if changed:
            effects.append(view.people("participant-updated", sockets, changed, totals))
        if left:
            payload: dict[str, object] = {"participants": sorted(left), "totals": totals}
            effects.append(Send(sockets, "participant-left", payload))
    return effects


def _render_totals(
    unchanged: list[Participant],
    changes: RosterChanges,
    totals: dict[str, int],
    is_small: bool,
    now: float,
) -> list[Effect]:
    """Totals for clients that got no other news, at most once a second. In a small class every
    client knows everyone and counts for itself."""
    if is_small or not unchanged or not changes.totals:
        changes.totals = False
        return []
    if changes.totals_told_at is not None and now < changes.totals_told_at + TOTALS_EVERY:
        changes.deadline = changes.totals_told_at + TOTALS_EVERY
        return []
    changes.totals, changes.totals_told_at = False, now
    payload: dict[str, object] = {"participants": [], "totals": totals}
    return [Send(sockets_of(unchanged), "participant-updated", payload)]


def _news_for(person: Participant, work: _Flush) -> _News:
    """The news for this client; the set of those it knows is brought up to date."""
    known = person.known
    if (
        work.pushed <= known
        and (not work.changed or known.isdisjoint(work.changed))
        and (not work.left or known.isdisjoint(work.left))
    ):
        return _NO_NEWS  # nearly all clients of a large class
    joined = frozenset(work.pushed - person.known)
    changed = frozenset(work.changed & person.known & work.present)
    left = frozenset(work.left & person.known)
    person.known -= left
    person.known |= joined
    return joined, changed, left
