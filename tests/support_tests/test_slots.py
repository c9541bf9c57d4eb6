"""A slot puts packets in order, asks for holes, and knows when to give up."""

from dataclasses import dataclass, field

from aiortc.rtp import RtcpPacket, RtcpPsfbPacket, RtcpRtpfbPacket

from tests.support.clock import Agenda
from tests.support.media import Mark, RtpFields, write_video
from tests.support.slots import Slot, SlotPolicy

SSRC, RTX_SSRC = 5, 6


@dataclass(slots=True)
class Host:
    """The peer around a slot."""

    ssrc: int = 1
    agenda: Agenda = field(default_factory=Agenda)
    sent: list[bytes] = field(default_factory=list)

    def send_rtcp(self, packet: bytes) -> None:
        self.sent.append(packet)

    def nacked(self) -> list[list[int]]:
        records = [RtcpPacket.parse(packet)[0] for packet in self.sent]
        return [record.lost for record in records if isinstance(record, RtcpRtpfbPacket)]

    def plis(self) -> int:
        return sum(isinstance(RtcpPacket.parse(p)[0], RtcpPsfbPacket) for p in self.sent)


def packet(number: int, *, key: bool = False) -> RtpFields:
    """A frame of one packet; its sequence number wraps after a few."""
    mark = Mark(1, 0, key, number, 0, 1, number / 30)
    payload = write_video(mark, number, number, 100)
    return RtpFields(96, True, (65_530 + number) & 0xFFFF, number * 3_000, SSRC, {}, payload, 0)


def by_rtx(number: int) -> RtpFields:
    original = packet(number)
    payload = original.sequence.to_bytes(2, "big") + original.payload
    return RtpFields(97, True, number, original.timestamp, RTX_SSRC, {}, payload, 0)


def make(policy: SlotPolicy | None = None) -> tuple[Slot, Host]:
    slot, host = Slot("1", "video", SSRC, RTX_SSRC, policy or SlotPolicy()), Host()
    slot.receive(packet(0, key=True), host, 0.0)
    return slot, host


def run(host: Host, until: float) -> None:
    while (deadline := host.agenda.next_deadline()) is not None and deadline <= until:
        host.agenda.run_due(deadline)


def numbers(slot: Slot) -> list[int]:
    return [frame.number for frame in slot.line.frames]


def test_packets_that_overtook_each_other_are_put_in_order() -> None:
    slot, host = make()
    for number in (2, 1, 4, 3, 7, 6, 5):
        slot.receive(packet(number), host, 0.001)
    run(host, 1.0)
    assert numbers(slot) == list(range(8))
    assert slot.line.violations == []
    assert host.sent == []


def test_a_hole_is_asked_for_again_and_again_until_it_closes() -> None:
    slot, host = make()
    slot.receive(packet(2), host, 0.0)
    run(host, 0.25)
    assert host.nacked() == [[65_531]] * 3
    slot.receive(by_rtx(1), host, 0.25)
    run(host, 2.0)
    assert len(host.nacked()) == 3
    assert numbers(slot) == [0, 1, 2]
    assert slot.counters.by_rtx == 1
    assert slot.counters.holes == 0


def test_what_came_already_is_late() -> None:
    slot, host = make()
    slot.receive(packet(1), host, 0.0)
    slot.receive(by_rtx(1), host, 0.0)
    slot.receive(packet(1), host, 0.0)
    assert slot.counters.late == 2
    assert numbers(slot) == [0, 1]


def test_after_patience_a_hole_stays_and_a_key_frame_is_wished_for() -> None:
    slot, host = make(SlotPolicy(patience=0.5))
    slot.receive(packet(2), host, 0.0)
    run(host, 1.0)
    assert slot.counters.holes == 1
    assert slot.missing() == []
    assert host.plis() == 1
    assert [frame.decodable for frame in slot.line.frames] == [True, False]


def test_a_whole_key_frame_is_taken_before_patience_ends() -> None:
    slot, host = make(SlotPolicy(patience=5.0))
    slot.receive(packet(2), host, 0.0)
    slot.receive(packet(3, key=True), host, 0.2)
    run(host, 0.29)
    assert numbers(slot) == [0]
    run(host, 0.4)
    assert numbers(slot) == [0, 2, 3]
    assert host.plis() == 0


def test_reports_tell_the_loss_since_the_last() -> None:
    slot, host = make(SlotPolicy(nack=False, pli=False))
    for number in range(1, 101):
        if number % 10:
            slot.receive(packet(number), host, 0.0)
    slot.receive(packet(101), host, 0.0)
    block = slot.report_block(1.0)
    assert block is not None
    assert block.fraction_lost == 10 * 256 // 102
    assert block.highest_sequence & 0xFFFF == (65_530 + 101) & 0xFFFF
    slot.receive(packet(102), host, 1.0)
    again = slot.report_block(2.0)
    assert again is not None
    assert again.fraction_lost == 0
