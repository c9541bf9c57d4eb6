"""One peer connection: from ICE and DTLS to media, and its end."""

from random import Random

import pytest

from common.errors import StateError
from sfu.config import WorkerConfig
from sfu.ice.agent import DISCONNECTED_AFTER, FAILED_AFTER, StunError
from sfu.negotiation.negotiator import Negotiator
from sfu.stats import DropReason
from sfu.transport import TransportState
from sfu.wire.rtcp import (
    Goodbye,
)
from tests.support.dtls import FINISHED, close_notify, handshake
from tests.support.line import CAFE, HOME, KEYS, Line
from tests.support.offers import CLIENT_FINGERPRINT, H264, video


class TestConnecting:
    def test_needs_keys_and_an_address(self) -> None:
        line = Line()
        assert line.state == "new"
        line.begin()
        assert line.state == "connecting"
        line.check()
        assert line.state == "connecting"
        line.shake_hands()
        assert line.state == "connected"
        assert line.transport.srtp_profile == "SRTP_AEAD_AES_128_GCM"
        assert line.told["state"]

    def test_with_keys_first_waits_for_the_nomination(self) -> None:
        line = Line().begin()
        line.check(nominate=False)
        line.shake_hands()
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
    def test_goes_nowhere_without_an_address(self) -> None:
        line = Line().begin()
        line.transport.send(b"\x16")
        line.transport.receive_dtls(b"\x16", CAFE, 0.0)
        line.transport.send(b"\x16")  # CAFE is not bound
        assert line.sent == []
        assert line.transport.drops == {DropReason.UNKNOWN_ADDRESS: 2}

    def test_goes_to_where_the_peers_came_from_then_to_the_selected(self) -> None:
        line = Line().begin()
        line.check(HOME)
        line.transport.receive_dtls(b"\x16", HOME, 0.0)
        line.check(CAFE)
        line.transport.send(b"\x16")
        assert [address for address, _ in line.sent] == [HOME]
        line.shake_hands(CAFE)
        line.answer_check(CAFE)
        line.sent.clear()
        line.transport.receive_dtls(b"\x16", HOME, 0.0)
        line.transport.send(b"\x15")
        assert [address for address, _ in line.sent] == [CAFE]

    def test_handshake_leads_to_keys(self) -> None:
        line = Line().begin()
        line.check()
        nonce = bytes(16)
        line.transport.receive_dtls(handshake(CLIENT_FINGERPRINT, nonce, KEYS.profile), HOME, 0.0)
        assert line.sent == [(HOME, [FINISHED])]
        assert line.state == "connected"

    def test_good_bye_is_the_reason_of_the_end(self) -> None:
        line = Line().begin()
        line.check()
        line.transport.receive_dtls(
            handshake(CLIENT_FINGERPRINT, bytes(16), KEYS.profile), HOME, 0.0
        )
        line.transport.receive_dtls(close_notify(), HOME, 0.0)
        line.transport.closed("dtls_failed")
        assert line.transport.close_reason == "dtls_closed"

    def test_flood_before_the_keys_is_dropped_and_a_handshake_still_passes(self) -> None:
        line = Line().begin()
        line.check()
        for _ in range(100):
            line.transport.receive_dtls(b"\x16" * 100, HOME, 0.0)
        assert line.transport.drops == {DropReason.DTLS_OVER_BUDGET: 36}
        line.transport.receive_dtls(
            handshake(CLIENT_FINGERPRINT, bytes(16), KEYS.profile), HOME, 0.1
        )
        assert line.state == "connected"

    def test_flood_to_a_connected_session_is_dropped_and_removes_nobody(self) -> None:
        line = Line().connected()
        for number in range(10_000):
            line.transport.receive_dtls(b"\x17" * 100, HOME, number / 1_000)
        assert line.transport.drops[DropReason.DTLS_OVER_BUDGET] >= 10_000 - 71
        assert (line.state, line.transport.close_reason) == ("connected", "")

    def test_flights_to_an_address_that_nobody_proved_are_bounded(self) -> None:
        line = Line().begin()
        line.check()
        line.transport.receive_dtls(b"\x16" * 167, HOME, 0.0)
        for _ in range(5):
            line.transport.send(bytes(723))
        assert line.sent == [(HOME, [bytes(723)])] * 2
        assert line.transport.drops == {DropReason.DTLS_UNPROVEN: 3}
        line.transport.receive_dtls(b"\x16" * 634, HOME, 1.0)
        assert line.sent == [(HOME, [bytes(723)])] * 3


class TestConnectivity:
    def test_lost_and_found(self) -> None:
        line = Line().connected()
        line.transport.take_state()
        line.transport.handle_timers(DISCONNECTED_AFTER)
        assert line.transport.take_state() is TransportState.DISCONNECTED
        line.check(now=DISCONNECTED_AFTER + 1)
        assert line.transport.take_state() is TransportState.CONNECTED
        assert line.told["state"] == 2

    def test_lost_for_good_is_told(self) -> None:
        line = Line().connected()
        line.transport.handle_timers(DISCONNECTED_AFTER)
        line.told.clear()
        line.transport.handle_timers(FAILED_AFTER)
        assert line.told["state"] == 1

    def test_a_request_that_proves_nothing_changes_nothing(self) -> None:
        line = Line().begin()
        with pytest.raises(StunError):
            line.check(integrity=False)
        assert line.transport.downlink.address is None

    def test_media_follows_the_answer_of_a_nominated_address(self) -> None:
        line = Line().connected()
        line.check(CAFE)
        assert line.transport.downlink.address == HOME
        assert line.transport.next_deadline(0.0) == 0.0
        line.answer_check(CAFE)
        assert line.transport.downlink.address == CAFE

    def test_a_handshake_over_two_addresses_waits_for_an_answer(self) -> None:
        line = Line().begin()
        line.check(HOME, nominate=False)
        line.transport.receive_dtls(b"\x16", HOME, 0.0)
        line.transport.send(b"\x16 a flight")
        line.check(CAFE)
        line.shake_hands(CAFE)
        assert line.state == "connecting"
        assert line.transport.downlink.address is None
        line.answer_check(CAFE)
        assert line.state == "connected"
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


def test_slots_keep_their_ssrcs_and_know_the_codecs_of_their_section() -> None:
    line = Line(video("recvonly", H264), video("recvonly"))
    config = WorkerConfig(candidates=())
    negotiator = Negotiator(config, (CLIENT_FINGERPRINT,), Random(1).randbytes)
    _, negotiation = line.offer()
    first = line.transport.negotiate_slots(negotiator, negotiation, 0.0)
    again = line.transport.negotiate_slots(negotiator, negotiation, 0.0)
    assert first == again
    consumers = line.transport.downlink.consumers
    assert {mid: one.ssrc for mid, one in consumers.items()} == {
        mid: slot.ssrc for mid, slot in first.items()
    }
    assert [list(one.payload_types) for one in consumers.values()] == [["H264"], ["H264", "VP8"]]
