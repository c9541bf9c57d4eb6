"""Real datagrams in the wrong place, at the wrong time, or cut: known by their counters."""

from collections import Counter
from dataclasses import replace

import pytest

from sfu.dtls.limits import SESSION_BURST
from sfu.srtp.keys import SrtpProfile
from tests.support.dtls import close_notify, handshake
from tests.support.room import STUDENT, TEACHER, address
from tests.support.siege import STRANGER, Siege

WINDOW = 1_024


def test_replayed_media_is_forwarded_once() -> None:
    siege = Siege()
    recent = siege.captured_rtp(siege.teacher)[-100:]
    arrived = recent[:60]  # the last ones are still under way
    copies = siege.room.totals().copies_sent
    siege.rig.inject(siege.teacher.connection.path.address, *arrived, *arrived)
    assert siege.new_drops() == {"rtp_replayed": 120}
    assert siege.room.totals().copies_sent == copies
    siege.assert_class_goes_on()


def test_media_from_before_the_window_is_too_old() -> None:
    siege = Siege(seconds=12.0)
    top = siege.teacher.camera.encodings[2].stream.ssrc.to_bytes(4, "big")
    video = [data for data in siege.captured_rtp(siege.teacher) if data[8:12] == top]
    assert len(video) > WINDOW + 60
    siege.rig.inject(siege.teacher.connection.path.address, *video[:20])
    drops = siege.new_drops()
    assert sum(drops.values()) == 20
    assert drops == {"rtp_too_old": 20}
    siege.assert_class_goes_on()


def test_media_from_an_unknown_address_goes_nowhere() -> None:
    siege = Siege()
    stolen = siege.captured_rtp(siege.teacher)[-50:] + siege.captured_rtcp(siege.teacher)[-2:]
    siege.rig.inject(STRANGER, *stolen)
    assert siege.new_drops() == {"unknown_address": len(stolen)}
    siege.assert_class_goes_on()


def test_media_of_another_participant_does_not_authenticate() -> None:
    siege = Siege()
    stolen = siege.captured_rtp(siege.teacher)[-50:]
    control = siege.captured_rtcp(siege.teacher)[-3:]
    siege.rig.inject(siege.student.connection.path.address, *stolen, *control)
    assert siege.new_drops() == {"rtp_unauthentic": 50, "rtcp_unauthentic": 3}
    siege.assert_class_goes_on()


@pytest.mark.parametrize("profile", list(SrtpProfile))
def test_a_false_copy_ahead_of_the_true_packet_does_no_harm(profile: SrtpProfile) -> None:
    """Each packet comes cut and changed first; the numbers must stay free for the true one."""
    siege = Siege(replace(TEACHER, profile=profile))
    address_ = siege.teacher.connection.path.address

    def attack(where: tuple[str, int], data: bytes, now: float) -> None:
        if where == address_ and 128 <= data[0] <= 191:
            middle = len(data) // 2
            for false in (
                data[:middle],
                data[:-1],
                data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :],
                data + b"\x00",
            ):
                siege.rig.worker.receive(false, where, now)

    siege.rig.up_taps.append(attack)
    siege.assert_class_goes_on(2.0)
    drops = siege.new_drops()
    assert set(drops) <= {"rtp_unauthentic", "rtp_malformed", "rtcp_unauthentic", "rtcp_malformed"}
    assert sum(drops.values()) % 4 == 0
    assert sum(drops.values()) > 4 * 200


def test_a_packet_cut_at_every_length_is_refused() -> None:
    siege = Siege()
    whole = siege.captured_rtp(siege.teacher)[-1]
    where = siege.teacher.connection.path.address
    for data in (whole[:length] for length in range(2, len(whole))):
        siege.rig.inject(where, data)
    drops = siege.new_drops()
    assert sum(drops.values()) == len(whole) - 2
    assert drops["rtp_malformed"] >= 10
    siege.assert_class_goes_on()


def test_control_packets_replayed_cut_or_changed_are_refused() -> None:
    siege = Siege(seconds=3.0)
    where = siege.teacher.connection.path.address
    reports = siege.captured_rtcp(siege.teacher)[:3]
    siege.rig.inject(where, *reports)
    assert siege.new_drops() == {"rtcp_unauthentic": 3}
    whole = reports[-1]
    siege.rig.inject(where, *(whole[:length] for length in range(2, len(whole))))
    assert siege.new_drops() == {"rtcp_unauthentic": len(whole) - 2}
    changed = [whole[:n] + bytes([whole[n] ^ 1]) + whole[n + 1 :] for n in range(2, len(whole))]
    siege.rig.inject(where, *changed)
    assert sum(siege.new_drops().values()) == len(changed)
    siege.assert_class_goes_on()


def test_dtls_from_an_address_that_ice_has_not_validated_reaches_no_session() -> None:
    siege = Siege()
    peer = siege.room.add(STUDENT, "late")
    peer.vanish()
    peer.join()
    fingerprint = peer.connection.offer.fingerprint
    hello = handshake(fingerprint, bytes(16), SrtpProfile.AEAD_AES_128_GCM)
    siege.rig.inject(STRANGER, hello, close_notify(), b"\x14" + bytes(50), b"\x3f" + bytes(50))
    siege.rig.inject(address(3), hello)  # where the peer would be, had it been heard of
    assert siege.new_drops() == {"unknown_address": 5}
    assert siege.strays() == []
    siege.room.run(0.5)
    late = siege.room.transport(peer)
    assert late.state == "connecting"


def test_dtls_garbage_from_a_participant_changes_nothing() -> None:
    siege = Siege()
    where = siege.student.connection.path.address
    garbage = [
        bytes([first]) + bytes(range(length)) for first in range(20, 64) for length in (1, 13, 200)
    ]
    siege.rig.inject(where, *garbage)
    assert siege.strays() == []
    assert siege.new_drops() == {"dtls_over_budget": len(garbage) - SESSION_BURST}
    siege.assert_class_goes_on()


def test_media_before_the_handshake_is_counted_and_dropped() -> None:
    siege = Siege()
    late = siege.latecomer()
    where = late.connection.path.address
    siege.rig.inject(
        where, *siege.captured_rtp(siege.teacher)[-10:], *siege.captured_rtcp(siege.teacher)[-1:]
    )
    assert siege.new_drops() == {"not_connected": 11}
    assert siege.room.transport(late).state == "connecting"
    late.leave()
    siege.assert_class_goes_on()


def test_a_participant_that_left_is_a_stranger() -> None:
    siege = Siege()
    late = siege.room.add(STUDENT, "late")
    siege.room.join(late)
    where = late.connection.path.address
    check = siege.captured_of(late, 0, 3)[-1]
    late.leave()
    siege.new_drops()
    siege.rig.inject(where, *siege.captured_rtcp(late)[:1], b"\x80\x60" + bytes(60), close_notify())
    siege.rig.inject(where, check)
    drops = Counter(siege.new_drops())
    assert drops["stun_unknown_user"] == 1
    assert drops["unknown_address"] >= 2
    siege.assert_class_goes_on()
