"""Raised hands: their order, and those who leave."""

from common.roles import Role
from tests.support.class_rig import ClassRig


def test_hands_keep_the_order_they_went_up_in() -> None:
    rig = ClassRig()
    rig.teacher()
    people = {name: rig.join(name) for name in ("ravi", "mina", "tara")}
    for name in ("tara", "ravi", "mina"):
        rig.advance(1)
        rig.say(people[name], "hand", raised=True)
    rig.say(people["tara"], "hand", raised=True)
    rig.advance(0.2)
    order = [entry["participant"] for entry in rig.got("mina", "hands")[-1]["hands"]]  # type: ignore[attr-defined]
    assert order == [people[name].id for name in ("tara", "ravi", "mina")]
    rig.say(people["tara"], "hand", raised=False)
    rig.advance(0.2)
    order = [entry["participant"] for entry in rig.got("mina", "hands")[-1]["hands"]]  # type: ignore[attr-defined]
    assert order == [people[name].id for name in ("ravi", "mina")]


def test_hand_of_someone_who_leaves_goes_down() -> None:
    rig = ClassRig()
    rig.teacher()
    ravi = rig.join("ravi")
    rig.say(ravi, "hand", raised=True)
    rig.advance(0.2)
    rig.say(ravi, "video-leave")
    rig.advance(0.2)
    assert rig.got("teacher", "hands")[-1] == {"hands": []}


def test_hands_that_go_up_in_one_millisecond_keep_their_order() -> None:
    rig = ClassRig()
    people = [rig.join(name) for name in "abc"]
    order = [people[2], people[0], people[1]]
    for one in order:
        rig.say(one, "hand", raised=True)
    late = rig.join("late")
    at = rig.classroom.context.wall_ms(rig.now)
    assert late.ack["hands"] == [{"participant": one.id, "at": at} for one in order]


def test_a_hidden_observers_hand_is_not_shown() -> None:
    rig = ClassRig()
    rig.say(rig.join("inspector", Role.OBSERVER), "hand", raised=True)
    late = rig.join("late")
    assert late.ack["hands"] == []
    assert late.ack["totals"] == {"participants": 1, "hands": 0}


def test_the_end_of_the_lesson_takes_all_hands_down() -> None:
    rig = ClassRig()
    rig.say(rig.teacher(), "hand", raised=True)
    rig.say(rig.join("mina", Role.ASSISTANT), "class-end", classId="demo")
    rig.forget()
    rig.advance(1)
    assert rig.effects == []
    assert rig.teacher().ack["hands"] == []
