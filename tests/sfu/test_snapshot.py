"""The worker's state as plain records."""

from dataclasses import asdict

from sfu.snapshot import snapshot_totals, snapshot_transports
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
    [transport] = room.snapshot().routers[0].transports
    assert [(c.producer_id, c.layer) for c in transport.consumers] == [(None, None)] * 2
    assert transport.producers[0].layers[0].nacks_sent == 0


def test_drops_outlive_the_transports_they_happened_in() -> None:
    room = two_in_a_class()
    student = room.peers["student"]
    room.rig.inject(student.connection.path.address, b"\x80\x60" + bytes(40))
    before = room.snapshot().drops
    assert before["rtp_unauthentic"] == 1
    assert room.transport(student).drops == {"rtp_unauthentic": 1}
    student.leave()
    assert room.snapshot().drops == before


def test_is_plain_data() -> None:
    room = two_in_a_class()
    assert asdict(room.snapshot())["routers"][0]["router_id"] == "class"


def test_totals_are_the_snapshot_without_its_routers() -> None:
    room = two_in_a_class()
    totals, whole = snapshot_totals(room.rig.worker), room.snapshot()
    assert totals.routers == []
    assert totals.transports == 2
    whole.routers = []
    assert totals == whole


def test_transports_are_read_one_by_one_and_each_as_of_its_turn() -> None:
    room = two_in_a_class()
    reading = snapshot_transports(room.rig.worker, lambda: room.rig.now)
    first = next(reading)
    before = room.transport(room.peers["student"]).copies_sent
    room.run(1.0)
    [(router_id, student)] = reading
    assert (first[1].transport_id, student.transport_id, router_id) == (
        "teacher",
        "student",
        "class",
    )
    assert student.copies_sent > before


def test_a_class_keeps_the_counts_of_who_left() -> None:
    room = two_in_a_class()
    student = room.transport(room.peers["student"])
    room.peers["student"].leave()
    departed = snapshot_totals(room.rig.worker).departed["class"]
    assert departed == student.traffic()
    assert departed.copies_sent > 100


def test_who_leaves_while_being_read_is_told_as_of_then() -> None:
    room = two_in_a_class()
    reading = snapshot_transports(room.rig.worker, lambda: room.rig.now)
    next(reading)
    before = room.transport(room.peers["student"])
    room.peers["student"].leave()
    [(_, student)] = reading
    assert (student.state, student.copies_sent) == ("closed", before.copies_sent)
