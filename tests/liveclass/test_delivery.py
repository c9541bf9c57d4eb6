"""Seconds that participants were sent, counted from events in virtual time."""

from liveclass.delivery import DeliveryMeter
from sfu.events import (
    MediaDelivered,
    SlotsChanged,
    SlotState,
    TransportClosed,
    TransportConnected,
    TransportDisconnected,
)


def shows(**slots: str | None) -> SlotsChanged:
    """Slots of p1 and the producers they show from now on."""
    states = {
        mid: None if producer is None else SlotState("p2", producer, "video", 0)
        for mid, producer in slots.items()
    }
    return SlotsChanged("demo", "p1", states)


def test_seconds_go_by_source_and_slots_add_up() -> None:
    meter = DeliveryMeter()
    meter.take(shows(a="p2:camera", b="p2:microphone"), 10.0)
    meter.take(shows(c="p3:camera"), 12.0)
    meter.take(shows(a=None), 15.0)
    told = meter.take(TransportClosed("demo", "p1", "left"), 16.0)
    assert told == [
        MediaDelivered("demo", "p1", "camera", 6.0, 9.0),
        MediaDelivered("demo", "p1", "microphone", 6.0, 6.0),
    ]


def test_an_outage_is_not_counted() -> None:
    meter = DeliveryMeter()
    meter.take(shows(a="p2:screen"), 0.0)
    meter.take(TransportDisconnected("demo", "p1"), 4.0)
    meter.take(TransportConnected("demo", "p1"), 9.0)
    assert list(meter.so_far("demo", 10.0)) == [MediaDelivered("demo", "p1", "screen", 5.0, 5.0)]


def test_asking_in_between_changes_nothing() -> None:
    meter = DeliveryMeter()
    meter.take(shows(a="p2:camera"), 0.0)
    for at in (1.0, 2.5, 2.5):
        list(meter.so_far("demo", at))
    assert list(meter.so_far("other", 3.0)) == []
    (told,) = meter.take(TransportClosed("demo", "p1", "ended"), 4.0)
    assert (told.seconds, told.slot_seconds) == (4.0, 4.0)


def test_a_connection_that_is_replaced_begins_anew() -> None:
    meter = DeliveryMeter()
    meter.take(shows(a="p2:camera"), 0.0)
    (first,) = meter.take(TransportClosed("demo", "p1", "replaced"), 1.0)
    meter.take(shows(a="p2:camera"), 2.0)
    (second,) = meter.take(TransportClosed("demo", "p1", "left"), 5.0)
    assert (first.seconds, second.seconds) == (1.0, 3.0)


def test_whoever_was_shown_nothing_has_nothing_told_of_them() -> None:
    meter = DeliveryMeter()
    assert meter.take(TransportClosed("demo", "p1", "left"), 1.0) == []
    meter.take(shows(a=None), 2.0)
    assert meter.take(TransportClosed("demo", "p1", "left"), 3.0) == []
