"""The worker's state as plain records."""

from dataclasses import asdict

import pytest

from sfu.stats import TrafficTotals
from tests.support.room import SEEN_STUDENT, STUDENT, TEACHER, Room


def two_in_a_class() -> Room:
    room = Room()
    room.join(room.add(TEACHER), room.add(STUDENT))
    room.watch(room.peers["student"], ["teacher"])
    room.run(2.0)
    return room


def test_tells_what_a_publisher_sends() -> None:
    room = two_in_a_class()
    teacher = room.transport(room.peers["teacher"])
    assert teacher.state == "connected"
    assert teacher.srtp_profile == "SRTP_AEAD_AES_128_GCM"
    by_source = {producer.source: producer for producer in teacher.producers}
    assert set(by_source) == {"microphone", "camera"}
    camera = by_source["camera"]
    assert (camera.producer_id, camera.kind, camera.codec) == ("teacher:camera", "video", "VP8")
    assert [layer.rid for layer in camera.layers] == ["q", "h", "f"]
    assert all(layer.bitrate > 0 and layer.packets > 0 for layer in camera.layers)
    assert sum(layer.plis_sent for layer in camera.layers) == len(room.peers["teacher"].heard.plis)


def test_tells_what_a_subscriber_gets() -> None:
    room = two_in_a_class()
    student = room.transport(room.peers["student"])
    sound, picture = student.consumers
    assert sound.producer_id == "teacher:microphone"
    assert (picture.producer_id, picture.layer, picture.target_layer) == ("teacher:camera", 2, None)
    assert student.copies_sent == sound.packets + picture.packets
    assert student.bytes_sent == sound.bytes + picture.bytes
    assert student.round_trip_ms is not None
    assert student.round_trip_ms > 39


def test_a_quiet_layer_has_no_rate() -> None:
    room = two_in_a_class()
    for encoding in room.peers["teacher"].camera.encodings[1:]:
        encoding.active = False
    room.run(4.0)
    camera = room.transport(room.peers["teacher"]).producers[1]
    assert [layer.bitrate > 0 for layer in camera.layers] == [True, False, False]


def test_an_empty_slot_shows_nobody() -> None:
    room = Room()
    room.join(room.add(SEEN_STUDENT))
    [transport] = room.transports()
    assert [(c.producer_id, c.layer) for c in transport.consumers] == [(None, None)] * 2
    assert transport.producers[0].layers[0].nacks_sent == 0


def test_drops_outlive_the_transports_they_happened_in() -> None:
    room = two_in_a_class()
    student = room.peers["student"]
    room.rig.inject(student.connection.path.address, b"\x80\x60" + bytes(40))
    before = room.totals().drops
    assert before["rtp_unauthentic"] == 1
    assert room.transport(student).drops == {"rtp_unauthentic": 1}
    student.leave()
    assert room.totals().drops == before


def test_is_plain_data() -> None:
    room = two_in_a_class()
    assert asdict(room.totals())["transports"] == 2
    assert asdict(room.transports()[0])["transport_id"] == "teacher"


def test_transports_are_read_one_by_one_and_each_as_of_its_turn() -> None:
    room = two_in_a_class()
    [reading] = room.routers()
    assert reading.router_id == "class"
    first = next(reading.transports)
    before = room.transport(room.peers["student"]).copies_sent
    room.run(1.0)
    [student] = reading.transports
    assert (first.transport_id, student.transport_id) == ("teacher", "student")
    assert student.copies_sent > before


def test_a_class_keeps_the_counts_of_who_left() -> None:
    room = two_in_a_class()
    student = room.transport(room.peers["student"])
    room.peers["student"].leave()
    [reading] = room.routers()
    assert reading.closed_traffic == student.traffic()
    assert reading.closed_traffic.copies_sent > 100


@pytest.mark.parametrize("already_read", [0, 1])
def test_who_leaves_while_being_read_is_told_as_of_then_and_is_not_among_the_closed(
    already_read: int,
) -> None:
    room = two_in_a_class()
    [reading] = room.routers()
    for _ in range(already_read):
        next(reading.transports)
    before = room.transport(room.peers["student"])
    room.peers["student"].leave()
    *_, student = reading.transports
    assert (student.state, student.copies_sent) == ("closed", before.copies_sent)
    assert reading.closed_traffic == TrafficTotals()


def test_a_class_that_closes_while_being_read_is_told_whole() -> None:
    room = two_in_a_class()
    [reading] = room.routers()
    room.rig.call(lambda worker, now: worker.close_router("class", now))
    assert [one.state for one in reading.transports] == ["closed", "closed"]
    assert room.routers() == []


def test_counts_of_slots_that_end_stay_with_their_transport() -> None:
    room = two_in_a_class()
    student = room.peers["student"]
    transport = room.rig.worker.routers["class"].transports["student"]
    before = room.transport(student)
    for consumer in tuple(transport.downlink.consumers.values()):
        transport.downlink._end(consumer, room.rig.now)
    after = room.transport(student)
    assert after.consumers == []
    assert (after.copies_sent, after.bytes_sent) == (before.copies_sent, before.bytes_sent)
    assert after.traffic() == before.traffic()
    assert after.traffic().switches == 2
