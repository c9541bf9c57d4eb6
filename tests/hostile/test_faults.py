"""A fault of our own inside one connection closes that connection alone (design, section 8)."""

import pytest

from sfu.events import TransportClosed
from sfu.subscribe.consumer import Consumer
from sfu.wire import vp8
from sfu.wire.packet import Packet
from tests.support.room import SEEN_STUDENT, STUDENT, assert_unbroken, pictures
from tests.support.siege import Siege


class BrokenError(Exception):
    """Stands for any programming error."""


def broken(*_: object) -> None:
    raise BrokenError


def closed(siege: Siege) -> list[tuple[str, str]]:
    return [(e.transport_id, e.reason) for _, e in siege.room.events(TransportClosed)]


def test_a_fault_in_dtls_closes_its_transport(monkeypatch: pytest.MonkeyPatch) -> None:
    siege = Siege()
    late = siege.room.add(STUDENT, "late")
    siege.room.join(late)
    monkeypatch.setattr(siege.rig.dtls.sessions[-1], "receive", broken)
    siege.rig.inject(late.connection.path.address, b"\x16" + bytes(50))
    assert closed(siege) == [("late", "error")]
    assert siege.new_drops() == {"transport_error": 1}
    siege.assert_class_goes_on()


def test_a_fault_in_reading_media_closes_its_publisher(monkeypatch: pytest.MonkeyPatch) -> None:
    siege = Siege()
    ada = siege.room.add(STUDENT, "ada")
    siege.room.join(ada)
    with monkeypatch.context() as patch:
        patch.setattr(vp8, "parse", broken)
        siege.room.run(0.1)
    assert closed(siege) == [("teacher", "error")]
    assert siege.new_drops()["transport_error"] == 1
    siege.teacher.join_anew()
    siege.room.run(2)
    assert_unbroken(siege.student)
    assert siege.rig.now - pictures(siege.student)[-1].at < 0.1


def test_a_fault_in_one_slot_closes_that_subscriber_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    siege = Siege()
    late, other = siege.room.add(STUDENT, "late"), siege.room.add(STUDENT, "other")
    siege.room.join(late, other)
    start = Consumer.start

    def broken_for_late(consumer: Consumer, packet: Packet, now: float) -> None:
        if consumer.context.transport_id == "late":
            raise BrokenError
        start(consumer, packet, now)

    monkeypatch.setattr(Consumer, "start", broken_for_late)
    for peer in (late, other):
        siege.room.watch(peer, ["teacher"])
    siege.room.run(1)
    assert closed(siege) == [("late", "error")]
    assert siege.new_drops()["transport_error"] == 1
    assert_unbroken(other)
    assert len(pictures(other)) > 20
    siege.assert_class_goes_on()


def test_media_that_cannot_be_rewritten_closes_its_publisher_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    siege = Siege()
    ada, late = siege.room.add(SEEN_STUDENT, "ada"), siege.room.add(STUDENT, "late")
    siege.room.join(ada, late)
    siege.room.watch(late, ["teacher"])
    siege.room.run(1)
    siege.room.watch(late, ["ada"])  # from here on ada's picture numbers are rewritten
    siege.room.run(1)
    with monkeypatch.context() as patch:
        patch.setattr(vp8, "rewrite", broken)
        siege.room.run(0.1)
    assert closed(siege) == [("ada", "error")]
    assert siege.new_drops()["transport_error"] == 1
    siege.room.watch(late, ["teacher"])
    siege.room.run(1)
    assert_unbroken(siege.student)
    assert late.violations() == []  # the lost packets' numbers may stay a hole
    newest = [picture for picture in pictures(late) if picture.decodable][-1]
    assert siege.rig.now - newest.at < 0.1
    assert siege.rig.now - pictures(siege.student)[-1].at < 0.1
