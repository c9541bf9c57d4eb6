"""What a publisher sends: headers, stamps, retransmissions, turns."""

from random import Random

import pytest

from loadtest.bot import offer
from loadtest.bot.sender import HISTORY, Microphone, OutgoingStream, Publisher, _steady
from loadtest.bot.sources import SourceMaker
from loadtest.media.player import AudioPlayer
from loadtest.media.stamp import read_stamp
from loadtest.records import BotPlan
from sfu.srtp.keys import SrtpKeys
from sfu.srtp.rtp import InboundSrtp, OutboundSrtp, inbound, outbound
from sfu.wire.audio_level import parse_audio_level
from sfu.wire.rtcp import Nack, SenderReport, SourceDescription
from sfu.wire.rtp import RtpPacket, abs_send_time, build_extensions
from tests.support.bots import GCM, plan, toy_clip

NOW = 200.0
KEY, OTHER = bytes(range(28)), bytes(range(40, 68))
STAMP = 1_800_000_000_000_000_000


def keys() -> tuple[OutboundSrtp, InboundSrtp]:
    """The bot's sending half, and the server's receiving one."""
    return outbound(SrtpKeys(GCM, KEY, OTHER)), inbound(SrtpKeys(GCM, OTHER, KEY))


class Stage:
    """A publisher and a server's ear."""

    def __init__(self, bot: BotPlan) -> None:
        sealing, self._opening = keys()
        self.sent: list[bytes] = []
        studio = SourceMaker(toy_clip(1), sealing, NOW, Random(9).randbytes)
        self.sources = studio.sources(bot, 4_711, NOW)
        self.publisher = Publisher(self.sources, self.sent.append, lambda: STAMP, "ada")

    def run(self, seconds: float) -> None:
        end = NOW + seconds
        while (now := self.publisher.next_deadline()) <= end:
            self.publisher.handle_timers(now)

    def packets(self) -> list[RtpPacket]:
        """What has been sent, opened."""
        streams = {}
        opened = []
        for data in self.sent:
            header = 16 + 4 * int.from_bytes(data[14:16], "big")
            ssrc = int.from_bytes(data[8:12], "big")
            if ssrc not in streams:
                streams[ssrc] = self._opening.stream(ssrc)
            _, payload = streams[ssrc].open(data, header, int.from_bytes(data[2:4], "big"))
            opened.append(RtpPacket.parse(data[:header] + payload))
        return opened


def test_the_short_cuts_write_what_the_general_way_writes() -> None:
    sent = (offer.ABS_SEND_TIME, abs_send_time(NOW).to_bytes(3, "big"))
    counted = (offer.TRANSPORT_CC, (515).to_bytes(2, "big"))
    assert _steady(None, 515, NOW) == build_extensions([sent, counted])
    level = (offer.AUDIO_LEVEL, bytes((0x80 | 30,)))
    assert _steady(30, 515, NOW) == build_extensions([sent, counted, level])
    silence = (offer.AUDIO_LEVEL, bytes((127,)))
    assert _steady(127, 515, NOW) == build_extensions([sent, counted, silence])


def test_every_layer_is_sent_and_names_itself_until_it_is_acknowledged() -> None:
    stage = Stage(plan("ada", ("camera",)))
    stage.run(0.04)
    packets = stage.packets()
    assert {p.extensions[offer.RID] for p in packets} == {b"q", b"h", b"f"}
    assert {p.extensions[offer.MID] for p in packets} == {offer.MIDS["camera"].encode()}
    assert len({p.ssrc for p in packets}) == 3
    numbers = [int.from_bytes(p.extensions[offer.TRANSPORT_CC], "big") for p in packets]
    assert numbers == list(range(1, len(packets) + 1))
    for ssrc in {p.ssrc for p in packets}:
        stage.publisher.acknowledge(ssrc)
    stage.publisher.acknowledge(99)
    stage.sent.clear()
    stage.run(0.08)
    assert {tuple(p.extensions) for p in stage.packets()} == {
        (offer.ABS_SEND_TIME, offer.TRANSPORT_CC)
    }


def test_the_last_packet_of_a_frame_and_every_sound_is_stamped() -> None:
    stage = Stage(plan("ada", ("camera", "microphone")))
    stage.run(0.2)
    packets = stage.packets()
    assert stage.publisher.sent == len(packets)
    for packet in packets:
        stamped = packet.marker or packet.payload_type == offer.OPUS
        assert read_stamp(packet.payload) == (STAMP if stamped else None)


