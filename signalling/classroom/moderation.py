"""Keeping order: what staff do to a participant or to the class.

Pure: no I/O, no clock.
"""

from collections.abc import Callable

from common.roles import Role
from signalling.classroom import media
from signalling.classroom.effects import Decision, Effect, Send
from signalling.classroom.messages import Moderate, ModerateAction
from signalling.classroom.permissions import Right, require
from signalling.classroom.roster import Participant
from signalling.classroom.state import Classroom
from signalling.errors import ForbiddenError, MessageError

_HEADS = frozenset({Role.TEACHER, Role.ADMIN})


def moderate(room: Classroom, actor: Participant, message: Moderate, now: float) -> Decision:
    """Carry out one action of staff; raises when the person may not or the target is gone."""
    require(actor.identity, Right.MODERATE)
    whole = _ON_CLASS.get(message.action)
    if whole is not None:
        return Decision(effects=whole(room, now))
    target = _target(room, actor, message)
    return Decision(effects=_ON_PERSON[message.action](room, actor, target, now))


def _target(room: Classroom, actor: Participant, message: Moderate) -> Participant:
    if message.participant is None:
        raise MessageError("This action needs a participant.", "participant")
    target = room.roster.get(message.participant)
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


def _mute(room: Classroom, actor: Participant, target: Participant, now: float) -> list[Effect]:
    target.microphone = False
    room.updates.updated(target, now)
    told = _tell(actor, target, ModerateAction.MUTE)
    return [*media.set_source(target, "microphone", False), *told]


def _stop_camera(
    room: Classroom, actor: Participant, target: Participant, now: float
) -> list[Effect]:
    target.camera = False
    room.updates.updated(target, now)
    told = _tell(actor, target, ModerateAction.STOP_CAMERA)
    return [*media.set_source(target, "camera", False), *told]


def _lower_hand(
    room: Classroom, actor: Participant, target: Participant, now: float
) -> list[Effect]:
    if target.hand_at is None:
        return []
    target.hand_at = None
    room.updates.updated(target, now)
    room.updates.hands(now)
    return _tell(actor, target, ModerateAction.LOWER_HAND)


def _remove(room: Classroom, actor: Participant, target: Participant, now: float) -> list[Effect]:
    return room.remove(target, now)


def _lock(room: Classroom, now: float) -> list[Effect]:
    return _set_lock(room, True)


def _unlock(room: Classroom, now: float) -> list[Effect]:
    return _set_lock(room, False)


def _set_lock(room: Classroom, locked: bool) -> list[Effect]:
    if room.locked == locked:
        return []
    room.locked = locked
    return [room.to_all("class-updated", room.describe())]


def _end(room: Classroom, now: float) -> list[Effect]:
    return room.end(now)


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
