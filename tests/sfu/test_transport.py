"""One peer connection: from ICE and DTLS to media, and its end."""

from collections import Counter

import pytest

from sfu.capabilities import Negotiation, negotiate
from sfu.errors import StateError
from sfu.ice import DISCONNECTED_AFTER, FAILED_AFTER, StunError, parse_binding_request
from sfu.layers import Layer
from sfu.outbox import Send
from sfu.sdp import Offer, parse_offer
from sfu.srtp import SrtpError, SrtpKeys, SrtpProfile
from sfu.stats import DropReason
from sfu.transport import (
    MAX_QUEUED_DTLS,
    MAX_RTCP_DATAGRAM,
    TICK,
    Services,
    Transport,
    TransportState,
)
from sfu.wire.arith import compact_ntp, ntp_from_seconds
from sfu.wire.rtcp import (
    FullIntraRequest,
    Goodbye,
    Nack,
    PictureLossIndication,
    ReceiverReport,
    Remb,
    ReportBlock,
    RtcpRecord,
    SenderReport,
    SourceDescription,
    TransportFeedback,
    build_compound,
    parse_compound,
)
from tests.support.core import (
    TAG,
    VP8_PT,
    OpenCipher,
    Source,
    flush,
    open_inbound,
    open_outbound,
    vp8,
)
from tests.support.dtls import FINISHED, ReadyDtls, close_notify, handshake
from tests.support.media import write_rtp
from tests.support.offers import CLIENT_FINGERPRINT, Piece, compose, video
from tests.support.stun_client import Credentials, binding_request

HOME, CAFE = ("192.0.2.1", 1), ("192.0.2.2", 2)
KEYS = SrtpKeys(SrtpProfile.AEAD_AES_128_GCM, b"l" * 28, b"r" * 28)
PIECES = (video(), video("recvonly"))
SLOT = 1_001


class Line:
    """A transport and its surroundings: what it sends and what it tells its worker."""

    def __init__(self, *pieces: Piece) -> None:
        self.sent: list[Send] = []
        self.pending: list[Layer] = []
        self.told: Counter[str] = Counter()
        self.dtls = ReadyDtls()
        self._draws = 0
        self.pieces = pieces or PIECES
        self.transport = Transport("class", "ada", self._services(), 0.0, pinned=False)

    def _services(self) -> Services:
        return Services(
            dtls=self.dtls,
            random=self._draw,
            outbox=self.sent,
            on_pending=self.pending.append,
            on_level=lambda producer, level, now: None,
            on_changed=lambda transport: self.told.update(["changed"]),
            on_due=lambda transport: self.told.update(["due"]),
            on_slots=lambda transport: self.told.update(["slots"]),
            max_streams=32,
        )

    def _draw(self, count: int) -> bytes:
        self._draws += 1
        return bytes([self._draws]) * count

    def offer(self, ufrag: str = "client") -> tuple[Offer, Negotiation]:
        offer = parse_offer(compose(self.pieces, ufrag=ufrag))
        return offer, negotiate(offer)

    def begin(self, now: float = 0.0) -> "Line":
        offer, negotiation = self.offer()
        self.transport.begin(offer, negotiation, now)
        numbers = {slot.mid: (SLOT + n, 2_000 + n) for n, slot in enumerate(negotiation.slots)}
        self.transport.downlink.negotiate(negotiation, numbers, now)
        self.transport.uplink.negotiate(negotiation)
        return self

    @property
    def state(self) -> str:
        return self.transport.state.value

    def check(
        self,
        address: tuple[str, int] = HOME,
        now: float = 0.0,
        *,
        nominate: bool = True,
        integrity: bool = True,
    ) -> bytes:
        """A binding request of the peer from this address; its answer."""
        own = self.transport.agent.credentials
        credentials = Credentials("client", "pw", own.ufrag, own.pwd)
        data = binding_request(credentials, bytes(12), nominate=nominate, integrity=integrity)
        return self.transport.receive_stun(parse_binding_request(data), address, now)

    def connected(self) -> "Line":
        """With keys, an address, and media in the clear."""
        self.begin()
        self.check()
        self.transport.connected(KEYS)
        self.transport.uplink.srtp = open_inbound()
        self.transport.downlink.connect(open_outbound(OpenCipher()))
        self.sent.clear()
        self.told.clear()
        return self

    def rtcp(self, *records: RtcpRecord, now: float = 1.0) -> None:
        self.transport.receive_rtcp(build_compound(records), now)

    def rtp(self, sequence: int, now: float = 0.0, payload: bytes | None = None) -> None:
        body = vp8(key=True) if payload is None else payload
        data = write_rtp(VP8_PT, False, sequence, sequence * 3_000, 11, [], body)
        self.transport.receive_rtp(data + TAG, now)

    def take_records(self) -> list[RtcpRecord]:
        """The RTCP that was sent since the last look."""
        datagrams = [data for _, run in self.sent for data in run]
        self.sent.clear()
        return [record for data in datagrams for record in parse_compound(data)]

    def watch(self, source: Source, now: float = 0.0) -> None:
        """The slot shows the source from its first packet on."""
        source.receive(1, vp8(key=True), now=now)
        consumer = next(iter(self.transport.downlink.consumers.values()))
        consumer.assign(source.producer(), now)
        consumer.set_target(source.layer(), now)
        flush(source, now)


