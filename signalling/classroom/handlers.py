"""What each message of a participant does to the class: a table of small decisions.

Pure: no I/O, no clock.
"""

from collections.abc import Callable
from typing import TypeVar, cast

from common.errors import CapacityError, LiveclassError, StateError
from common.roles import Role
from signalling.classroom import media, moderation
from signalling.classroom.chat import TO_ALL, TO_TEACHERS, ChatEntry, author
from signalling.classroom.effects import Decision, Effect, Negotiate, Send, SetLayout
from signalling.classroom.messages import (
    Announce,
    ChatMessage,
    ClassEnd,
    ClassStart,
    Hand,
    Layout,
    MediaState,
    Message,
    Moderate,
    Reaction,
    VideoIce,
    VideoLeave,
    VideoOffer,
)
from signalling.classroom.permissions import Right, require
from signalling.classroom.roster import Participant, random_id, sockets_of
from signalling.classroom.state import Classroom, ClassState
from signalling.errors import MessageError

M = TypeVar("M", bound=Message)
Handler = Callable[[Classroom, Participant, Message, float], Decision]
Entry = tuple[type[Message], Handler]


def handle(room: Classroom, person: Participant, message: Message, now: float) -> Decision:
    """Decide one message of a participant; raises what the person may not do."""
    return _HANDLERS[type(message)](room, person, message, now)


def _offer(room: Classroom, person: Participant, message: VideoOffer, now: float) -> Decision:
    if room.state is not ClassState.LIVE:
        raise StateError("class_not_started", "The class has not begun.")
    assert person.socket is not None
    negotiate = Negotiate(
        class_id=room.class_id,
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
        room.updates.updated(person, now)
    return Decision(effects=[negotiate])


def _ice(room: Classroom, person: Participant, message: VideoIce, now: float) -> Decision:
    """A lite agent learns addresses from the checks that reach it (RFC 8445 section 2.5)."""
    return Decision()


def _leave(room: Classroom, person: Participant, message: VideoLeave, now: float) -> Decision:
    if message.resumable and person.socket is not None:
        return Decision(effects=room.socket_lost(person, person.socket, now))
    return Decision(effects=room.leave(person, now))


def _media_state(room: Classroom, person: Participant, message: MediaState, now: float) -> Decision:
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
        room.updates.updated(person, now)
    return Decision(effects=effects)


def _layout(room: Classroom, person: Participant, message: Layout, now: float) -> Decision:
    if not person.media_open:
        raise StateError("no_media", "Send an offer first.")
    return Decision(effects=[SetLayout(person.id, tuple(message.slots))])


def _chat(room: Classroom, person: Participant, message: ChatMessage, now: float) -> Decision:
    require(person.identity, Right.CHAT)
    entry = ChatEntry(
        id=random_id(room.rng),
        at=room.wall_ms(now),
        sender=person.id,
        author=author(person),
        to=message.to,
        text=message.text,
    )
    if message.to not in (TO_ALL, TO_TEACHERS) and room.roster.get(message.to) is None:
        raise MessageError("This person is not in the class.", "to", "no_such_participant")
    room.chat.add(entry)
    readers = [one for one in room.roster.connected() if entry.is_for(one)]
    send = Send(sockets_of(readers), "chat-message", entry.describe())
    return Decision({"id": entry.id, "at": entry.at}, [send])


def _hand(room: Classroom, person: Participant, message: Hand, now: float) -> Decision:
    if message.raised != (person.hand_at is not None):
        if message.raised:
            room.roster.raise_hand(person, room.wall_ms(now))
        else:
            person.hand_at = None
        room.updates.updated(person, now)
        room.updates.hands(now)
    return Decision()


def _reaction(room: Classroom, person: Participant, message: Reaction, now: float) -> Decision:
    if not room.reactions.take(1.0, now):
        raise CapacityError("too_many_messages", "Too many reactions at once.")
    payload: dict[str, object] = {"participant": person.id, "kind": message.kind.value}
    return Decision(effects=[room.to_all("reaction", payload)])


def _start(room: Classroom, person: Participant, message: ClassStart, now: float) -> Decision:
    require(person.identity, Right.MODERATE)
    _same_class(room, message.class_id)
    return Decision(effects=room.start(now))


def _end(room: Classroom, person: Participant, message: ClassEnd, now: float) -> Decision:
    require(person.identity, Right.MODERATE)
    _same_class(room, message.class_id)
    return Decision(effects=room.end(now))


def _same_class(room: Classroom, class_id: str) -> None:
    if class_id != room.class_id:
        raise LiveclassError("wrong_class", "Your link belongs to another class.")


def _announce(room: Classroom, person: Participant, message: Announce, now: float) -> Decision:
    require(person.identity, Right.MODERATE)
    groups: dict[str, Callable[[Participant], bool]] = {
        "all": lambda one: True,
        "students": lambda one: not one.identity.is_staff,
        "teachers": lambda one: one.identity.is_staff,
    }
    is_meant = groups[message.audience]
    readers = [one for one in room.roster.connected() if is_meant(one) or one is person]
    notice: dict[str, object] = {
        "id": random_id(room.rng),
        "at": room.wall_ms(now),
        "from": author(person),
        "text": message.text,
        "audience": message.audience,
    }
    send = Send(sockets_of(readers), "new-announcement", notice)
    return Decision({"id": notice["id"]}, [send])


def _on(kind: type[M], decide: Callable[[Classroom, Participant, M, float], Decision]) -> Entry:
    """A line of the table; the message's class is the key, so `decide` gets what it expects."""
    return kind, cast(Handler, decide)


_HANDLERS: dict[type[Message], Handler] = dict(
    (
        _on(VideoOffer, _offer),
        _on(VideoIce, _ice),
        _on(VideoLeave, _leave),
        _on(MediaState, _media_state),
        _on(Layout, _layout),
        _on(ChatMessage, _chat),
        _on(Hand, _hand),
        _on(Reaction, _reaction),
        _on(Moderate, moderation.moderate),
        _on(ClassStart, _start),
        _on(ClassEnd, _end),
        _on(Announce, _announce),
    )
)
