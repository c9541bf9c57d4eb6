"""The participants of a class as clients are told of them: records, numbers and the first page.

Pure: no I/O, no clock.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from signalling.classroom.effects import Effect, Send
from signalling.classroom.features.registry import Features
from signalling.classroom.roster import Participant, Roster

FIRST_PAGE = 50  # participants that a joiner is told about at once


@dataclass(frozen=True, slots=True)
class ClassView:
    """The roster of a class as clients see it, with what the features add."""

    roster: Roster
    features: Features

    def describe(self, person: Participant) -> dict[str, object]:
        """The participant's record."""
        record = person.describe()
        for describe in self.features.describers:
            record.update(describe(person))
        return record

    def totals(self) -> dict[str, int]:
        """Numbers for clients that are not told about everyone."""
        return {"participants": len(self.roster.visible()), **self.features.totals()}

    def always_known(self) -> set[str]:
        """Ids of those whom every client is told about, however large the class is."""
        prominent = self.features.prominent()
        return {
            person.id
            for person in self.roster.visible()
            if person.identity.is_staff or person.id in prominent
        }

    def first_page(self, viewer: Participant) -> list[Participant]:
        """The viewer, staff, those who are prominent (raised hands), then the order of joining."""
        prominent = self.features.prominent()
        others = [person for person in self.roster.visible() if person is not viewer]
        staff = [person for person in others if person.identity.is_staff]
        next_in_line = [p for p in others if p.id in prominent and not p.identity.is_staff]
        page = [] if viewer.is_hidden else [viewer]
        page = [*page, *staff, *next_in_line][:FIRST_PAGE]
        taken = {person.id for person in page}
        rest = (person for person in others if person.id not in taken)
        return page + list(islice(rest, FIRST_PAGE - len(page)))

    def people(
        self, event: str, sockets: tuple[str, ...], ids: Iterable[str], totals: dict[str, int]
    ) -> Send:
        """An event that carries the records of some participants."""
        people = [person for person in map(self.roster.get, ids) if person is not None]
        people.sort(key=lambda person: person.order)
        records = [self.describe(person) for person in people]
        return Send(sockets, event, {"participants": records, "totals": totals})

    def introduce(self, viewer: Participant, ids: Iterable[str]) -> list[Effect]:
        """Tells one client at once about participants that it does not know yet."""
        fresh = [
            id_
            for id_ in dict.fromkeys(ids)
            if id_ not in viewer.known
            and (person := self.roster.get(id_)) is not None
            and not person.is_hidden
        ]
        if not fresh or viewer.socket is None:
            return []
        viewer.known.update(fresh)
        return [self.people("participant-joined", (viewer.socket,), fresh, self.totals())]
