"""Loss between a peer's socket and ours: retransmissions both ways, and key frames."""

from collections.abc import Callable

from tests.interop.link import EveryNth, EveryThird, FirstFrame, Link, nothing
from tests.interop.peer import Peer
from tests.interop.server import ClassServer
from tests.interop.tracks import Picture, gaps

MakePeer = Callable[..., Peer]


async def joined(
    peer: MakePeer, *, teacher: Link | None, student: Link | None
) -> tuple[Peer, Peer]:
    """A teacher with a camera and a student with one slot, which is still empty."""
    sender, receiver = peer("teacher", teacher), peer("student", student)
    sender.publish(Picture(shade=90))
    receiver.add_slots("video")
    await sender.join()
    await receiver.join()
    return sender, receiver


async def test_a_subscriber_s_nacks_are_answered(
    server: ClassServer, link: Link, peer: MakePeer
) -> None:
    _, student = await joined(peer, teacher=None, student=link)
    (mid,) = student.slots("video")
    loss = EveryNth(student.slot_ssrc(mid), 7)
    link.to_client = loss
    student.show("teacher:camera")
    assert gaps(await student.sinks[mid].more(60)) == 0
    assert loss.lost >= 8
    link.to_client = nothing  # what comes now shows the last gap
    await student.sinks[mid].until(lambda: server.slot("student", mid).retransmitted >= loss.lost)
    slot = server.slot("student", mid)
    assert slot.nacks_received >= slot.retransmitted
    assert slot.plis_received == 0


async def test_a_publisher_is_asked_for_what_was_lost(
    server: ClassServer, link: Link, peer: MakePeer
) -> None:
    teacher, student = await joined(peer, teacher=link, student=None)
    loss = EveryNth(teacher.sent_ssrc("video"), 7)
    link.to_server = loss
    student.show("teacher:camera")
    (mid,) = student.slots("video")
    assert gaps(await student.sinks[mid].more(60)) == 0
    assert loss.lost >= 8
    link.to_server = nothing  # what comes now shows the last gap
    await student.sinks[mid].until(
        lambda: server.layer("teacher", "camera").nacks_sent >= loss.lost
    )


async def test_a_key_frame_comes_when_a_subscriber_asks(
    server: ClassServer, link: Link, peer: MakePeer
) -> None:
    _, student = await joined(peer, teacher=None, student=link)
    (mid,) = student.slots("video")
    loss = FirstFrame(student.slot_ssrc(mid))
    link.to_client = loss
    student.show("teacher:camera")
    assert gaps(await student.sinks[mid].more(20)) == 0
    assert loss.lost
    assert server.slot("student", mid).plis_received >= 1
    assert server.layer("teacher", "camera").plis_sent >= 2  # for the start, and for the loss


async def test_joining_gets_through_loss(server: ClassServer, link: Link, peer: MakePeer) -> None:
    link.to_server, link.to_client = EveryThird(), EveryThird()
    _, student = await joined(peer, teacher=None, student=link)
    student.show("teacher:camera")
    await student.sink("video").more(10)
    assert server.transport("student").state == "connected"
