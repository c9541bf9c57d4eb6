"""The life of a connection: networks change, tabs reload, batteries die."""

from dataclasses import replace

import pytest

from common.errors import PeerError
from sfu.events import (
    ProducerClosed,
    TransportClosed,
    TransportConnected,
    TransportDisconnected,
)
from sfu.srtp.keys import SrtpProfile
from tests.support.netem import BurstLoss, Conditions
from tests.support.peers import Peer
from tests.support.rig import Address
from tests.support.room import (
    SEEN_STUDENT,
    STUDENT,
    TEACHER,
    Room,
    address,
    assert_consecutive,
    assert_unbroken,
    pictures,
    runs,
)

NEW = address(200)


def running_class(seed: int = 1) -> tuple[Room, Peer, Peer]:
    room = Room(seed=seed)
    teacher = room.add(TEACHER)
    watcher = room.add(STUDENT)
    room.join(teacher, watcher)
    room.watch(watcher, ["teacher"])
    room.run(2)
    room.rig.events.clear()
    return room, teacher, watcher


def served_at(room: Room, name: str) -> Address | None:
    """Where a participant's media goes."""
    return room.rig.worker.routers["class"].transports[name].downlink.address


def lives(room: Room, peer: Peer) -> list[str]:
    """What was told of one transport's life, in order."""
    kinds = (TransportConnected, TransportDisconnected, TransportClosed)
    return [
        type(event).__name__
        for _, event in room.rig.events
        if isinstance(event, kinds) and event.transport_id == peer.name
    ]


def test_a_subscriber_on_a_new_address_is_served_there() -> None:
    room, _, student = running_class()
    old = student.connection.path
    student.connection.move(address(200))
    room.run(2)
    assert_unbroken(student)
    assert_consecutive(runs(pictures(student))[-1], least=110)
    seen = old.down.counters.sent
    room.run(1)
    assert old.down.counters.sent == seen
    assert lives(room, student) == []


def test_a_new_network_has_its_media_after_one_round_trip_more() -> None:
    """The nomination and its way back, the question and its way back: no waiting in between."""
    room, _, student = running_class()
    left = room.rig.now
    arrivals: list[float] = []
    room.rig.taps.append(
        lambda where, data, now: arrivals.append(now) if data[0] >= 128 and where == NEW else None
    )
    student.connection.move(NEW)
    room.run(1)
    round_trip, picture_every = 0.04, 0.034
    assert arrivals[0] - left <= 1.5 * round_trip + picture_every


def test_a_new_network_that_loses_a_fifth_is_taken_soon() -> None:
    for seed in range(20):
        room, _, student = running_class(seed)
        student.connection.move(NEW)
        for link in (student.connection.path.up, student.connection.path.down):
            link.conditions = Conditions(delay=0.05, loss=0.2)
        room.run(0.5)
        assert served_at(room, "student") == NEW, f"seed {seed}"


def test_a_slow_network_is_taken_although_all_questions_are_under_way_at_once() -> None:
    room, _, student = running_class()
    student.connection.move(NEW)
    for link in (student.connection.path.up, student.connection.path.down):
        link.conditions = Conditions(delay=0.7)
    assert room.rig.run_until(lambda: served_at(room, "student") == NEW, 2.2)


def test_who_answers_nothing_at_a_new_address_keeps_the_old_until_it_fails() -> None:
    room, _, student = running_class()
    old, since = student.connection.path.address, room.rig.now
    student.connection.answers = False
    student.connection.move(NEW)
    room.run(20)
    assert served_at(room, "student") == old
    assert lives(room, student) == ["TransportDisconnected"]
    room.run(20)
    [(closed, event)] = room.events(TransportClosed)
    assert (event.reason, 25 <= closed - since <= 33) == ("timeout", True)


def test_who_answers_late_at_a_new_address_is_back() -> None:
    room, _, student = running_class()
    student.connection.answers = False
    student.connection.move(NEW)
    room.run(15)
    student.connection.answers = True
    room.run(3)
    assert served_at(room, "student") == NEW
    assert lives(room, student) == ["TransportDisconnected", "TransportConnected"]


