"""A running class under attack: what is thrown at the worker, what the counters say of it.

Pure: no I/O, no clock.
"""

from collections import Counter
from dataclasses import dataclass, field

from tests.support.connection import PeerPlan
from tests.support.continuity import Frame
from tests.support.media import RtpFields
from tests.support.peers import Peer
from tests.support.rig import Address
from tests.support.room import STUDENT, TEACHER, Room, address, assert_unbroken, pictures, runs

STRANGER: Address = ("203.0.113.66", 6_666)


@dataclass(slots=True)
class AnyLine:
    """Takes whatever comes: what an attacker publishes need not make sense."""

    rate: int = 90_000
    frames: list[Frame] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    def packet(self, packet: RtpFields, now: float) -> None: ...
    def gap(self) -> None: ...
    def complain(self, now: float, what: str) -> None: ...


class Siege:
    """A teacher and a student who sees it, some seconds into the class, on perfect links."""

    def __init__(self, teacher: PeerPlan = TEACHER, *, seconds: float = 1.0) -> None:
        self.room = Room()
        self.rig = self.room.rig
        self.teacher = self.room.add(teacher)
        self.student = self.room.add(STUDENT)
        self.captured: list[tuple[Address, bytes]] = []
        self.rig.up_taps.append(lambda where, data, now: self.captured.append((where, data)))
        self.room.join(self.teacher, self.student)
        self.room.watch(self.student, ["teacher"])
        self.room.run(seconds)
        self.before = self.counts()
        self.stray = len(self.rig.stray)

    def latecomer(self, *, answers: bool = True) -> Peer:
        """One more student, whose address is bound and whose handshake has not begun; `answers`:
        whether it answers the server's checks."""
        late = self.room.add(STUDENT, "late")
        late.connection.handshakes = False
        late.connection.answers = answers
        late.join()
        self.room.run(0.1)
        return late

    def counts(self) -> Counter[str]:
        """Drops by reason, all told."""
        return Counter(self.room.totals().drops)

    def new_drops(self) -> dict[str, int]:
        """Drops since the siege began or since this was last asked."""
        now = self.counts()
        new = now - self.before
        self.before = now
        return dict(new)

    def strays(self) -> list[tuple[Address, bytes]]:
        """What was sent to addresses that are nobody's."""
        return self.rig.stray[self.stray :]

    def captured_of(self, peer: Peer, low: int, high: int) -> list[bytes]:
        """Datagrams of one peer whose first byte lies in a range."""
        where = peer.connection.path.address
        return [d for a, d in self.captured if a == where and low <= d[0] <= high]

    def captured_rtp(self, peer: Peer) -> list[bytes]:
        return [d for d in self.captured_of(peer, 128, 191) if not 192 <= d[1] <= 223]

    def captured_rtcp(self, peer: Peer) -> list[bytes]:
        return [d for d in self.captured_of(peer, 128, 191) if 192 <= d[1] <= 223]

    def assert_class_goes_on(self, seconds: float = 1.0) -> None:
        """Both are still connected, and every picture still arrives."""
        seen = len(pictures(self.student))
        self.room.run(seconds)
        assert_unbroken(self.student)
        fresh = pictures(self.student)[seen:]
        assert len(fresh) >= 28 * seconds, f"{len(fresh)} pictures in {seconds} s"
        assert len(runs(fresh)) == 1
        for peer in (self.teacher, self.student):
            assert self.room.transport(peer).state == "connected"


def nobody(number: int) -> Address:
    """An address that no peer has."""
    return address(5_000 + number)
