"""Transports are kept once each, in the order in which they changed."""

from typing import cast

from sfu.transport import Transport
from sfu.transport_changes import TransportChanges

ADA, BEN = cast(Transport, "ada"), cast(Transport, "ben")


def test_each_transport_is_kept_once_in_the_order_it_told() -> None:
    changes = TransportChanges(lambda: None)
    for transport in (BEN, ADA, BEN):
        changes.on_deadline(transport)
        changes.on_slots(transport)
    assert list(changes.deadlines) == list(changes.slots) == [BEN, ADA]
    assert not changes.states


def test_a_change_of_state_wakes_the_surroundings() -> None:
    woken: list[bool] = []
    changes = TransportChanges(lambda: woken.append(True))
    changes.on_deadline(ADA)
    assert not woken
    changes.on_state(ADA)
    assert woken
    assert list(changes.states) == [ADA]
