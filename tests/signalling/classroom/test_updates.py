"""News of participants in small classes and before large audiences, and how often it is sent."""

from hypothesis import given, settings
from hypothesis import strategies as st

from common.roles import Role
from sfu.events import SlotsChanged, SlotState
from tests.support.class_rig import ClassRig, Joined
from tests.support.thorough import tries


def crowd(count: int) -> tuple[ClassRig, Joined, list[Joined]]:
    """A teacher and so many students, all told."""
    rig = ClassRig()
    teacher = rig.teacher()
    students = [rig.join(f"s{number}") for number in range(count)]
    rig.advance(5)
    rig.forget()
    return rig, teacher, students


def test_changes_within_the_gathering_time_are_one_message() -> None:
    rig, _, students = crowd(3)
    for one in students:
        rig.say(one, "media-state", camera=True)
        rig.advance(0.02)
    assert rig.got("teacher") == []
    rig.advance(0.1)
    (update,) = rig.got("teacher", "participant-updated")
    assert len(update["participants"]) == 3  # type: ignore[arg-type]


def test_someone_who_comes_and_goes_within_the_gathering_time_is_not_mentioned() -> None:
    rig, _, _ = crowd(1)
    rig.say(rig.join("brief"), "video-leave")
    rig.advance(1)
    assert rig.told("teacher", "participant-joined") == []
    assert rig.told("teacher", "participant-left") == []


def test_large_audience_hears_totals_instead_of_each_join() -> None:
    rig, _, _ = crowd(60)
    for number in range(40):
        rig.join(f"late{number}")
        rig.advance(0.05)
    rig.advance(1)
    assert rig.told("s1", "participant-joined") == []
    totals = [payload["totals"] for payload in rig.got("s1", "participant-updated")]
    assert totals[-1] == {"participants": 101, "hands": 0}
    assert len(totals) <= 4, "forty joins within two seconds"


def test_large_audience_hears_of_staff_and_raised_hands() -> None:
    rig, _, students = crowd(60)
    mina = rig.join("mina", Role.ASSISTANT)
    rig.say(students[59], "hand", raised=True)
    rig.advance(0.2)
    assert rig.told("s1", "participant-joined") == [students[59].id, mina.id]
    assert rig.got("s1", "hands")[-1]["hands"]


def test_large_audience_hears_of_those_it_knows() -> None:
    rig, _, students = crowd(60)
    late = rig.join("late")
    known = {person["id"] for person in late.ack["participants"]}  # type: ignore[attr-defined]
    assert len(known) == 50
    rig.forget()
    far, near = students[59], students[3]
    assert near.id in known
    assert far.id not in known
    for one in (near, far):
        rig.say(one, "media-state", camera=True)
    rig.advance(0.2)
    assert rig.told("late", "participant-updated") == [near.id]


def test_person_in_a_slot_is_introduced_before_the_slot() -> None:
    rig, _, students = crowd(60)
    late, far = rig.join("late"), students[59]
    rig.forget()
    slot = SlotState(far.id, f"{far.id}:camera", "video", 0)
    rig.happens(SlotsChanged("demo", late.id, {"4": slot}))
    assert rig.events("late") == ["participant-joined", "slots"]
    rig.happens(SlotsChanged("demo", late.id, {"5": slot}))
    assert rig.events("late") == ["participant-joined", "slots", "slots"]
    rig.say(far, "video-leave")
    rig.advance(0.2)
    assert rig.told("late", "participant-left") == [far.id]


def test_shrinking_audience_hears_of_everyone_again() -> None:
    rig, teacher, students = crowd(60)
    late = rig.join("late")
    rig.advance(1)
    for one in students[:12]:
        rig.say(one, "video-leave")
    rig.advance(1)
    known = {person["id"] for person in late.ack["participants"]}  # type: ignore[attr-defined]
    known |= set(rig.told("late", "participant-joined"))
    known -= set(rig.told("late", "participant-left"))
    assert known == {person.id for person in rig.classroom.roster.visible()}
    assert teacher.id in known


@settings(max_examples=tries(60), deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["join", "leave", "lose", "hand", "wait"]), st.integers(0, 7)),
        max_size=40,
    )
)
def test_a_client_that_follows_the_messages_knows_who_is_there(
    steps: list[tuple[str, int]],
) -> None:
    rig = ClassRig()
    viewer = rig.join("viewer", Role.TEACHER)
    here: dict[int, Joined] = {}
    for action, number in steps:
        one = here.get(number)
        if action == "wait":
            rig.advance(number)
        elif action == "join":
            here[number] = rig.join(f"s{number}")
        elif one is not None and one.person.socket is not None:
            if action == "lose":
                rig.lose(one)
            elif action == "hand":
                rig.say(one, "hand", raised=number % 2 == 0)
            else:
                rig.say(here.pop(number), "video-leave")
    rig.advance(1)
    assert follow(rig, viewer) == {
        person.id: rig.classroom.view.describe(person) for person in rig.classroom.roster.visible()
    }


def follow(rig: ClassRig, viewer: Joined) -> dict[str, object]:
    """The records that a page holds after the acknowledgement and all events."""
    people = {person["id"]: person for person in viewer.ack["participants"]}  # type: ignore[attr-defined]
    for name, payload in zip(rig.events("viewer"), rig.got("viewer"), strict=True):
        if name in ("participant-joined", "participant-updated"):
            people |= {person["id"]: person for person in payload["participants"]}  # type: ignore[attr-defined]
        elif name == "participant-left":
            for gone in payload["participants"]:  # type: ignore[attr-defined]
                del people[gone]
    return people
