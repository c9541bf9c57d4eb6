"""A receiving slot of a scripted peer: puts packets in order, asks for what is missing.

Pure: no I/O, no clock.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from aiortc.rtp import RtcpReceiverInfo

from tests.support import rtcp_client
from tests.support.clock import Agenda
from tests.support.continuity import AudioLine, Frame, VideoLine
from tests.support.media import RtpFields
from tests.support.peer_sdp import VP8_RTX

NACK_DELAY = 0.01
NACK_INTERVAL = 0.08
PLI_INTERVAL = 0.4


class Receiver(Protocol):
    """What slots need of the peer they belong to."""

    ssrc: int
    agenda: Agenda

    def send_rtcp(self, packet: bytes) -> None: ...


class Judge(Protocol):
    """Who takes a slot's packets in order and says what is wrong with them."""

    rate: int
    frames: list[Frame]
    violations: list[str]

    def packet(self, packet: RtpFields, now: float) -> None: ...
    def gap(self) -> None: ...
    def complain(self, now: float, what: str) -> None: ...


def marked_line(kind: str) -> Judge:
    """For media that says where it comes from."""
    return AudioLine() if kind == "audio" else VideoLine()


@dataclass(slots=True)
class SlotPolicy:
    """What the subscriber does about holes, and what it expects in its slots."""

    nack: bool = True
    pli: bool = True
    patience: float = 1.0
    line: Callable[[str], Judge] = marked_line


@dataclass(slots=True)
class Report:
    """A Sender Report as it came: publisher's wall clock for an RTP timestamp."""

    at: float
    wall: float
    timestamp: int
    ntp: int


@dataclass(slots=True)
class SlotCounters:
    """What a slot received and did."""

    packets: int = 0
    octets: int = 0
    late: int = 0
    by_rtx: int = 0
    holes: int = 0
    nacks: int = 0
    plis: int = 0


@dataclass(slots=True)
class Slot:
    """One line of packets under one SSRC. `line` judges it; packets wait here for their turn."""

    mid: str
    kind: str
    ssrc: int
    rtx_ssrc: int | None
    policy: SlotPolicy
    counters: SlotCounters = field(default_factory=SlotCounters)
    reports: list[Report] = field(default_factory=list)
    line: Judge = field(init=False)
    _next: int | None = None
    _highest: int = 0
    _waiting: dict[int, RtpFields] = field(default_factory=dict)
    _since: float | None = None
    _chasing: bool = False
    _last_pli: float = -1e9
    _reported: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        self.line = self.policy.line(self.kind)

    def receive(self, packet: RtpFields, receiver: Receiver, now: float) -> None:
        if packet.ssrc == self.rtx_ssrc and not self._unwrap(packet, now):
            return
        self.counters.packets += 1
        self.counters.octets += len(packet.payload)
        index = self._extend(packet.sequence)
        assert self._next is not None
        if index < self._next or index in self._waiting:
            self.counters.late += 1
            return
        self._highest = max(self._highest, index)
        self._waiting[index] = packet
        self._release(now)
        if self._waiting and self._since is None:
            self._since = now
        if self._waiting and not self._chasing:
            self._chasing = True
            receiver.agenda.at(now + NACK_DELAY, lambda later: self._chase(receiver, later))

    def report_block(self, now: float) -> RtcpReceiverInfo | None:
        """RFC 3550 6.4.1, with the loss since the last block."""
        if self._next is None:
            return None
        received, highest = self._reported
        expected = self._highest - highest
        got = self.counters.packets - received
        self._reported = (self.counters.packets, self._highest)
        lost = max(0, expected - got)
        last = self.reports[-1] if self.reports else None
        return RtcpReceiverInfo(
            ssrc=self.ssrc,
            fraction_lost=min(255, lost * 256 // expected) if expected else 0,
            packets_lost=self.counters.holes,
            highest_sequence=self._highest & 0xFFFFFFFF,
            jitter=0,
            lsr=last.ntp >> 16 & 0xFFFFFFFF if last else 0,
            dlsr=round((now - last.at) * 65_536) if last else 0,
        )

    def missing(self) -> list[int]:
        """Indices between the last in order and the newest."""
        if self._next is None:
            return []
        return [n for n in range(self._next, self._highest) if n not in self._waiting]

    def capture_wall(self, timestamp: int) -> float:
        """The publisher's wall clock at an RTP timestamp, by the newest Sender Report."""
        report = self.reports[-1]
        delta = (timestamp - report.timestamp + (1 << 31)) % (1 << 32) - (1 << 31)
        return report.wall + delta / self.line.rate

    def _unwrap(self, packet: RtpFields, now: float) -> bool:
        """RFC 4588 4: the original sequence number stands before the payload."""
        if not packet.payload:
            return False  # padding on the RTX stream
        if packet.payload_type != VP8_RTX:
            self.line.complain(now, f"payload type {packet.payload_type} on the RTX stream")
        self.counters.by_rtx += 1
        packet.sequence = int.from_bytes(packet.payload[:2], "big")
        packet.payload = packet.payload[2:]
        return True

    def _extend(self, sequence: int) -> int:
        if self._next is None:
            self._next = self._highest = sequence + 0x10000
            self._reported = (0, self._highest - 1)
        return self._next + (sequence - self._next + 0x8000) % 0x10000 - 0x8000

    def _release(self, now: float) -> None:
        while self._next in self._waiting:
            self.line.packet(self._waiting.pop(self._next), now)
            self._next += 1
        if not self._waiting:
            self._since = None

    def _chase(self, receiver: Receiver, now: float) -> None:
        """Asks for the missing packets again and again, until patience is at its end."""
        missing = self.missing()
        if not missing or self._since is None:
            self._chasing = False
            return
        if now - self._since > self.policy.patience:
            self._skip(receiver, now)
        elif self.policy.nack and self.kind == "video":
            self.counters.nacks += 1
            numbers = [index & 0xFFFF for index in missing[:100]]
            receiver.send_rtcp(rtcp_client.nack(receiver.ssrc, self.ssrc, numbers))
        self._chasing = self._since is not None
        if self._chasing:
            receiver.agenda.at(now + NACK_INTERVAL, lambda later: self._chase(receiver, later))

    def _skip(self, receiver: Receiver, now: float) -> None:
        """Lives with the oldest hole and, for pictures, asks for a key frame."""
        assert self._next is not None
        first = min(self._waiting)
        self.counters.holes += first - self._next
        self._next = first
        self.line.gap()
        self._release(now)
        self._since = now if self._waiting else None
        if self.kind == "video" and self.policy.pli:
            self.ask_keyframe(receiver, now)

    def ask_keyframe(self, receiver: Receiver, now: float) -> None:
        if now - self._last_pli >= PLI_INTERVAL:
            self._last_pli = now
            self.counters.plis += 1
            receiver.send_rtcp(rtcp_client.pli(receiver.ssrc, self.ssrc))
