"""aiortc's peers in a class over real sockets: picture, sound, leaving."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from aiortc import rtcdtlstransport

from sfu.events import (
    ProducerClosed,
    ProducerOpened,
    SlotsChanged,
    SlotState,
    TransportClosed,
    TransportConnected,
)
from sfu.stats import DropReason
from tests.interop.peer import Peer
from tests.interop.server import CLASS, ClassServer
from tests.interop.tracks import (
    HEIGHT,
    WIDTH,
    Picture,
    Tone,
    gaps,
    loudness,
    mean_shade,
    sizes,
)

MakePeer = Callable[..., Peer]
CAMERA = "teacher:camera"
TOLD_WITHIN = 15.0  # s; without being told, aioice gives up after 30 s


async def teacher_and_student(peer: MakePeer, codec: str | None = None) -> tuple[Peer, Peer]:
    """A teacher who sends picture and sound, and a student with a slot for each."""
    teacher = peer("teacher")
    teacher.publish(Tone(), Picture(shade=90), codec=codec)
    await teacher.join(pinned=True)
    student = peer("student")
    student.add_slots("audio", "video")
    await student.join()
    student.show(CAMERA)
    return teacher, student


async def test_a_student_sees_and_hears_the_teacher(server: ClassServer, peer: MakePeer) -> None:
    _, student = await teacher_and_student(peer)
    pictures = await student.sink("video").more(30)
    assert sizes(pictures) == {(WIDTH, HEIGHT)}
    assert abs(mean_shade(pictures[-1]) - 90) < 12
    assert gaps(pictures) == 0
    assert loudness(await student.sink("audio").more(40)) > 1000
    assert server.transport("student").srtp_profile == "SRTP_AEAD_AES_128_GCM"
    assert not server.transport("student").drops
    opened = [e.producer_id for e in server.events if isinstance(e, ProducerOpened)]
    assert sorted(opened) == [CAMERA, "teacher:microphone"]
    (mid,) = student.slots("video")
    told = await server.told(SlotsChanged, lambda e: mid in e.slots)
    assert told.slots[mid] == SlotState("teacher", CAMERA, "video", 0)


async def test_peers_without_gcm(
    server: ClassServer, peer: MakePeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    only = [rtcdtlstransport.SRTP_AES128_CM_SHA1_80]
    monkeypatch.setattr(rtcdtlstransport, "SRTP_PROFILES", only)
    _, student = await teacher_and_student(peer)
    assert gaps(await student.sink("video").more(20)) == 0
    await student.sink("audio").more(10)
    assert server.transport("teacher").srtp_profile == "SRTP_AES128_CM_SHA1_80"
    assert server.transport("student").srtp_profile == "SRTP_AES128_CM_SHA1_80"


async def test_h264_reaches_a_subscriber_that_offers_vp8_first(
    server: ClassServer, peer: MakePeer
) -> None:
    _, student = await teacher_and_student(peer, codec="H264")
    pictures = await student.sink("video").more(20)
    assert abs(mean_shade(pictures[-1]) - 90) < 12
    (producer,) = (p for p in server.transport("teacher").producers if p.kind == "video")
    assert producer.codec == "H264"


async def test_a_peer_that_sends_and_receives_in_one_section(
    server: ClassServer, peer: MakePeer
) -> None:
    asha, ravi = peer("asha"), peer("ravi")
    for one, shade in ((asha, 60), (ravi, 200)):
        one.connection.addTransceiver(Picture(shade), direction="sendrecv")
        await one.join()
    for one, other, shade in ((asha, "ravi", 200), (ravi, "asha", 60)):
        (mid,) = one.slots("video")
        server.show(one.name, mid, f"{other}:camera")
        await one.sinks[mid].sees(shade)


async def test_an_offer_with_a_data_channel_gets_its_media(
    server: ClassServer, peer: MakePeer
) -> None:
    teacher = peer("teacher")
    teacher.publish(Picture(shade=90))
    await teacher.join(pinned=True)
    student = peer("student")
    student.add_slots("video")
    channel = student.open_channel("first")
    await student.join()
    student.show(CAMERA)
    await student.sink("video").sees(90)
    assert channel.readyState == "connecting"
    assert set(server.worker.drops) == {DropReason.DTLS_DATA}  # what aiortc tries all the same


async def test_reports_cross_in_both_directions(server: ClassServer, peer: MakePeer) -> None:
    teacher, student = await teacher_and_student(peer)
    await student.sink("video").until(lambda: server.transport("student").remb)
    await student.sink("video").until(lambda: server.transport("student").round_trip_ms is not None)
    assert 0 <= (server.transport("student").round_trip_ms or 0) < 20_000  # is in ms
    reported = await reports(teacher, "remote-inbound-rtp")
    assert {report.kind for report in reported} == {"audio", "video"}
    assert {report.packetsLost for report in reported} == {0}
    sent = await reports(student, "remote-outbound-rtp")
    assert {report.kind for report in sent} == {"audio", "video"}
    assert all(report.packetsSent > 0 for report in sent)


async def reports(peer: Peer, kind: str) -> list[Any]:
    """What a peer's statistics say of the other end's RTCP reports."""
    stats = (await peer.connection.getStats()).values()
    return [entry for entry in stats if entry.type == kind]


async def test_a_slot_moves_to_another_camera_without_an_offer(
    server: ClassServer, peer: MakePeer
) -> None:
    _, student = await teacher_and_student(peer)
    ravi = peer("ravi")
    ravi.publish(Picture(shade=200))
    await ravi.join()
    sink = student.sink("video")
    await sink.sees(90)
    student.show("ravi:camera")
    await sink.sees(200)
    student.show(CAMERA)
    await sink.sees(90)
    stamps = [frame.pts for frame in sink.frames if frame.pts is not None]
    assert stamps == sorted(set(stamps))
    assert server.slot("student", student.slots("video")[0]).switches == 3


async def test_an_offer_with_more_slots_leaves_the_first_ones_running(
    server: ClassServer, peer: MakePeer
) -> None:
    _, student = await teacher_and_student(peer)
    ravi = peer("ravi")
    ravi.publish(Picture(shade=200))
    await ravi.join()
    (first,) = student.slots("video")
    await student.sinks[first].sees(90)
    student.add_slots("video", "audio")
    await student.negotiate()
    student.show("ravi:camera", slot=1)
    await student.sinks[student.slots("video")[1]].sees(200)
    assert gaps(await student.sinks[first].more(5)) == 0
    assert not [e for e in server.events if isinstance(e, TransportClosed)]


async def test_leaving_is_told_and_empties_the_slots(server: ClassServer, peer: MakePeer) -> None:
    teacher, student = await teacher_and_student(peer)
    (mid,) = student.slots("video")
    await student.sink("video").sees(90)
    await teacher.close()
    closed = await server.told(TransportClosed)
    assert closed == TransportClosed(CLASS, "teacher", "dtls_closed")
    await server.told(SlotsChanged, lambda e: e.slots.get(mid, 0) is None)
    gone = [e.producer_id for e in server.events if isinstance(e, ProducerClosed)]
    assert sorted(gone) == [CAMERA, "teacher:microphone"]
    assert [t.transport_id for t in server.transports()] == ["student"]


async def test_a_removed_peer_hears_of_it(server: ClassServer, peer: MakePeer) -> None:
    _, student = await teacher_and_student(peer)
    await student.sink("video").more(1)
    server.remove("student")
    assert await server.told(TransportClosed) == TransportClosed(CLASS, "student", "left")
    await student.signal.until(lambda: student.connection.connectionState == "closed")


async def test_all_peers_hear_that_the_server_stops(server: ClassServer, peer: MakePeer) -> None:
    peers = await teacher_and_student(peer)
    await peers[1].sink("video").more(1)
    server.close()
    async with asyncio.timeout(TOLD_WITHIN):
        for one in peers:
            await one.signal.until(partial(is_closed, one))


def is_closed(peer: Peer) -> bool:
    return peer.connection.connectionState == "closed"


async def test_a_reloaded_page_replaces_its_connection(server: ClassServer, peer: MakePeer) -> None:
    await teacher_and_student(peer)
    again = peer("student")
    again.add_slots("audio", "video")
    await again.negotiate()
    assert await server.told(TransportClosed) == TransportClosed(CLASS, "student", "replaced")
    again.show(CAMERA)
    await again.sink("video").sees(90)
    await again.sink("audio").more(5)
    connected = [e for e in server.events if isinstance(e, TransportConnected)]
    assert [e.transport_id for e in connected].count("student") == 2
