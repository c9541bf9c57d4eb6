"""The records and pages that clients are told."""

from common.roles import Role
from signalling.classroom.view import FIRST_PAGE
from tests.support.class_rig import ClassRig


def test_first_page_has_oneself_staff_hands_then_the_order_of_joining() -> None:
    rig = ClassRig()
    students = [rig.join(f"s{number}").person for number in range(60)]
    teacher = rig.join("teacher", Role.TEACHER).person
    rig.say(students[55], "hand", raised=True)
    page = rig.classroom.view.first_page(students[59])
    assert page[:3] == [students[59], teacher, students[55]]
    assert page[3:] == students[: FIRST_PAGE - 3]


def test_a_record_holds_what_the_protocol_says() -> None:
    rig = ClassRig()
    ravi = rig.join("ravi")
    assert set(rig.classroom.view.describe(ravi.person)) == {
        *("id", "name", "role", "order", "hand", "media", "connection"),
    }
