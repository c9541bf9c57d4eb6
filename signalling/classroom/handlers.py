"""The decisions about the messages that every class understands, in a table by message.

The messages of features are decided by their features. Pure: no I/O, no clock.
"""

from collections.abc import Callable
from typing import TypeVar, cast

from common.errors import LiveclassError, StateError
from common.roles import Role
from signalling.classroom import media, moderation
from signalling.classroom.effects import Decision, Effect, Negotiate, Send, SetLayout
from signalling.classroom.messages import (
    Announce,
    ClassEnd,
    ClassStart,
    Layout,
    MediaState,
    Message,
    Moderate,
    VideoIce,
    VideoLeave,
    VideoOffer,
)
from signalling.classroom.permissions import Right, require
from signalling.classroom.roster import Participant, random_id, sockets_of
from signalling.classroom.state import Classroom, LessonState

M = TypeVar("M", bound=Message)
Handler = Callable[[Classroom, Participant, Message, float], Decision]
Entry = tuple[type[Message], Handler]


def handle(classroom: Classroom, person: Participant, message: Message, now: float) -> Decision:
    """The decision about a participant's message; raises LiveclassError when it is refused."""
    decide = _CORE.get(type(message))
    if decide is None:
        return classroom.features.decide(person, message, now)
    return decide(classroom, person, message, now)


def _offer(classroom: Classroom, person: Participant, message: VideoOffer, now: float) -> Decision:
    if classroom.state is not LessonState.LIVE:
        raise StateError("class_not_started", "The class has not begun.")
    if person.socket is None:
        raise StateError("not_joined", "The answer to an offer needs a socket.")
    negotiate = Negotiate(
        class_id=classroom.class_id,
        participant_id=person.id,
        socket=person.socket,
        sdp=message.sdp,
        open_first=not person.media_open,
        pinned=person.identity.role is Role.TEACHER,
        offer=message.offer,
    )
    person.media_open = True
    if person.media_lost:
        person.media_lost = False
        classroom.changes.updated(person, now)
    return Decision(effects=[negotiate])


def _ice(classroom: Classroom, person: Participant, message: VideoIce, now: float) -> Decision:
    """A lite agent learns addresses from the checks that reach it (RFC 8445 section 2.5)."""
    return Decision()


def _leave(classroom: Classroom, person: Participant, message: VideoLeave, now: float) -> Decision:
    if message.resumable and person.socket is not None:
        return Decision(effects=classroom.socket_lost(person, person.socket, now))
    return Decision(effects=classroom.leave(person, now))


def _media_state(
    classroom: Classroom, person: Participant, message: MediaState, now: float
) -> Decision:
    if message.microphone or message.camera:
        require(person.identity, Right.PUBLISH)
    if message.screen:
        require(person.identity, Right.SCREEN)
    wanted = message.model_dump(exclude_none=True)
    effects: list[Effect] = []
    for field, is_on in wanted.items():
        setattr(person, field, is_on)
        effects += media.set_source(person, field, is_on)
    if wanted:
        classroom.changes.updated(person, now)
    return Decision(effects=effects)


def _layout(classroom: Classroom, person: Participant, message: Layout, now: float) -> Decision:
    if not person.media_open:
        raise StateError("no_media", "Send an offer first.")
    return Decision(effects=[SetLayout(person.id, tuple(message.slots))])


def _start(classroom: Classroom, person: Participant, message: ClassStart, now: float) -> Decision:
    require(person.identity, Right.MODERATE)
    _same_class(classroom, message.class_id)
    return Decision(effects=classroom.start(now))


def _end(classroom: Classroom, person: Participant, message: ClassEnd, now: float) -> Decision:
    require(person.identity, Right.MODERATE)
    _same_class(classroom, message.class_id)
    return Decision(effects=classroom.end(now))


def _same_class(classroom: Classroom, class_id: str) -> None:
    if class_id != classroom.class_id:
        raise LiveclassError("wrong_class", "Your link belongs to another class.")


def _announce(classroom: Classroom, person: Participant, message: Announce, now: float) -> Decision:
    require(person.identity, Right.MODERATE)
    groups: dict[str, Callable[[Participant], bool]] = {
        "all": lambda one: True,
        "students": lambda one: not one.identity.is_staff,
        "teachers": lambda one: one.identity.is_staff,
    }
    is_meant = groups[message.audience]
    readers = [one for one in classroom.roster.connected() if is_meant(one) or one is person]
    notice: dict[str, object] = {
        "id": random_id(classroom.context.rng),
        "at": classroom.context.wall_ms(now),
        "from": person.as_author(),
        "text": message.text,
        "audience": message.audience,
    }
    send = Send(sockets_of(readers), "new-announcement", notice)
    return Decision({"id": notice["id"]}, [send])


def _on(kind: type[M], decide: Callable[[Classroom, Participant, M, float], Decision]) -> Entry:
    """A line of the table; the message's class is the key, so `decide` gets what it expects."""
    return kind, cast(Handler, decide)


_CORE: dict[type[Message], Handler] = dict(
    (
        _on(VideoOffer, _offer),
        _on(VideoIce, _ice),
        _on(VideoLeave, _leave),
        _on(MediaState, _media_state),
        _on(Layout, _layout),
        _on(Moderate, moderation.moderate),
        _on(ClassStart, _start),
        _on(ClassEnd, _end),
        _on(Announce, _announce),
    )
)
