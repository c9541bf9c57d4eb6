"""Changes are gathered from the first one on, and hidden participants make none."""

from common.roles import Role
from signalling.classroom.changes import GATHER, RosterChanges
from signalling.classroom.permissions import Identity
from signalling.classroom.roster import Participant


def person(id_: str, *, is_hidden: bool = False) -> Participant:
    identity = Identity(id_, id_, Role.STUDENT, "demo")
    return Participant(id_, identity, 1, "", None, is_hidden=is_hidden)


def test_the_first_change_sets_the_deadline() -> None:
    changes = RosterChanges()
    changes.updated(person("a"), 10.0)
    changes.updated(person("b"), 10.05)
    assert changes.deadline == 10.0 + GATHER
    assert changes.updated_ids == {"a", "b"}


def test_someone_who_leaves_is_not_updated_any_more() -> None:
    changes = RosterChanges()
    changes.updated(person("a"), 10.0)
    changes.left(person("a"), 10.0)
    assert (changes.updated_ids, changes.left_ids) == (set(), {"a"})


def test_hidden_participants_make_no_changes() -> None:
    changes, hidden = RosterChanges(), person("a", is_hidden=True)
    changes.joined(hidden, 10.0)
    changes.updated(hidden, 10.0)
    changes.left(hidden, 10.0)
    assert changes == RosterChanges()