def test_a_publisher_on_a_new_address_goes_on() -> None:
    room, teacher, student = running_class()
    teacher.connection.move(address(201))
    room.run(2)
    assert_unbroken(student)
    assert_consecutive(runs(pictures(student))[-1], least=100)
    assert lives(room, teacher) == []


def test_a_publisher_that_moves_many_times_stays_reachable() -> None:
    room, teacher, student = running_class()
    for number in range(20):
        teacher.connection.move(address(300 + number))
        room.run(0.3)
    room.run(1)
    assert_unbroken(student)
    assert room.totals().drops.get("transport_error", 0) == 0


def test_silence_is_told_and_ends_in_a_timeout() -> None:
    room, teacher, student = running_class()
    silent_since = room.rig.now
    teacher.vanish()
    room.run(15)
    [(told, _)] = room.events(TransportDisconnected)
    assert 4 <= told - silent_since <= 10
    room.run(30)
    [(closed, event)] = room.events(TransportClosed)
    assert 25 <= closed - silent_since <= 40
    assert event.reason == "timeout"
    assert {e.producer_id for _, e in room.events(ProducerClosed)} == {
        "teacher:microphone",
        "teacher:camera",
    }
    assert lives(room, student) == []
    assert len(room.transports()) == 1


def test_a_peer_that_comes_back_in_time_goes_on_as_the_same() -> None:
    room, teacher, student = running_class()
    teacher.vanish()
    room.run(12)
    teacher.connection.online = True
    room.run(4)
    assert lives(room, teacher) == ["TransportDisconnected", "TransportConnected"]
    assert student.violations() == []
    newest = runs(pictures(student))[-1]
    assert room.rig.now - newest[-1].at < 0.1


def test_a_subscriber_that_comes_back_is_served_again() -> None:
    room, _, student = running_class()
    student.vanish()
    room.run(12)
    student.connection.online = True
    room.run(5)
    assert lives(room, student) == ["TransportDisconnected", "TransportConnected"]
    newest = [picture for picture in pictures(student) if picture.decodable][-1]
    assert room.rig.now - newest.at < 0.1


def test_a_closed_tab_is_told_at_once() -> None:
    room, teacher, student = running_class()
    closed = room.rig.now
    teacher.close_tab()
    room.run(1)
    [(when, event)] = room.events(TransportClosed)
    assert when - closed < 0.1
    assert event.reason == "dtls_closed"
    assert room.events(TransportDisconnected) == []
    assert lives(room, student) == []


@pytest.mark.parametrize("who", ["teacher", "student"])
def test_an_ice_restart_leaves_media_untouched(who: str) -> None:
    room, _, student = running_class()
    peer = room.peers[who]
    before = peer.connection.credentials
    peer.restart_ice()
    assert peer.connection.credentials.remote_ufrag != before.remote_ufrag
    room.run(4)
    assert_unbroken(student)
    assert_consecutive(runs(pictures(student))[-1], least=170)
    assert lives(room, peer) == []
    assert len(room.rig.dtls.sessions) == 2


def test_an_ice_restart_on_another_network_brings_a_silent_peer_back() -> None:
    room, _, student = running_class()
    student.vanish()
    room.run(12)
    student.connection.online = True
    student.connection.path = room.rig.attach(address(210), student.connection)
    student.restart_ice()
    room.run(4)
    assert lives(room, student) == ["TransportDisconnected", "TransportConnected"]
    newest = [picture for picture in pictures(student) if picture.decodable][-1]
    assert room.rig.now - newest.at < 0.1


def test_old_credentials_hold_until_the_new_ones_are_used() -> None:
    room, _, student = running_class()
    old = student.connection.credentials
    student.connection.new_credentials()
    room.rig.call(
        lambda worker, now: worker.accept_offer(
            student.name, student.connection.written_offer(), now
        )
    )
    room.run(12)  # the page never got the answer: its checks go on with the old ones
    assert student.connection.credentials == old
    assert_unbroken(student)
    assert lives(room, student) == []


