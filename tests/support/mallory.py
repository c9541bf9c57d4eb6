"""A siege from inside: a participant with good keys and bad intentions, and one who watches her.

Pure: no I/O, no clock.
"""

from dataclasses import replace

from tests.support.peers import Peer
from tests.support.room import SEEN_STUDENT, STUDENT
from tests.support.siege import AnyLine, Siege
from tests.support.slots import SlotPolicy

ANYTHING = SlotPolicy(nack=False, pli=False, line=lambda kind: AnyLine())


class Mallory(Siege):
    """A siege from inside: mallory publishes, somebody watches, and she watches the teacher."""

    def __init__(self) -> None:
        super().__init__(seconds=0.2)
        plan = replace(SEEN_STUDENT, name="mallory", policy=ANYTHING)
        self.mallory = self.room.add(plan)
        self.watcher = self.room.add(replace(STUDENT, name="watcher", policy=ANYTHING))
        self.room.join(self.mallory, self.watcher)
        self.room.watch(self.mallory, ["teacher"])
        self.room.watch(self.watcher, ["mallory"])
        self.room.run(0.3)
        self.mallory.camera.stopped = self.mallory.microphone.stopped = True
        self.before = self.counts()

    def throw(self, *datagrams: bytes) -> None:
        self.rig.inject(self.mallory.connection.path.address, *datagrams)

    def throw_rtp(self, packets: list[bytes]) -> None:
        self.throw(*(self.mallory.connection.sealed(packet) for packet in packets))

    def throw_rtcp(self, packets: list[bytes]) -> None:
        self.throw(*(self.mallory.connection.sealed_rtcp(packet) for packet in packets))

    def assert_only_she_suffers(self) -> None:
        assert self.counts()["transport_error"] == 0
        others = [self.teacher, self.student, self.watcher]
        states = {t.transport_id: t.state for t in self.room.transports()}
        assert {states[peer.name] for peer in others} == {"connected"}
        seen = len(self.student.slot("video").line.frames)
        self.room.run(0.5)
        assert not self.student.violations(), self.student.violations()[:3]
        assert len(self.student.slot("video").line.frames) - seen >= 14


def known_ssrcs(peer: Peer) -> list[int]:
    """Streams that peer sends, and the slots it receives."""
    streams = [s for sender in peer.senders.values() for s in sender.streams]
    sent = [ssrc for s in streams for ssrc in (s.ssrc, s.rtx_ssrc or 0)]
    return sent + [ssrc for slot in peer.slots for ssrc in (slot.ssrc, slot.rtx_ssrc or 0)]
