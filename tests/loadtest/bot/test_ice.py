"""The controlling agent against the server's lite one."""

from collections import Counter
from itertools import pairwise
from random import Random

import pytest

from loadtest.bot.ice import (
    CHECKS_AFTER,
    CONSENT_EVERY,
    FAILED_AFTER,
    LOST_AFTER,
    UNANSWERED_AFTER,
    IceClient,
)
from sfu.ice.agent import IceAgent as LiteAgent
from sfu.ice.agent import IceCredentials, IceState, parse_binding_request
from sfu.wire import stun

CLIENT = IceCredentials("cUfr", "c" * 24)
SERVER = IceCredentials("sUfr", "s" * 24)
ADDRESS = ("198.51.100.1", 1_000)
NOW = 50.0


def agent(now: float = NOW) -> IceClient:
    return IceClient(CLIENT, SERVER, Random(1).randbytes, now)


def request_of(one: IceClient, now: float) -> bytes:
    request = one.handle_timers(now)
    assert request is not None
    return request


def server(credentials: IceCredentials = SERVER, now: float = NOW) -> LiteAgent:
    return LiteAgent(credentials, CLIENT, Random(9).randbytes, Counter(), now)


def answer(request: bytes, now: float = NOW, credentials: IceCredentials = SERVER) -> bytes:
    lite = server(credentials, now)
    return lite.handle_request(parse_binding_request(request), ADDRESS, now)


def test_the_server_accepts_a_request_and_nominates_its_address() -> None:
    request = request_of(agent(), NOW)
    parsed = parse_binding_request(request)
    assert (parsed.local_ufrag, parsed.remote_ufrag) == ("sUfr", "cUfr")
    assert parsed.use_candidate
    assert {stun.ICE_CONTROLLING, stun.PRIORITY} <= set(parsed.message.attributes)
    lite = server()
    lite.handle_request(parsed, ADDRESS, NOW)
    lite.dtls_from = ADDRESS
    lite.flight_address()
    lite.dtls_connected()
    assert lite.selected == ADDRESS


def test_the_servers_question_on_another_path_is_answered() -> None:
    one, lite = agent(), server()
    lite.dtls_connected()
    lite.handle_request(parse_binding_request(request_of(one, NOW)), ADDRESS, NOW)
    asked = lite.check.handle_timers(NOW)
    assert asked is not None
    reply = one.answer(asked[1])
    assert reply is not None
    lite.handle_answer(reply, ADDRESS, NOW)
    assert lite.selected == ADDRESS
    for data in (b"", asked[1][:-1], reply, request_of(one, one.next_deadline())):
        assert one.answer(data) is None


def test_an_authentic_answer_connects_and_measures_the_round_trip() -> None:
    one = agent()
    request = request_of(one, NOW)
    assert one.receive(answer(request), NOW + 0.03)
    assert one.state is IceState.CONNECTED
    assert one.round_trip == pytest.approx(0.03)


def test_what_is_no_answer_of_the_server_changes_nothing() -> None:
    one = agent()
    request = request_of(one, NOW)
    good = answer(request)
    forged = good[:-20] + bytes((good[-20] ^ 1,)) + good[-19:]
    other = answer(request_of(IceClient(CLIENT, SERVER, Random(2).randbytes, NOW), NOW))
    unsigned = good[:2] + (12).to_bytes(2, "big") + good[4:32]
    for data in (b"", request, forged, other, unsigned, good[:-4], good + b"\0\0\0\0"):
        assert not one.receive(data, NOW)
    assert one.state is IceState.NEW


def test_checks_are_repeated_until_one_is_answered_or_time_is_up() -> None:
    one = agent()
    sent, now = [], NOW
    while one.state is not IceState.FAILED:
        now = one.next_deadline()
        if one.handle_timers(now) is not None:
            sent.append(now)
    assert now == NOW + FAILED_AFTER
    gaps = [round(b - a, 6) for a, b in pairwise(sent)]
    assert gaps[: len(CHECKS_AFTER)] == list(CHECKS_AFTER)
    assert set(gaps[len(CHECKS_AFTER) :]) == {CHECKS_AFTER[-1]}
    assert one.handle_timers(now + 1) is None


def test_an_answer_to_an_earlier_check_counts() -> None:
    one = agent()
    first = request_of(one, NOW)
    request_of(one, one.next_deadline())
    assert one.receive(answer(first), NOW + 0.2)


def test_consent_is_asked_for_every_so_often_and_sooner_when_unanswered() -> None:
    one = agent()
    one.receive(answer(request_of(one, NOW)), NOW)
    assert one.next_deadline() == NOW + CONSENT_EVERY
    assert one.handle_timers(NOW + 1) is None
    request = request_of(one, NOW + CONSENT_EVERY)
    assert one.next_deadline() == NOW + CONSENT_EVERY + UNANSWERED_AFTER
    one.receive(answer(request), NOW + CONSENT_EVERY)
    assert one.next_deadline() == NOW + 2 * CONSENT_EVERY


def test_without_consent_the_path_is_lost_for_good() -> None:
    one = agent()
    late = request_of(one, NOW)
    one.receive(answer(late), NOW)
    now = NOW
    while one.state is not IceState.FAILED:
        now = one.next_deadline()
        late = one.handle_timers(now) or late
    assert now == NOW + LOST_AFTER
    assert not one.receive(answer(late), now)
