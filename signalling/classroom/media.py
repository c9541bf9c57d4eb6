"""The media of a class: which sources are forwarded, and what the SFU's events change.

Pure: no I/O, no clock.
"""

from collections.abc import Callable
from typing import TypeVar, cast

from sfu.events import (
    ActiveSpeakers,
    Event,
    ProducerOpened,
    QualityChanged,
    SlotsChanged,
    TransportClosed,
    TransportConnected,
    TransportDisconnected,
)
from signalling.classroom.effects import Effect, Send, SetSource
from signalling.classroom.roster import Participant
from signalling.classroom.state import Classroom

E = TypeVar("E", bound=Event)
Response = Callable[[Classroom, Event, float], list[Effect]]


def set_source(person: Participant, field: str, is_on: bool) -> list[Effect]:
    """Forwards a source or stops it, now and when it is published later."""
    sources = ("screen", "screen-audio") if field == "screen" else (field,)
    if is_on:
        person.blocked.difference_update(sources)
    else:
        person.blocked.update(sources)
    if not person.media_open:
        return []
    return [SetSource(person.id, source, is_on) for source in sources]


def closed(classroom: Classroom, person: Participant, now: float) -> None:
    """The participant's transport is gone; the next offer opens a new one."""
    person.media_open = False
    person.uplink_poor = False
    classroom.changes.updated(person, now)


def handle(classroom: Classroom, event: Event, now: float) -> list[Effect]:
    """The effects of an event of the SFU on the people in the class."""
    respond = _RESPONSES.get(type(event))
    return [] if respond is None else respond(classroom, event, now)


def _connected(classroom: Classroom, event: TransportConnected, now: float) -> list[Effect]:
    return _media_lost(classroom, event.transport_id, False, now)


def _disconnected(classroom: Classroom, event: TransportDisconnected, now: float) -> list[Effect]:
    return _media_lost(classroom, event.transport_id, True, now)


def _media_lost(
    classroom: Classroom, participant_id: str, is_lost: bool, now: float
) -> list[Effect]:
    person = classroom.roster.get(participant_id)
    if person is not None and person.media_lost != is_lost:
        person.media_lost = is_lost
        classroom.changes.updated(person, now)
    return []


def _closed(classroom: Classroom, event: TransportClosed, now: float) -> list[Effect]:
    """A replaced transport goes on under the same id; for every other reason media is over."""
    person = classroom.roster.get(event.transport_id)
    if person is not None and event.reason != "replaced":
        closed(classroom, person, now)
    return []


def _producer_opened(classroom: Classroom, event: ProducerOpened, now: float) -> list[Effect]:
    person = classroom.roster.get(event.transport_id)
    if person is None or event.source not in person.blocked:
        return []
    return [SetSource(person.id, event.source, False)]


def _slots(classroom: Classroom, event: SlotsChanged, now: float) -> list[Effect]:
    viewer = classroom.roster.get(event.transport_id)
    if viewer is None or viewer.socket is None:
        return []
    shown = [slot.participant for slot in event.slots.values() if slot is not None]
    payload: dict[str, object] = {}
    for mid, slot in event.slots.items():
        payload[mid] = slot and {
            "participant": slot.participant,
            "producer": slot.producer,
            "kind": slot.kind,
            "layer": slot.layer,
        }
    return [*classroom.view.introduce(viewer, shown), Send((viewer.socket,), "slots", payload)]


def _speakers(classroom: Classroom, event: ActiveSpeakers, now: float) -> list[Effect]:
    payload: dict[str, object] = {"speakers": list(event.speakers), "dominant": event.dominant}
    return [classroom.context.to_all("active-speaker", payload)]


def _quality(classroom: Classroom, event: QualityChanged, now: float) -> list[Effect]:
    person = classroom.roster.get(event.transport_id)
    if person is None:
        return []
    is_poor = event.uplink == "poor"
    if person.uplink_poor != is_poor:
        person.uplink_poor = is_poor
        classroom.changes.updated(person, now)
    if person.socket is None:
        return []
    payload: dict[str, object] = {
        "uplink": event.uplink,
        "downlink": event.downlink,
        "reason": event.reason,
    }
    return [Send((person.socket,), "quality", payload)]


def _on(
    kind: type[E], respond: Callable[[Classroom, E, float], list[Effect]]
) -> tuple[type, Response]:
    """A line of the table; the event's class is the key, so `respond` gets what it expects."""
    return kind, cast(Response, respond)


_RESPONSES: dict[type, Response] = dict(
    (
        _on(TransportConnected, _connected),
        _on(TransportDisconnected, _disconnected),
        _on(TransportClosed, _closed),
        _on(ProducerOpened, _producer_opened),
        _on(SlotsChanged, _slots),
        _on(ActiveSpeakers, _speakers),
        _on(QualityChanged, _quality),
    )
)
