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
from tests.support.media import RtpFields, begins_keyframe
from tests.support.peer_sdp import VP8_RTX

CHASE_INTERVAL = 0.01
NACK_DELAY = 0.01
NACK_INTERVAL = 0.1  # libwebrtc's, while it knows no round trip
PLI_INTERVAL = 0.4
MAX_NACK = 200  # numbers in one message
MAX_MISSING = 500  # more than that is given up, as in libwebrtc
STALE = 0.3  # s after which a whole key frame is worth more than what is missing before it


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
class Missing:
    """A packet that has not come, since when, and when to ask again."""

    since: float
    due: float


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
    _missing: dict[int, Missing] = field(default_factory=dict)
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
        for number in range(self._highest + 1, index):
            self._missing[number] = Missing(now, now + NACK_DELAY)
        self._highest = max(self._highest, index)
        self._missing.pop(index, None)
        self._waiting[index] = packet
        self._release(now)
        if self._missing and not self._chasing:
            self._chasing = True
            receiver.agenda.at(now + CHASE_INTERVAL, lambda later: self._chase(receiver, later))

    def report_block(self, now: float) -> RtcpReceiverInfo | None:
        """RFC 3550 6.4.1, with the loss since the last block; RTX is a stream of its own."""
        if self._next is None:
            return None
        received, highest = self._reported
        expected = self._highest - highest
        arrived = self.counters.packets - self.counters.by_rtx
        self._reported = (arrived, self._highest)
        lost = max(0, expected - (arrived - received))
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

    def newest(self) -> int:
        """The newest 16-bit sequence number."""
        return self._highest & 0xFFFF

    def missing(self) -> list[int]:
        """Indices that are still hoped for."""
        return list(self._missing)

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

    def _chase(self, receiver: Receiver, now: float) -> None:
        """Asks for the missing packets again and again, until patience is at its end."""
        self._skip(self._hopeless(now), receiver, now)
        due = [index for index, missing in self._missing.items() if missing.due <= now]
        if due and self.policy.nack and self.kind == "video":
            self.counters.nacks += 1
            numbers = [index & 0xFFFF for index in due[:MAX_NACK]]
            receiver.send_rtcp(rtcp_client.nack(receiver.ssrc, self.ssrc, numbers))
        for index in due:
            self._missing[index].due = now + NACK_INTERVAL
        self._chasing = bool(self._missing)
        if self._chasing:
            receiver.agenda.at(now + CHASE_INTERVAL, lambda later: self._chase(receiver, later))

    def _hopeless(self, now: float) -> int:
        """The index up to which nothing is hoped for any more."""
        if len(self._missing) > MAX_MISSING:
            return max(self._missing) + 1
        too_old = [i for i, gap in self._missing.items() if now - gap.since > self.policy.patience]
        stale = any(now - missing.since > STALE for missing in self._missing.values())
        keys = (self._whole_keyframes() if stale else []) if self.kind == "video" else []
        return max([index + 1 for index in too_old] + keys, default=0)

    def _whole_keyframes(self) -> list[int]:
        """Where key frames begin that are here to their last packet."""
        return [
            index
            for index, packet in self._waiting.items()
            if begins_keyframe(packet.payload) and self._reaches_marker(index)
        ]

    def _reaches_marker(self, index: int) -> bool:
        while (packet := self._waiting.get(index)) is not None:
            if packet.marker:
                return True
            index += 1
        return False

    def _skip(self, end: int, receiver: Receiver, now: float) -> None:
        """Lives with the holes before `end` and, for pictures, asks for a key frame."""
        if self._next is None or end <= self._next:
            return
        for index in range(self._next, end):
            packet = self._waiting.pop(index, None)
            if packet is not None:
                self.line.packet(packet, now)
            else:
                self.counters.holes += 1
                self._missing.pop(index, None)
                self.line.gap()
        self._next = end
        wanted = end not in self._waiting or not begins_keyframe(self._waiting[end].payload)
        self._release(now)
        if wanted and self.kind == "video" and self.policy.pli:
            self.ask_keyframe(receiver, now)

    def ask_keyframe(self, receiver: Receiver, now: float) -> None:
        if now - self._last_pli >= PLI_INTERVAL:
            self._last_pli = now
            self.counters.plis += 1
            receiver.send_rtcp(rtcp_client.pli(receiver.ssrc, self.ssrc))
