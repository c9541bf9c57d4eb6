"""Permissions: the rights of each role, and the grants of a token that override them.

Pure: no I/O, no clock.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from common.roles import STAFF, Role
from signalling.errors import ForbiddenError


class Right(StrEnum):
    """A right that a role or a grant gives; the names are those of the token's grants."""

    PUBLISH = "publish"
    SCREEN = "screen"
    CHAT = "chat"
    MODERATE = "moderate"
    HIDDEN = "hidden"


_STUDENT_RIGHTS = frozenset({Right.PUBLISH, Right.SCREEN, Right.CHAT})
_ROLE_RIGHTS: dict[Role, frozenset[Right]] = {
    Role.TEACHER: _STUDENT_RIGHTS | {Right.MODERATE},
    Role.ASSISTANT: _STUDENT_RIGHTS | {Right.MODERATE},
    Role.ADMIN: _STUDENT_RIGHTS | {Right.MODERATE},
    Role.STUDENT: _STUDENT_RIGHTS,
    Role.PARENT: frozenset(),
    Role.OBSERVER: frozenset({Right.HIDDEN}),
}

_REFUSALS: dict[Right, str] = {
    Right.PUBLISH: "You can watch and listen in this class.",
    Right.SCREEN: "You cannot share your screen in this class.",
    Right.CHAT: "You cannot write in this class.",
    Right.MODERATE: "Only the teacher and assistants can do this.",
}


@dataclass(frozen=True, slots=True)
class Identity:
    """A person as their token describes them."""

    user_id: str
    name: str
    role: Role
    class_id: str
    grants: dict[Right, bool] = field(default_factory=dict)

    @property
    def is_staff(self) -> bool:
        return self.role in STAFF


def may(identity: Identity, right: Right) -> bool:
    """True when a grant of the token allows it or, without a grant, the role."""
    granted = identity.grants.get(right)
    return right in _ROLE_RIGHTS[identity.role] if granted is None else granted


def require(identity: Identity, right: Right) -> None:
    """Raises ForbiddenError unless the person has the right."""
    if not may(identity, right):
        raise ForbiddenError(_REFUSALS.get(right, "This is not allowed in this class."))


def abilities(identity: Identity) -> dict[str, bool]:
    """The rights as the page is told them."""
    shown = (Right.PUBLISH, Right.SCREEN, Right.CHAT, Right.MODERATE)
    return {right.value: may(identity, right) for right in shown}
