"""What the bench lets arrive: Chromium's shape, everybody's feedback, in order."""

from itertools import pairwise

import pytest

from bench.scene import Scene, gallery, lecture, nowhere, sound_room
from bench.timetable import timetable
from sfu.stats import DropReason

ADDRESSES = [("192.0.2.7", 1_024 + number) for number in range(64)]


@pytest.fixture(scope="module")
def scene() -> Scene:
    """A teacher and three who watch."""
    made = Scene(lecture(3), ADDRESSES)
    made.point_at(nowhere())
    return made


def test_a_frame_has_the_shape_of_chromiums(scene: Scene) -> None:
    sizes = [[len(data) for data in scene.publishers[0].frame()] for _ in range(30)]
    tops = [frame[3:] for frame in sizes]
    assert {len(frame) for frame in sizes} == {7, 8}, "one, two, and four or five packets"
    assert all(later - earlier in (0, 1) for top in tops for earlier, later in pairwise(top))
    assert sum(map(len, tops)) == 130


def test_a_block_is_eighteen_copies_for_everybody(scene: Scene) -> None:
    before = scene.worker.forwarded.copies
    for _, datagrams in scene.publishers[0].block():
        scene.receive(scene.publishers[0].address, datagrams)
    assert scene.worker.forwarded.copies - before == 3 * 18


def test_a_second_of_class_is_taken_whole(scene: Scene) -> None:
    table = timetable(scene, scene.now, 1.0, 1.0, seed=1)
    assert [at for at, _, _ in table] == sorted(at for at, _, _ in table)
    people = [*(p.address for p in scene.publishers), *(s.address for s in scene.subscribers)]
    assert {data[0] for _, _, datagrams in table for data in datagrams} >= {0}, "consent checks"
    before = scene.worker.forwarded.copies
    for at, person, datagrams in table:
        scene.advance(max(0.0, at - scene.now))
        scene.receive(people[person], datagrams)
    assert scene.worker.forwarded.copies - before == 3 * 180
    assert not scene.worker.drops[DropReason.STUN_REFUSED]
    scene.check_pictures()
    for subscriber in scene.subscribers:
        transport = scene.worker.routers["class"].transports[subscriber.name]
        assert not transport.drops
        assert transport.downlink.round_trip == pytest.approx(0.02, abs=0.001)


def test_twice_the_speed_is_twice_the_media(scene: Scene) -> None:
    table = timetable(scene, 0.0, 1.0, 2.0, seed=1)
    media = [data for _, person, datagrams in table for data in datagrams if len(data) > 1_100]
    assert len(media) == pytest.approx(260, abs=26)


def test_everybody_in_a_gallery_sees_and_is_seen() -> None:
    scene = Scene(gallery(6, 3), ADDRESSES)
    scene.point_at(nowhere())
    before = scene.worker.forwarded.copies
    for publisher in scene.publishers:
        scene.receive(publisher.address, publisher.frame())
    assert scene.worker.forwarded.copies - before == 6 * 3 * 2, "two packets of the middle layer"


def test_everybody_in_a_sound_room_is_heard() -> None:
    scene = Scene(sound_room(4, 5), ADDRESSES)
    scene.point_at(nowhere())
    before = scene.worker.forwarded.copies
    for publisher in scene.publishers:
        scene.receive(publisher.address, publisher.sound())
    assert scene.worker.forwarded.copies - before == 4 * 5
