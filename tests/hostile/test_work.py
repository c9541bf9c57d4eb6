"""Limits that count work: what one participant makes the worker do, in instructions and copies."""

import struct
from collections.abc import Callable
from dataclasses import replace

import pytest

from common.work import Price
from sfu.events import TransportClosed
from sfu.publish.producer import RATES
from sfu.rtcp_intake import MAX_NACKED
from sfu.stats import DropReason
from sfu.wire.rtcp import MAX_RECORDS
from sfu.workload import REMOVED_AFTER
from tests.support import rtcp_client
from tests.support.core import Source
from tests.support.effort import instructions
from tests.support.mallory import Mallory
from tests.support.media import RTP_HEADER
from tests.support.offers import audio, video
from tests.support.peers import Peer
from tests.support.room import STUDENT, Room
from tests.support.siege import Siege

DATAGRAM = 1_300  # bytes of RTCP before encryption
MOST = 50_000  # instructions of the dearest datagram, 1 ms: 128 packets asked for, some sent


def filled(record: bytes) -> bytes:
    """As many of a record as a datagram holds."""
    return record * (DATAGRAM // len(record))


def feedback_bomb(mallory: Peer) -> bytes:
    """24 bytes that claim 4,096 packets lost, in one chunk."""
    body = struct.pack(">IIHHI", 1, 2, 0, 4_096, 0) + struct.pack(">HH", 0x1FFF, 0)
    return struct.pack(">BBH", 0x8F, 205, 5) + body


def nack_storm(mallory: Peer) -> bytes:
    slot = mallory.slot("video")
    entries = [struct.pack(">HH", slot.newest() - 17 * n & 0xFFFF, 0xFFFF) for n in range(250)]
    head = struct.pack(">BBHII", 0x81, 205, 2 + len(entries), 1, slot.ssrc)
    return head + b"".join(entries)


def name_storm(mallory: Peer) -> bytes:
    """A source description of empty items."""
    body = struct.pack(">I", 1) + bytes((2, 0)) * 580 + bytes(4)
    return struct.pack(">BBH", 0x81, 202, len(body) // 4) + body


def plis(mallory: Peer) -> bytes:
    return rtcp_client.pli(1, mallory.slot("video").ssrc)


def full_intra(mallory: Peer) -> bytes:
    entries = struct.pack(">IB3x", mallory.slot("video").ssrc, 1) * 150
    return struct.pack(">BBHII", 0x84, 206, 2 + len(entries) // 4, 1, 0) + entries


def rembs(mallory: Peer) -> bytes:
    low, high = (
        rtcp_client.remb(1, bitrate, [slot.ssrc for slot in mallory.slots])
        for bitrate in (30_000, 5_000_000)
    )
    return low + high


ATTACKS: list[Callable[[Peer], bytes]] = [
    feedback_bomb,
    nack_storm,
    name_storm,
    plis,
    full_intra,
    rembs,
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_no_datagram_of_rtcp_costs_much(attack: Callable[[Peer], bytes]) -> None:
    mallory = Mallory()
    data = mallory.mallory.connection.sealed_rtcp(filled(attack(mallory.mallory)))
    where = mallory.mallory.connection.path.address
    assert instructions(lambda: mallory.rig.inject(where, data)) < MOST


@pytest.mark.parametrize(
    "attack", [nack_storm, plis, full_intra, rembs], ids=lambda attack: attack.__name__
)
def test_a_storm_of_rtcp_is_slowed_and_then_ended(attack: Callable[[Peer], bytes]) -> None:
    """1,000 full datagrams a second, for a little longer than patience lasts."""
    mallory = Mallory()
    storm = filled(attack(mallory.mallory))
    for _ in range(int(25 * (REMOVED_AFTER + 3))):
        if not mallory.room.events(TransportClosed):
            mallory.throw_rtcp([storm] * 40)
        mallory.room.run(0.04)
    [(_, closed)] = mallory.room.events(TransportClosed)
    assert (closed.transport_id, closed.reason) == ("mallory", "flooding")
    assert mallory.new_drops()["work_over_budget"] > 5_000
    mallory.assert_only_she_suffers()


def test_a_teacher_is_slowed_and_never_removed() -> None:
    siege = Siege()
    slot_ssrc = 12_345
    storm = filled(rtcp_client.pli(1, slot_ssrc))
    where = siege.teacher.connection.path.address
    for _ in range(int(25 * (REMOVED_AFTER + 4))):
        siege.rig.inject(where, *(siege.teacher.connection.sealed_rtcp(storm) for _ in range(20)))
        siege.room.run(0.04)
    assert siege.new_drops()["work_over_budget"] > 1_000
    assert not siege.room.events(TransportClosed)
    siege.room.run(3.0)  # its credit comes back
    siege.assert_class_goes_on()


def test_a_reload_is_no_way_out_of_debt() -> None:
    mallory = Mallory()
    storm = filled(nack_storm(mallory.mallory))
    mallory.throw_rtcp([storm] * 2_000)
    assert mallory.new_drops()["work_over_budget"] > 500
    router = mallory.rig.worker.routers["class"]
    before = router.transports["mallory"].workload
    mallory.mallory.reload()
    assert router.transports["mallory"].workload is before


def forged(kind: int, number: int) -> bytes:
    """Looks like RTP or SRTCP of nobody's keys."""
    return struct.pack(">BBHII", 0x80, kind, number & 0xFFFF, number, number) + bytes(60)


@pytest.mark.parametrize("kind", [96, 200], ids=["RTP", "RTCP"])
def test_forged_traffic_from_the_teachers_address_removes_nobody(kind: int) -> None:
    siege = Siege()
    where = siege.teacher.connection.path.address
    for burst in range(400):  # 5,000 a second, longer than anybody's patience
        numbers = range(200 * burst, 200 * burst + 200)
        siege.rig.inject(where, *(forged(kind, number) for number in numbers))
        siege.room.run(0.04)
    drops = siege.new_drops()
    assert drops["unproven_over_budget"] > 20_000
    assert drops.get("work_over_budget", 0) == 0
    assert not siege.room.events(TransportClosed)
    siege.assert_class_goes_on()


def test_a_datagram_asks_for_so_many_packets_and_no_more() -> None:
    mallory = Mallory()
    mallory.throw_rtcp([filled(nack_storm(mallory.mallory))])
    transport = mallory.rig.worker.routers["class"].transports["mallory"]
    slot = transport.downlink.consumer_by_ssrc(mallory.mallory.slot("video").ssrc)
    assert slot is not None
    assert slot.nacks_received == MAX_NACKED
    assert mallory.new_drops()["nack_over_limit"] > 0


def test_a_datagram_holds_so_many_records_and_no_more() -> None:
    mallory = Mallory()
    one = plis(mallory.mallory)
    mallory.throw_rtcp([one * MAX_RECORDS])
    assert "rtcp_malformed" not in mallory.new_drops()
    mallory.throw_rtcp([one * (MAX_RECORDS + 1)])
    assert mallory.new_drops()["rtcp_malformed"] == 1


def test_asking_for_key_frames_without_end_gets_few() -> None:
    mallory = Mallory()
    mallory.teacher.heard.plis.clear()
    for _ in range(100):
        mallory.throw_rtcp([plis(mallory.mallory)] * 30)
        mallory.room.run(0.1)
    assert len(mallory.teacher.heard.plis) <= 3 + 10 * 0.5 + 1
    assert mallory.new_drops()["keyframe_over_budget"] > 100


def test_transport_wide_numbers_that_leap_cost_no_feedback() -> None:
    """Each leap would be told as thousands of lost packets."""
    room = Room()
    mallory = room.add(replace(STUDENT, name="mallory", publish=("microphone", "camera")))
    room.join(mallory)
    room.run(0.5)
    transport = room.rig.worker.routers["class"].transports["mallory"]
    recorder = transport.uplink._twcc
    statuses = 0
    for number in range(20):
        recorder.receive(number * 4_000 & 0xFFFF, room.rig.now)
        built = recorder.build(room.rig.now + 0.05, 1, 2)
        statuses += sum(len(feedback.arrivals) for feedback in built)
    assert statuses <= 40  # sound's and pictures' own among them


@pytest.mark.parametrize(("kind", "payload_type"), [("audio", 111), ("video", 96)])
def test_packets_that_come_too_fast_are_not_multiplied(kind: str, payload_type: int) -> None:
    """Ten times what a layer may have, for five seconds: each would be copied to everybody."""
    source = Source(audio() if kind == "audio" else video())
    rate, burst = RATES[kind]
    step = 1 / (10 * rate)
    results = [
        source.receive(n & 0xFFFF, b"x" * 60, payload_type=payload_type, now=n * step)
        for n in range(1, int(50 * rate))
    ]
    passed = results.count(None)
    assert 5 * rate <= passed <= 5 * rate + 2 * burst
    refused = {DropReason.RTP_OVER_RATE, DropReason.WORK_OVER_BUDGET}
    assert {reason for reason in results if reason is not None} <= refused


def test_a_publisher_sends_so_many_bits_a_second_and_no_more() -> None:
    """100 Mb/s of pictures: a seventh is read, the rest dropped before decryption."""
    mallory = Mallory()
    stream = mallory.mallory.camera.encodings[0].stream
    numbers = iter(range(40_000, 60_000))
    mallory.new_drops()
    for _ in range(50):
        mallory.throw_rtp(
            [
                RTP_HEADER.pack(0x80, 96, next(numbers), 1, stream.ssrc) + bytes(1_200)
                for _ in range(200)
            ]
        )
        mallory.room.run(0.02)
    drops = mallory.new_drops()
    rate = mallory.rig.worker.config.work_rate
    burst = mallory.rig.worker.config.work_burst
    gained = burst + 2 * rate  # in this second, and in the one before its first refusal
    most = gained / (Price.DATAGRAM + 1_200 * Price.DATAGRAM_BYTE)
    assert 10_000 - drops["work_over_budget"] <= most