class TestConnecting:
    def test_needs_keys_and_an_address(self) -> None:
        line = Line()
        assert line.state == "new"
        line.begin()
        assert line.state == "connecting"
        line.check()
        assert line.state == "connecting"
        line.transport.connected(KEYS)
        assert line.state == "connected"
        assert line.transport.srtp_profile == "SRTP_AEAD_AES_128_GCM"
        assert line.told["changed"]

    def test_with_keys_first_waits_for_the_nomination(self) -> None:
        line = Line().begin()
        line.check(nominate=False)
        line.transport.connected(KEYS)
        assert line.state == "connecting"
        assert line.transport.next_deadline(0.0) == FAILED_AFTER
        line.check()
        assert line.state == "connected"

    def test_begins_once(self) -> None:
        line = Line().begin()
        with pytest.raises(StateError, match="already"):
            line.begin()

    def test_keys_come_once(self) -> None:
        line = Line().connected()
        srtp = line.transport.uplink.srtp
        line.transport.connected(KEYS)
        assert line.transport.uplink.srtp is srtp

    def test_keys_before_the_offer_are_read_over(self) -> None:
        line = Line()
        line.transport.connected(KEYS)
        assert line.state == "new"

    def test_media_and_reports_before_the_keys_are_counted(self) -> None:
        line = Line().begin()
        line.rtp(1)
        line.rtcp(Goodbye((1,)))
        assert line.transport.drops == {DropReason.NOT_CONNECTED: 2}
        assert line.transport.packets_received == 2

    def test_state_is_told_once_per_change(self) -> None:
        line = Line().connected()
        assert line.transport.take_state() is TransportState.CONNECTED
        assert line.transport.take_state() is None


class TestDtls:
    def test_waits_in_a_bounded_queue_for_an_address(self) -> None:
        line = Line().begin()
        for number in range(MAX_QUEUED_DTLS + 3):
            line.transport.send(bytes([22, number]))
        assert line.sent == []
        line.check()
        assert [data[1] for _, [data] in line.sent] == list(range(MAX_QUEUED_DTLS))
        line.check()
        assert len(line.sent) == MAX_QUEUED_DTLS

    def test_goes_to_the_latest_valid_address_then_to_the_nominated(self) -> None:
        line = Line().begin()
        line.check(HOME, nominate=False)
        line.check(CAFE, nominate=False)
        line.transport.send(b"\x16")
        line.check(HOME)
        line.check(CAFE, nominate=False)
        line.transport.send(b"\x16")
        assert [address for address, _ in line.sent] == [CAFE, HOME]

    def test_handshake_leads_to_keys(self) -> None:
        line = Line().begin()
        line.check()
        nonce = bytes(16)
        line.transport.receive_dtls(handshake(CLIENT_FINGERPRINT, nonce, KEYS.profile))
        assert line.sent == [(HOME, [FINISHED])]
        assert line.state == "connected"

    def test_good_bye_is_the_reason_of_the_end(self) -> None:
        line = Line().begin()
        line.check()
        line.transport.receive_dtls(handshake(CLIENT_FINGERPRINT, bytes(16), KEYS.profile))
        line.transport.receive_dtls(close_notify())
        line.transport.closed("dtls_failed")
        assert line.transport.close_reason == "dtls_closed"