def test_the_microphone_tells_its_level() -> None:
    stage = Stage(plan("ada", ("microphone",)))
    stage.run(0.1)
    levels = [parse_audio_level(p.extensions[offer.AUDIO_LEVEL]) for p in stage.packets()]
    assert set(levels) == {(20, True)}
    assert {p.ssrc for p in stage.packets()} == {4_711}


def test_a_voice_is_loud_in_its_turns_only() -> None:
    stage = Stage(plan("ada", ("microphone",), speaks=((1.0, 2.0), (4.0, 5.0))))
    counts = []
    for second in range(6):
        stage.sent.clear()
        stage.run(second + 1 - 0.001)
        counts.append(len(stage.sent))
    assert [count > 40 for count in counts] == [False, True, False, False, True, False]


def test_who_never_speaks_is_quiet_and_who_has_no_turns_is_loud() -> None:
    sealing, _ = keys()
    line = OutgoingStream(sealing, offer.OPUS, 1, "0", "", None, Random(1).randbytes)
    never = Microphone(AudioPlayer(toy_clip(1), NOW, 1), line, ())
    always = Microphone(AudioPlayer(toy_clip(1), NOW, 1), line, None)
    counts = []
    for microphone in (never, always):
        due = [microphone.due(NOW + n * 0.02) for n in range(100)]
        counts.append(sum(map(len, due[50:])))
    assert counts[0] < 10 < 45 < counts[1]


def test_a_nack_is_answered_by_rtx() -> None:
    stage = Stage(plan("ada", ("camera",)))
    stage.run(0.1)
    lost = stage.packets()[3]
    stage.sent.clear()
    stage.publisher.receive_nack(Nack(1, lost.ssrc, (lost.sequence, lost.sequence + 999)), NOW)
    (again,) = stage.packets()
    assert (again.payload_type, again.marker) == (offer.VP8_RTX, lost.marker)
    assert again.payload == lost.sequence.to_bytes(2, "big") + lost.payload
    assert again.timestamp == lost.timestamp
    assert again.extensions[offer.REPAIRED_RID] == lost.extensions[offer.RID]
    stage.publisher.receive_nack(Nack(1, 99, (1,)), NOW)
    assert len(stage.sent) == 1


def test_memory_for_retransmission_is_bounded_and_sound_has_none() -> None:
    sealing, _ = keys()
    line = OutgoingStream(sealing, offer.VP8, 7, "2", "q", 8, Random(1).randbytes)
    first = line.index
    for _ in range(HISTORY + 1):
        line.write(True, 0, b"x" * 20, None, 1, NOW)
    assert line.resend(first & 0xFFFF, 1, NOW) is None
    assert line.resend(first + 1 & 0xFFFF, 1, NOW) is not None
    sound = OutgoingStream(sealing, offer.OPUS, 9, "0", "", None, Random(1).randbytes)
    sound.write(True, 0, b"x" * 20, 30, 1, NOW)
    assert sound.resend(sound.index - 1, 1, NOW) is None


def test_a_key_frame_comes_when_it_is_asked_for() -> None:
    stage = Stage(plan("ada", ("camera",)))
    stage.run(0.5)
    ssrc = stage.packets()[0].ssrc
    stage.sent.clear()
    stage.publisher.receive_keyframe_request(ssrc)
    stage.publisher.receive_keyframe_request(99)
    stage.run(0.6)
    firsts = [p.payload for p in stage.packets() if p.payload[0] & 0x10]
    assert any(not payload[6] & 1 for payload in firsts)
    assert stage.publisher.plis == 1


def test_sender_reports_name_the_moment_on_both_clocks() -> None:
    stage = Stage(plan("ada", ("camera", "microphone")))
    assert stage.publisher.reports(NOW) == []
    stage.run(1.0)
    *reports, names = stage.publisher.reports(NOW + 1.0)
    assert len(reports) == 4
    assert isinstance(names, SourceDescription)
    packets = stage.packets()
    for report in reports:
        assert isinstance(report, SenderReport)
        mine = [p for p in packets if p.ssrc == report.ssrc]
        assert report.packet_count == len(mine)
        rate = 48_000 if mine[0].payload_type == offer.OPUS else 90_000
        newest = mine[-1].timestamp
        assert (report.rtp_timestamp - newest) % 2**32 == pytest.approx(0, abs=rate / 25)
