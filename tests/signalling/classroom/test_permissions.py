"""Roles, and what each may do."""

import pytest

from common.roles import Role
from signalling.classroom.permissions import Identity, Right, may, require
from signalling.errors import ForbiddenError

ALL = {Right.PUBLISH, Right.SCREEN, Right.CHAT, Right.MODERATE}
EXPECTED = {
    Role.TEACHER: ALL,
    Role.ASSISTANT: ALL,
    Role.ADMIN: ALL,
    Role.STUDENT: ALL - {Right.MODERATE},
    Role.PARENT: set(),
    Role.OBSERVER: {Right.HIDDEN},
}


@pytest.mark.parametrize("role", Role)
def test_rights_of_each_role(role: Role) -> None:
    identity = Identity("u", "U", role, "demo")
    assert {right for right in Right if may(identity, right)} == EXPECTED[role]


def test_requirement_that_is_not_met_says_so_to_a_person() -> None:
    with pytest.raises(ForbiddenError) as caught:
        require(Identity("u", "U", Role.STUDENT, "demo"), Right.MODERATE)
    assert caught.value.message == "Only the teacher and assistants can do this."