class TestConnectivity:
    def test_lost_and_found(self) -> None:
        line = Line().connected()
        line.transport.take_state()
        line.transport.handle_timers(DISCONNECTED_AFTER)
        assert line.transport.take_state() is TransportState.DISCONNECTED
        line.check(now=DISCONNECTED_AFTER + 1)
        assert line.transport.take_state() is TransportState.CONNECTED
        assert line.told["changed"] == 2

    def test_lost_for_good_is_told(self) -> None:
        line = Line().connected()
        line.transport.handle_timers(DISCONNECTED_AFTER)
        line.told.clear()
        line.transport.handle_timers(FAILED_AFTER)
        assert line.told["changed"] == 1

    def test_a_request_that_proves_nothing_changes_nothing(self) -> None:
        line = Line().begin()
        with pytest.raises(StunError):
            line.check(integrity=False)
        assert line.transport.downlink.address is None

    def test_media_follows_the_nomination(self) -> None:
        line = Line().connected()
        line.check(CAFE)
        assert line.transport.downlink.address == CAFE

    def test_restart_changes_the_credentials_and_keeps_the_media(self) -> None:
        line = Line().connected()
        before = line.transport.agent.credentials
        offer, _ = line.offer("again")
        line.transport.restart_ice(offer, 1.0)
        assert line.transport.offer is offer
        assert line.transport.agent.credentials != before
        assert line.transport.agent.ufrags()[1:] == (before.ufrag,)
        assert line.state == "connected"
        assert line.transport.downlink.address == HOME


class TestReports:
    def test_of_the_peer_reach_both_halves(self) -> None:
        line, source = Line().connected(), Source()
        line.rtp(1)
        line.watch(source)
        sent = compact_ntp(ntp_from_seconds(10.0))
        block = ReportBlock(SLOT, 64, 0, 0, 0, sent, 0)
        ntp = ntp_from_seconds(50.0)
        line.rtcp(SenderReport(11, ntp, 90_000, 1, 1, (block,)), now=10.25)
        assert line.transport.downlink.loss == 0.25
        assert line.transport.uplink.round_trip == pytest.approx(0.25, abs=0.001)
        assert line.pending[0].clock.ntp_at(90_000) == pytest.approx(50.0)

    def test_without_a_round_trip_leave_the_assumption(self) -> None:
        line = Line().connected()
        assumed = line.transport.uplink.round_trip
        line.rtcp(ReceiverReport(9, (ReportBlock(SLOT, 0, 0, 0, 0, 0, 0),)))
        assert line.transport.uplink.round_trip == assumed

    def test_requests_for_packets_are_served(self) -> None:
        line, source = Line().connected(), Source()
        line.watch(source)
        first = next(iter(line.transport.downlink.consumers.values())).last_index + 1
        line.sent.clear()
        line.rtcp(Nack(9, SLOT, (first & 0xFFFF,)))
        assert [address for address, _ in line.sent] == [HOME]
        line.rtcp(Nack(9, SLOT, (first + 1 & 0xFFFF,)))
        assert len(line.sent) == 1
        assert line.transport.drops == {DropReason.RTX_EXPIRED: 1}

    def test_requests_for_key_frames_go_on_to_the_publisher(self) -> None:
        line, source = Line().connected(), Source()
        line.watch(source)
        asked = source.due
        line.rtcp(PictureLossIndication(9, SLOT), now=5.0)
        line.rtcp(FullIntraRequest(9, ((SLOT, 1), (77, 1))), now=9.0)
        assert source.due == asked + 2

    def test_estimates_and_good_byes_are_taken(self) -> None:
        line = Line().connected()
        line.rtp(1)
        line.rtcp(Remb(9, 300_000, (SLOT,)), Goodbye((11,)))
        assert line.transport.downlink.remb == 300_000
        assert line.pending[0].ended

    def test_of_other_kinds_are_read_over(self) -> None:
        line = Line().connected()
        line.rtcp(SourceDescription(((1, "name"),)))
        assert line.transport.drops == {}

    def test_that_are_broken_or_forged_are_counted(self) -> None:
        line = Line().connected()
        line.transport.receive_rtcp(b"\x80\xc8\x00\x09", 1.0)
        line.transport.uplink.srtp = Forging()  # type: ignore[assignment]
        line.rtcp(Goodbye((1,)))
        assert line.transport.drops == {
            DropReason.RTCP_MALFORMED: 1,
            DropReason.RTCP_UNAUTHENTIC: 1,
        }

    def test_are_not_sent_without_an_address(self) -> None:
        line = Line().begin()
        line.transport.send_rtcp([Goodbye((1,))])
        assert line.sent == []

    def test_fill_as_few_datagrams_as_they_fit_in(self) -> None:
        line = Line().connected()
        records = [Nack(7, 9, tuple(range(0, 17 * 100, 17))) for _ in range(4)]
        line.transport.send_rtcp(records)
        sizes = [len(data) for _, [data] in line.sent]
        assert len(sizes) == 2
        assert max(sizes) <= MAX_RTCP_DATAGRAM
        assert line.take_records() == records


