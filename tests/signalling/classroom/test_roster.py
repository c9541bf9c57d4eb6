"""The roster: ids, absence, and finding people again."""

from common.roles import Role
from signalling.classroom.permissions import Identity
from signalling.classroom.roster import GRACE, Participant, Roster, random_id
from tests.support.class_rig import CountingRng


def arrive(roster: Roster, user: str, role: Role = Role.STUDENT) -> Participant:
    return roster.attach(Identity(user, user, role, "demo"), f"socket-{user}", None).participant


def test_ids_are_not_user_ids_and_differ() -> None:
    roster = Roster(CountingRng())
    ids = {arrive(roster, f"u{number}").id for number in range(50)}
    assert len(ids) == 50
    assert not any(id_.startswith("u") and id_[1:].isdigit() for id_ in ids)


def test_ids_are_safe_in_addresses_and_long_enough() -> None:
    id_ = random_id(lambda size: bytes(range(256 - size, 256)), 12)
    assert id_.isascii()
    assert id_.isalnum()
    assert len(id_) == 20


def test_resume_token_changes_with_each_join() -> None:
    roster = Roster(CountingRng())
    person = arrive(roster, "ravi")
    first = person.resume
    person.media_open = True
    assert roster.attach(person.identity, "s2", first).is_resumed
    assert not roster.attach(person.identity, "s3", first).is_resumed


def test_resume_token_of_another_person_does_not_resume() -> None:
    roster = Roster(CountingRng())
    asha, ravi = arrive(roster, "asha"), arrive(roster, "ravi")
    asha.media_open = ravi.media_open = True
    attached = roster.attach(ravi.identity, "s2", asha.resume)
    assert attached.participant is ravi
    assert not attached.is_resumed


def test_odd_resume_tokens_are_just_wrong() -> None:
    roster = Roster(CountingRng())
    ravi = arrive(roster, "ravi")
    assert not roster.attach(ravi.identity, "s2", "ü").is_resumed


def test_absence_ends_at_its_deadline_and_not_before() -> None:
    roster = Roster(CountingRng())
    asha, ravi = arrive(roster, "asha"), arrive(roster, "ravi")
    roster.detach(ravi, 10.0)
    roster.detach(asha, 11.0)
    assert roster.next_deadline() == 10.0 + GRACE
    assert roster.expired(9.9 + GRACE) == []
    assert roster.expired(10.0 + GRACE) == [ravi]
    roster.remove(ravi)
    assert roster.of_user("ravi") is None
    assert roster.next_deadline() == 11.0 + GRACE


def test_the_first_who_went_away_is_due_first_and_who_comes_back_is_not() -> None:
    roster = Roster(CountingRng())
    people = [arrive(roster, name) for name in ("asha", "ravi", "mina")]
    assert roster.next_deadline() is None
    for second, person in enumerate(people):
        roster.detach(person, float(second))
    assert roster.next_deadline() == GRACE
    arrive(roster, "asha")
    assert roster.next_deadline() == 1.0 + GRACE
    roster.detach(people[0], 5.0)
    roster.remove(people[1])
    assert roster.next_deadline() == 2.0 + GRACE
    assert roster.expired(5.0 + GRACE) == [people[2], people[0]]