def test_a_reloaded_subscriber_starts_anew_under_its_name() -> None:
    room, _, student = running_class()
    student.reload()
    room.rig.run_until(lambda: student.connected_at is not None, 2)
    room.watch(student, ["teacher"])
    room.run(3)
    assert lives(room, student) == ["TransportClosed", "TransportConnected"]
    assert room.events(TransportClosed)[0][1].reason == "replaced"
    assert_unbroken(student)
    assert pictures(student)[0].key
    assert_consecutive(pictures(student), least=80)


def test_a_reloaded_publisher_is_shown_again_in_the_slots_that_showed_it() -> None:
    room, teacher, student = running_class()
    before = len(pictures(student))
    teacher.reload()
    room.run(3)
    assert_unbroken(student)
    again = pictures(student)[before + 2 :]
    assert_consecutive(runs(again)[-1], least=75)
    assert len(room.transports()) == 2


def test_more_slots_come_by_a_further_offer_and_the_old_ones_run_on() -> None:
    room, _, student = running_class()
    ada = room.add(SEEN_STUDENT, "ada")
    room.join(ada)
    ssrcs = [slot.ssrc for slot in student.slots]
    student.renegotiate(video_slots=3)
    assert [slot.ssrc for slot in student.slots][: len(ssrcs)] == ssrcs
    room.watch(student, ["teacher", "ada"])
    room.run(3)
    assert_unbroken(student)
    assert_consecutive(runs(pictures(student))[-1], least=140)
    assert_consecutive(runs(pictures(student, 1))[-1], least=60)
    assert lives(room, student) == []
    assert len(room.rig.dtls.sessions) == 3


@pytest.mark.parametrize("profile", list(SrtpProfile))
def test_both_protection_profiles_live_in_one_class(profile: SrtpProfile) -> None:
    room = Room()
    teacher = room.add(replace(TEACHER, profile=profile))
    students = [room.add(replace(STUDENT, profile=p), f"with-{p}") for p in SrtpProfile]
    room.join(teacher, *students)
    for student in students:
        room.watch(student, ["teacher"])
    room.run(2)
    assert_unbroken(*students)
    for student in students:
        assert_consecutive(runs(pictures(student))[-1], least=50)
        assert room.transport(student).srtp_profile == student.plan.profile


def test_joining_succeeds_over_a_bad_path() -> None:
    bad = Conditions(delay=0.1, jitter=0.1, burst=BurstLoss(0.2, 0.4), reorder=0.2, duplicate=0.2)
    room = Room(seed=9)
    peers = [room.add(replace(STUDENT, up=bad, down=bad), f"far-{number}") for number in range(20)]
    room.join(*peers, within=10)
    assert len(room.events(TransportConnected)) == 20


def test_a_certificate_that_is_not_the_one_of_the_offer_ends_the_connection() -> None:
    room = Room()
    peer = room.add(STUDENT)
    peer.join()
    peer.connection.offer = replace(peer.connection.offer, fingerprint=("sha-256", "AA:BB"))
    room.run(2)
    assert peer.connected_at is None
    assert [e.reason for _, e in room.events(TransportClosed)] == ["dtls_failed"]
    assert room.events(TransportConnected) == []


def test_who_never_comes_is_forgotten() -> None:
    room = Room()
    peer = room.add(STUDENT)
    peer.vanish()
    peer.join()
    room.run(60)
    assert [e.reason for _, e in room.events(TransportClosed)] == ["timeout"]
    assert room.transports() == []
    assert room.rig.worker.next_deadline() is None


def test_an_offer_that_cannot_be_used_changes_nothing() -> None:
    room, _, student = running_class()
    with pytest.raises(PeerError):
        room.rig.call(lambda worker, now: worker.accept_offer("student", "v=0\r\n", now))
    room.run(1)
    assert_unbroken(student)
    assert lives(room, student) == []
