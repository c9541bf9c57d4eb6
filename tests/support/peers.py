"""A scripted participant: what it publishes, its slots, and its RTCP.

RTCP is written and read with aiortc's records, not the SFU's. Pure: no I/O, no clock.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from aiortc import rtp as aiortc_rtp

from tests.support import rtcp_client, senders
from tests.support.connection import Connection, PeerPlan
from tests.support.media import RTP_HEADER, read_rtp
from tests.support.peer_sdp import SOURCES, ReadAnswer, mids
from tests.support.rig import Address, Rig
from tests.support.rtcp_client import TransportFeedback
from tests.support.slots import Report, Slot

REPORT_INTERVAL = 1.0
WALL_CLOCK = 1_800_000_000.0  # what peers' clocks say at virtual time 0, before their own offset


@dataclass(slots=True)
class Heard:
    """RTCP that came to the peer, kept for the tests, each with its time."""

    feedback: list[tuple[float, TransportFeedback]] = field(default_factory=list)
    blocks: list[tuple[float, aiortc_rtp.RtcpReceiverInfo]] = field(default_factory=list)
    plis: list[tuple[float, int]] = field(default_factory=list)
    nacks: list[tuple[float, int, list[int]]] = field(default_factory=list)
    rembs: list[tuple[float, int]] = field(default_factory=list)


class Peer:
    """One participant; `join` begins its life in the class."""

    def __init__(self, rig: Rig, plan: PeerPlan, publisher: int, address: Address) -> None:
        self.rig = rig
        self.agenda = rig.agenda
        self.plan = plan
        self.name = plan.name
        self.publisher = publisher
        self.random = random.Random(publisher * 7919)
        self.ssrc = publisher * 1_000 + 999
        self.heard = Heard()
        self.connected_at: float | None = None
        self.sender_reports = True
        self.make_sender: Callable[[str, str], senders.Sender] = self._usual_sender
        self.remb: Callable[[Peer, float], int | None] = lambda peer, now: None
        self.answer: ReadAnswer | None = None
        self.slots: list[Slot] = []
        self.senders: dict[str, senders.Sender] = {}
        self.sent_at: list[float] = []
        self._by_ssrc: dict[int, Slot] = {}
        self.connection = Connection(rig, plan, self.random, address, self)

    # --- joining, leaving, moving

    def join(self) -> None:
        """Enters the class with a transport of its own."""
        self.rig.call(
            lambda worker, now: worker.create_transport(
                self.plan.router, self.name, now, pinned=self.plan.pinned
            )
        )
        self.connection.negotiate()

    def reload(self) -> None:
        """The page is loaded again: nothing of the old one remains but the transport id."""
        self._stop_senders()
        self.connection.new_page()
        self.connection.negotiate()

    def join_anew(self) -> None:
        """Comes back after leaving, with a new page and a new transport."""
        self._stop_senders()
        self.connection.new_page()
        self.join()

    def restart_ice(self) -> None:
        """New ICE credentials over the same DTLS session."""
        self.connection.new_credentials()
        self.connection.negotiate()

    def renegotiate(self, *, video_slots: int) -> None:
        """The same page offers again, with more slots at the end."""
        self.plan.video_slots = video_slots
        self.connection.more_slots()
        self.connection.negotiate()

    def leave(self) -> None:
        self._stop_senders()
        self.connection.stop()
        self.rig.call(lambda worker, now: worker.close_transport(self.name, now))

    def close_tab(self) -> None:
        self._stop_senders()
        self.connection.close()

    def vanish(self) -> None:
        """Silence, as when the battery is empty."""
        self.connection.online = False

    # --- what senders and slots ask of their carrier

    def send_rtp(self, packet: bytes) -> None:
        self.connection.send_rtp(packet)

    def send_rtcp(self, packet: bytes) -> None:
        self.connection.send_rtcp(packet)

    def transport_sequence(self) -> int:
        self.sent_at.append(self.rig.now)
        return (len(self.sent_at) - 1) & 0xFFFF

    def wall(self, now: float) -> float:
        return WALL_CLOCK + self.plan.wall_offset + now

    # --- what tests ask

    def slot(self, kind: str, number: int = 0) -> Slot:
        return [slot for slot in self.slots if slot.kind == kind][number]

    @property
    def camera(self) -> senders.Camera:
        sender = self.senders["camera"]
        assert isinstance(sender, senders.Camera)
        return sender

    @property
    def microphone(self) -> senders.Microphone:
        sender = self.senders["microphone"]
        assert isinstance(sender, senders.Microphone)
        return sender

    def violations(self) -> list[str]:
        return [f"{self.name} {s.kind} {s.mid} {v}" for s in self.slots for v in s.line.violations]

    # --- what the connection tells

    def answered(self, answer: ReadAnswer, *, fresh: bool) -> None:
        self.answer = answer
        known = {} if fresh else {slot.mid: slot for slot in self.slots}
        self.slots = []
        for mid, name in mids(self.connection.offer):
            if name not in SOURCES:
                section = answer.sections[mid]
                slot = known.get(mid) or Slot(
                    mid, name, section.ssrc, section.rtx_ssrc, self.plan.policy
                )
                assert slot.ssrc == section.ssrc, "a slot's SSRC is constant"
                self.slots.append(slot)
            elif fresh:
                self.senders[name] = self.make_sender(mid, name)
        self._by_ssrc = {slot.ssrc: slot for slot in self.slots}
        self._by_ssrc |= {slot.rtx_ssrc: slot for slot in self.slots if slot.rtx_ssrc}

    def connected(self, now: float) -> None:
        first = self.connected_at is None
        self.connected_at = now
        for sender in self.senders.values():
            sender.start(self, now)
        if first:
            begin = now + 0.05 + self.random.random() * 0.2
            self.agenda.at(begin, self._report)

    def receive_rtp(self, packet: bytes, now: float) -> None:
        slot = self._by_ssrc[RTP_HEADER.unpack_from(packet)[4]]
        slot.receive(read_rtp(packet), self, now)

    def receive_rtcp(self, data: bytes, now: float) -> None:
        for record in rtcp_client.read_compound(data):
            match record:
                case TransportFeedback():
                    self.heard.feedback.append((now, record))
                case aiortc_rtp.RtcpSrPacket():
                    self._receive_sender_report(record, now)
                    self._receive_blocks(record.reports, now)
                case aiortc_rtp.RtcpRrPacket():
                    self._receive_blocks(record.reports, now)
                case aiortc_rtp.RtcpRtpfbPacket(fmt=rtcp_client.NACK):
                    self._receive_nack(record, now)
                case aiortc_rtp.RtcpPsfbPacket():
                    self._receive_payload_feedback(record, now)

    def _receive_sender_report(self, record: aiortc_rtp.RtcpSrPacket, now: float) -> None:
        info = record.sender_info
        wall = rtcp_client.wall_from_ntp(info.ntp_timestamp)
        report = Report(now, wall, info.rtp_timestamp, info.ntp_timestamp)
        self._by_ssrc[record.ssrc].reports.append(report)

    def _receive_blocks(self, blocks: Sequence[aiortc_rtp.RtcpReceiverInfo], now: float) -> None:
        for block in blocks:
            self.heard.blocks.append((now, block))
            for stream in self._streams():
                stream.heard = stream.heard or stream.ssrc == block.ssrc

    def _receive_nack(self, record: aiortc_rtp.RtcpRtpfbPacket, now: float) -> None:
        self.heard.nacks.append((now, record.media_ssrc, record.lost))
        for sender in self.senders.values():
            for sequence in record.lost:
                sender.resend(self, record.media_ssrc, sequence & 0xFFFF, now)

    def _receive_payload_feedback(self, record: aiortc_rtp.RtcpPsfbPacket, now: float) -> None:
        if record.fmt == rtcp_client.PLI:
            self.heard.plis.append((now, record.media_ssrc))
            for sender in self.senders.values():
                sender.keyframe(record.media_ssrc)
        elif record.fmt == rtcp_client.APPLICATION:
            self.heard.rembs.append((now, aiortc_rtp.unpack_remb_fci(record.fci)[0]))

    # --- what it does by itself

    def _report(self, now: float) -> None:
        """Sender Reports, Receiver Reports and, when the habit says so, a REMB."""
        if self.sender_reports:
            for sender in self.senders.values():
                sender.report(self, now)
        blocks = [block for slot in self.slots if (block := slot.report_block(now))]
        if blocks:
            compound = rtcp_client.receiver_report(self.ssrc, blocks)
            estimate = self.remb(self, now)
            if estimate is not None:
                ssrcs = [block.ssrc for block in blocks]
                compound += rtcp_client.remb(self.ssrc, estimate, ssrcs)
            self.send_rtcp(compound)
        self.agenda.at(now + REPORT_INTERVAL, self._report)

    def _usual_sender(self, mid: str, source: str) -> senders.Sender:
        plan = self.plan
        if SOURCES[source] == "audio":
            sound = senders.microphone(mid, self._ssrc(), self._first_numbers(), plan.feedback)
            sound.layer = int(source == "screen-audio")
            return sound
        rids = plan.rids if source == "camera" else ()
        ssrcs = [(self._ssrc(), self._ssrc() if plan.rtx else None) for _ in rids or ("",)]
        picture = senders.camera(mid, ssrcs, rids, [self._first_numbers() for _ in ssrcs])
        for stream in picture.streams:
            stream.feedback = plan.feedback
        return picture

    def _first_numbers(self) -> senders.Numbers:
        if self.plan.numbers is not None:
            return self.plan.numbers
        bits = self.random.getrandbits
        return senders.Numbers(bits(15), bits(32), bits(15), bits(8))

    def _ssrc(self) -> int:
        return self.random.getrandbits(32)

    def _streams(self) -> list[senders.OutStream]:
        return [stream for sender in self.senders.values() for stream in sender.streams]

    def _stop_senders(self) -> None:
        for sender in self.senders.values():
            sender.stopped = True
