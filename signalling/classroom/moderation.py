"""Keeping order: the actions of staff on a participant or on the whole class.

Pure: no I/O, no clock.
"""

from collections.abc import Callable

from common.roles import Role
from signalling.classroom import media
from signalling.classroom.effects import Decision, Effect, Send
from signalling.classroom.features.hands import Hands
from signalling.classroom.messages import Moderate, ModerateAction
from signalling.classroom.permissions import Right, require
from signalling.classroom.roster import Participant
from signalling.classroom.state import Classroom
from signalling.errors import ForbiddenError, MessageError

_HEADS = frozenset({Role.TEACHER, Role.ADMIN})


def moderate(classroom: Classroom, actor: Participant, message: Moderate, now: float) -> Decision:
    """One action of staff; raises ForbiddenError, or MessageError when its target is not here."""
    require(actor.identity, Right.MODERATE)
    whole = _ON_CLASS.get(message.action)
    if whole is not None:
        return Decision(effects=whole(classroom, now))
    target = _target(classroom, actor, message)
    return Decision(effects=_ON_PERSON[message.action](classroom, actor, target, now))


def _target(classroom: Classroom, actor: Participant, message: Moderate) -> Participant:
    if message.participant is None:
        raise MessageError("This action needs a participant.", "participant")
    target = classroom.roster.get(message.participant)
    if target is None:
        raise MessageError("This person is not in the class.", "participant", "no_such_participant")
    if target.identity.role in _HEADS and actor.identity.role not in _HEADS:
        raise ForbiddenError("Only a teacher can do this to a teacher.")
    return target


def _tell(actor: Participant, target: Participant, action: ModerateAction) -> list[Effect]:
    if target.socket is None:
        return []
    payload: dict[str, object] = {"action": action.value, "by": actor.identity.name}
    return [Send((target.socket,), "moderated", payload)]


def _mute(
    classroom: Classroom, actor: Participant, target: Participant, now: float
) -> list[Effect]:
    target.microphone = False
    classroom.changes.updated(target, now)
    told = _tell(actor, target, ModerateAction.MUTE)
    return [*media.set_source(target, "microphone", False), *told]


def _stop_camera(
    classroom: Classroom, actor: Participant, target: Participant, now: float
) -> list[Effect]:
    target.camera = False
    classroom.changes.updated(target, now)
    told = _tell(actor, target, ModerateAction.STOP_CAMERA)
    return [*media.set_source(target, "camera", False), *told]


def _lower_hand(
    classroom: Classroom, actor: Participant, target: Participant, now: float
) -> list[Effect]:
    if not classroom.features.get(Hands).lower(target, now):
        return []
    return _tell(actor, target, ModerateAction.LOWER_HAND)


def _remove(
    classroom: Classroom, actor: Participant, target: Participant, now: float
) -> list[Effect]:
    return classroom.remove(target, now)


def _lock(classroom: Classroom, now: float) -> list[Effect]:
    return _set_lock(classroom, True)


def _unlock(classroom: Classroom, now: float) -> list[Effect]:
    return _set_lock(classroom, False)


def _set_lock(classroom: Classroom, locked: bool) -> list[Effect]:
    if classroom.locked == locked:
        return []
    classroom.locked = locked
    return [classroom.context.to_all("class-updated", classroom.describe())]


def _end(classroom: Classroom, now: float) -> list[Effect]:
    return classroom.end(now)


_ON_CLASS: dict[ModerateAction, Callable[[Classroom, float], list[Effect]]] = {
    ModerateAction.LOCK: _lock,
    ModerateAction.UNLOCK: _unlock,
    ModerateAction.END: _end,
}

_ON_PERSON: dict[
    ModerateAction, Callable[[Classroom, Participant, Participant, float], list[Effect]]
] = {
    ModerateAction.MUTE: _mute,
    ModerateAction.STOP_CAMERA: _stop_camera,
    ModerateAction.LOWER_HAND: _lower_hand,
    ModerateAction.REMOVE: _remove,
}