class Forging:
    """SRTCP of somebody without the keys."""

    def unprotect_rtcp(self, data: bytes) -> bytes:
        raise SrtpError("unauthentic")


class TestTimers:
    def test_a_new_transport_has_none(self) -> None:
        line = Line()
        assert line.transport.next_deadline(0.0) is None
        line.begin()
        assert line.transport.next_deadline(0.0) == FAILED_AFTER
        assert not line.transport.handle_timers(1.0)

    def test_feedback_goes_out_when_it_is_due(self) -> None:
        line = Line().connected()
        line.rtp(1)
        line.rtp(3)
        assert line.transport.next_deadline(0.0) == pytest.approx(0.02)
        assert not line.transport.handle_timers(0.02)
        [nack] = line.take_records()
        assert isinstance(nack, Nack)
        assert nack.sequences == (2,)

    def test_once_a_second_reports_go_both_ways(self) -> None:
        line, source = Line().connected(), Source()
        line.rtp(1)
        line.pending[0].start()
        source.uplink.clockmap.sender_report(50.0, 0.5)
        line.watch(source)
        source.layer().clock.sender_report(3_000, 50.0)
        assert line.transport.handle_timers(TICK)
        kinds = [type(record) for record in line.take_records()]
        assert kinds == [ReceiverReport, SenderReport, SourceDescription]
        assert not line.transport.handle_timers(TICK + 0.5)
        assert line.transport.handle_timers(2 * TICK)

    def test_without_media_there_is_nothing_to_report(self) -> None:
        line = Line().connected()
        line.transport.handle_timers(TICK)
        assert line.take_records() == []

    def test_bad_seconds_become_a_word(self) -> None:
        line = Line().connected()
        line.rtp(1)
        line.pending[0].start()
        assert line.transport.take_quality() is None
        for tick in (1, 2):
            line.rtp(20 * tick, now=tick - 0.01)
            line.transport.handle_timers(float(tick))
        quality = line.transport.take_quality()
        assert quality is not None
        assert (quality.uplink, quality.downlink) == ("poor", "good")
        assert line.transport.take_quality() is None

    def test_arrivals_are_fed_back(self) -> None:
        line = Line().connected()
        data = write_rtp(VP8_PT, False, 1, 2, 11, [(3, b"\0\1")], vp8())
        line.transport.receive_rtp(data + TAG, 0.0)
        line.transport.handle_timers(0.1)
        [feedback] = line.take_records()
        assert isinstance(feedback, TransportFeedback)


class TestClosing:
    def test_ends_everything_once(self) -> None:
        line, source = Line().connected(), Source()
        line.watch(source)
        line.rtp(1)
        line.transport.close("left", 1.0)
        line.transport.close("again", 1.0)
        assert line.state == "closed"
        assert line.transport.close_reason == "left"
        assert line.dtls.sessions[0].closed
        assert source.layer().consumers() == ()
        assert source.producer().watchers == set()
        assert all(producer.closed for producer in line.transport.uplink.producers.values())
        assert line.transport.next_deadline(1.0) is None

    def test_lets_go_of_those_who_watch(self) -> None:
        line, other = Line().connected(), Line().connected()
        line.rtp(1)
        consumer = next(iter(other.transport.downlink.consumers.values()))
        consumer.assign(line.pending[0].producer, 0.0)
        consumer.set_target(line.pending[0], 0.0)
        line.transport.close("left", 1.0)
        assert consumer.producer is None
        assert consumer.target is None

    def test_frees_the_slots_before_dtls_which_may_fail(self) -> None:
        line, source = Line().connected(), Source()
        line.watch(source)
        line.dtls.sessions[0].close = broken  # type: ignore[method-assign]
        with pytest.raises(RuntimeError):
            line.transport.close("left", 1.0)
        assert source.layer().consumers() == ()
        assert line.state == "closed"


def broken() -> None:
    raise RuntimeError
