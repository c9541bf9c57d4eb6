"""A subscriber's feedback, made ahead and encrypted: reports, requests and consent checks.

Pure: no I/O, no clock.
"""

from aiortc.rtp import RtcpReceiverInfo

from bench.publisher import Tap
from tests.support import rtcp_client
from tests.support.peers import Peer
from tests.support.stun_client import binding_request

REPORT_EVERY = 1.0  # s
CHECK_EVERY = 2.5  # s, Chromium's
REMB_BITS = 50_000_000  # never a brake, whatever a round pushes
ROUND_TRIP = 0.02
RECEIVED_BEFORE = 0.5  # s that a Sender Report was there before its receiver reports


class Subscriber:
    """A connected peer that only answers."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.name = peer.name
        self.address = peer.connection.path.address
        self._tap = Tap(peer)

    def report(self, now: float) -> bytes:
        """RR and REMB in one compound, as once a second; `now` on the server's clock."""
        last = int((now - RECEIVED_BEFORE - ROUND_TRIP) * 65_536) & 0xFFFFFFFF
        blocks = [
            RtcpReceiverInfo(ssrc, 0, 0, 0, 0, last, int(RECEIVED_BEFORE * 65_536))
            for ssrc in self._watched()
        ]
        compound = rtcp_client.receiver_report(self.peer.ssrc, blocks)
        compound += rtcp_client.remb(self.peer.ssrc, REMB_BITS, [block.ssrc for block in blocks])
        return self._sealed(compound)

    def nack(self, media_ssrc: int, sequences: list[int]) -> bytes:
        """A request for these numbers."""
        return self._sealed(rtcp_client.nack(self.peer.ssrc, media_ssrc, sequences))

    def pli(self) -> bytes:
        """A request for a key frame of the first picture."""
        pictures = [slot.ssrc for slot in self.peer.slots if slot.kind == "video"]
        return self._sealed(rtcp_client.pli(self.peer.ssrc, pictures[0]))

    def check(self) -> bytes:
        """A binding request with consent and nomination."""
        return binding_request(self.peer.connection.credentials, self.peer.random.randbytes(12))

    def _watched(self) -> list[int]:
        """The first slot of each kind: one voice, one picture."""
        first = {slot.kind: slot.ssrc for slot in reversed(self.peer.slots)}
        return list(first.values())

    def _sealed(self, packet: bytes) -> bytes:
        self.peer.connection.send_rtcp(packet)
        return self._tap.take()[0]
