"""ICE restart: new credentials and a new path under a running connection. Media moves there only
when the peer has answered the worker's check, which aioice does."""

from collections.abc import Callable

from sfu.events import TransportClosed
from tests.interop.link import Link
from tests.interop.peer import Peer
from tests.interop.restart import IceRestart
from tests.interop.server import ClassServer
from tests.interop.tracks import Picture

MakePeer = Callable[..., Peer]


async def test_media_moves_to_the_new_path_when_a_subscriber_restarts_ice(
    server: ClassServer, link: Link, peer: MakePeer
) -> None:
    teacher, student = peer("teacher"), peer("student", link)
    teacher.publish(Picture(shade=90))
    student.add_slots("video")
    await teacher.join()
    await student.join()
    student.show("teacher:camera")
    sink = student.sink("video")
    await sink.sees(90)
    restart = IceRestart(student, server)
    await restart.offer()
    await sink.more(5)  # on the old path, until the new one is nominated
    await restart.connect()
    link.to_client = link.to_server = lambda datagram: True  # the old path is gone
    await sink.more(60)
    assert not [event for event in server.events if isinstance(event, TransportClosed)]
    assert server.transport("student").state == "connected"
    assert server.sends_to("student") == restart.address
    await restart.close()


async def test_media_moves_to_the_new_path_when_a_publisher_restarts_ice(
    server: ClassServer, link: Link, peer: MakePeer
) -> None:
    teacher, student = peer("teacher", link), peer("student")
    teacher.publish(Picture(shade=90))
    teacher.add_slots("video")
    student.publish(Picture(shade=200))
    student.add_slots("video")
    await teacher.join()
    await student.join()
    student.show("teacher:camera")
    teacher.show("student:camera")
    await student.sink("video").sees(90)
    await teacher.sink("video").sees(200)
    restart = IceRestart(teacher, server)
    await restart.offer()
    await restart.connect()
    link.to_client = link.to_server = lambda datagram: True
    await student.sink("video").more(60)
    await teacher.sink("video").more(5)
    assert server.sends_to("teacher") == restart.address
    assert not [event for event in server.events if isinstance(event, TransportClosed)]
    await restart.close()
