"""Where a transport's media may go, and for how long, in virtual time."""

import pytest
from aioice import stun

from sfu.ice.agent import (
    DISCONNECTED_AFTER,
    FAILED_AFTER,
    MAX_ADDRESSES,
    MAX_PEERS,
    IceCredentials,
    IceState,
    StunError,
)
from sfu.wire.address import Address
from tests.support.ice_peer import (
    MOBILE,
    OURS,
    PEER,
    PEER_AGAIN,
    RENEWED,
    WIFI,
    ask,
    checked,
    connected,
    fresh,
    move,
    reply,
    request,
    shake_hands,
)


@pytest.mark.parametrize("keys_first", [True, False])
def test_keys_and_a_nomination_select_where_the_handshake_went(keys_first: bool) -> None:
    agent = fresh(0.0)
    ask(agent, request())
    assert agent.is_bound(WIFI)
    if keys_first:
        shake_hands(agent, WIFI)
        assert (agent.selected, agent.state) == (None, IceState.NEW)
    ask(agent, request(nominate=True))
    if not keys_first:
        assert (agent.selected, agent.state) == (None, IceState.NEW)
        shake_hands(agent, WIFI)
    assert (agent.selected, agent.state) == (WIFI, IceState.CONNECTED)
    assert agent.check.next_deadline() is None


def test_a_phone_that_changes_network_is_followed_when_it_has_answered_there() -> None:
    agent = connected()
    ask(agent, request(), MOBILE)
    assert agent.check.next_deadline() is None
    ask(agent, request(nominate=True), MOBILE)
    assert agent.selected == WIFI
    asked, check = checked(agent)
    agent.handle_answer(reply(check), asked, 0.0)
    assert agent.selected == asked == MOBILE
    assert set(agent.addresses()) == {WIFI, MOBILE}
    assert agent.check.next_deadline() is None


def test_the_check_is_what_a_peer_expects_of_a_controlled_end() -> None:
    agent = connected()
    nomination = request(nominate=True)
    ask(agent, nomination, MOBILE)
    _, check = checked(agent)
    assert check.message_class is stun.Class.REQUEST
    assert check.attributes["USERNAME"] == f"{PEER.ufrag}:{OURS.ufrag}"
    assert {"ICE-CONTROLLED", "PRIORITY", "FINGERPRINT"} <= set(check.attributes)
    assert "USE-CANDIDATE" not in check.attributes
    assert check.check_message_integrity(PEER.pwd.encode())
    assert len(bytes(check)) <= len(nomination)


def test_an_error_that_is_authentic_is_an_answer() -> None:
    agent = connected()
    ask(agent, request(nominate=True), MOBILE)
    _, check = checked(agent)
    error = stun.Message(stun.Method.BINDING, stun.Class.ERROR, check.transaction_id)
    error.attributes["ERROR-CODE"] = (487, "Role Conflict")
    error.add_message_integrity(PEER.pwd.encode())
    agent.handle_answer(bytes(error), MOBILE, 0.0)
    assert agent.selected == MOBILE


def test_an_answer_without_the_peers_password_proves_nothing() -> None:
    agent = connected()
    ask(agent, request(nominate=True), MOBILE)
    _, check = checked(agent)
    good = reply(check)
    unsigned = good[:2] + (12).to_bytes(2, "big") + good[4:32]
    echo = bytes(check)
    forged = {
        "wrong_integrity": [reply(check, pwd=OURS.pwd), unsigned, echo],
        "malformed": [good[:-3], b"\x01\x01" + bytes(30)],
    }
    for reason, datagrams in forged.items():
        for data in datagrams:
            with pytest.raises(StunError, match=reason):
                agent.handle_answer(data, MOBILE, 0.0)
    assert agent.selected == WIFI
    agent.handle_answer(good, MOBILE, 0.0)
    assert agent.selected == MOBILE


def test_a_nomination_between_handshake_and_media_is_not_proven() -> None:
    agent = fresh()
    ask(agent, request())
    ask(agent, request(nominate=True), MOBILE)
    shake_hands(agent, WIFI)
    assert agent.selected == WIFI
    assert checked(agent)[0] == MOBILE


@pytest.mark.parametrize("nominated", [WIFI, MOBILE])
def test_a_handshake_over_two_addresses_proves_neither(nominated: Address) -> None:
    agent = fresh()
    for address in (WIFI, MOBILE):
        ask(agent, request(), address)
    ask(agent, request(nominate=True), nominated)
    shake_hands(agent, WIFI, MOBILE)
    assert (agent.selected, agent.state) == (None, IceState.NEW)
    asked, check = checked(agent)
    agent.handle_answer(reply(check), asked, 1.0)
    assert (agent.selected, agent.state) == (nominated, IceState.CONNECTED)


def test_a_nominated_address_that_is_silent_by_the_time_of_the_keys_is_not_asked() -> None:
    agent = fresh()
    ask(agent, request(nominate=True), MOBILE)
    for now in (10.0, 20.0):
        agent.restart(RENEWED, PEER, now)
        ask(agent, request(RENEWED), now=now)
    agent.handle_timers(FAILED_AFTER)
    shake_hands(agent, WIFI)
    assert (agent.selected, agent.check.next_deadline()) == (None, None)


def test_the_old_address_keeps_its_timers_while_a_silent_one_is_asked() -> None:
    agent = connected()
    ask(agent, request(nominate=True), MOBILE, now=7.0)
    checked(agent, 7.0)
    assert agent.handle_timers(DISCONNECTED_AFTER) is IceState.DISCONNECTED
    ask(agent, request(nominate=True), MOBILE, now=29.0)
    assert agent.handle_timers(FAILED_AFTER) is IceState.FAILED
    assert agent.check.next_deadline() is None


def test_an_answer_connects_a_peer_whose_old_network_is_dead() -> None:
    agent = connected()
    agent.handle_timers(20.0)
    move(agent, request(nominate=True), now=20.0)
    assert (agent.selected, agent.state) == (MOBILE, IceState.CONNECTED)
    assert agent.next_deadline() == 20.0 + DISCONNECTED_AFTER


def test_a_retransmission_is_answered_and_is_no_consent() -> None:
    agent = connected()
    data = request()
    first = ask(agent, data, now=5.0)
    assert bytes(ask(agent, data, now=7.0)) == bytes(first)
    assert agent.next_deadline() == 5.0 + DISCONNECTED_AFTER


def test_addresses_are_bounded_and_the_selected_one_stays() -> None:
    agent = connected()
    others: list[Address] = [
        ("203.0.113.1", port) for port in range(1000, 1000 + MAX_ADDRESSES + 3)
    ]
    for address in others:
        ask(agent, request(), address)
    assert agent.addresses() == (WIFI, *others[-(MAX_ADDRESSES - 1) :])
    assert not agent.is_bound(others[0])


def test_the_address_under_check_stays_among_many() -> None:
    agent = connected()
    ask(agent, request(nominate=True), MOBILE)
    for port in range(1000, 1000 + MAX_ADDRESSES):
        ask(agent, request(), ("203.0.113.1", port))
    assert agent.addresses()[:2] == (WIFI, MOBILE)


def test_the_address_heard_least_lately_falls_out() -> None:
    agent = connected()
    others: list[Address] = [("203.0.113.1", port) for port in range(1000, 999 + MAX_ADDRESSES)]
    for address in [*others, others[0], MOBILE]:
        ask(agent, request(), address)
    assert agent.is_bound(others[0])
    assert not agent.is_bound(others[1])


@pytest.mark.parametrize(
    ("at", "expected", "deadline"),
    [
        (DISCONNECTED_AFTER - 0.001, IceState.CONNECTED, DISCONNECTED_AFTER),
        (DISCONNECTED_AFTER, IceState.DISCONNECTED, FAILED_AFTER),
        (FAILED_AFTER - 0.001, IceState.DISCONNECTED, FAILED_AFTER),
        (FAILED_AFTER, IceState.FAILED, None),
        (1e9, IceState.FAILED, None),
    ],
)
def test_silence_disconnects_then_fails(
    at: float, expected: IceState, deadline: float | None
) -> None:
    agent = connected()
    assert agent.handle_timers(at) is expected
    assert agent.next_deadline() == deadline


def test_deadlines_lead_through_all_states() -> None:
    agent, seen = connected(100.0), []
    while (deadline := agent.next_deadline()) is not None:
        seen.append((deadline, agent.handle_timers(deadline)))
    assert seen == [
        (100.0 + DISCONNECTED_AFTER, IceState.DISCONNECTED),
        (100.0 + FAILED_AFTER, IceState.FAILED),
    ]


def test_without_a_nomination_a_new_agent_fails() -> None:
    agent = fresh(5.0)
    ask(agent, request(), now=6.0)
    assert agent.next_deadline() == 5.0 + FAILED_AFTER
    assert agent.handle_timers(5.0 + FAILED_AFTER) is IceState.FAILED


@pytest.mark.parametrize("nominate", [True, False])
def test_consent_on_the_selected_pair_connects_again(nominate: bool) -> None:
    agent = connected()
    agent.handle_timers(20.0)
    ask(agent, request(nominate=nominate), now=20.0)
    assert agent.state is IceState.CONNECTED
    assert agent.next_deadline() == 20.0 + DISCONNECTED_AFTER


def test_requests_on_another_pair_are_no_consent() -> None:
    agent = connected()
    ask(agent, request(), MOBILE, now=7.0)
    assert agent.handle_timers(DISCONNECTED_AFTER) is IceState.DISCONNECTED
    ask(agent, request(), MOBILE, now=9.0)
    assert agent.state is IceState.DISCONNECTED


def test_a_silent_address_is_forgotten_but_not_the_selected_one() -> None:
    agent = connected()
    ask(agent, request(), MOBILE, now=1.0)
    for now in range(5, 31, 5):
        ask(agent, request(), now=float(now))
    assert agent.next_deadline() == 1.0 + FAILED_AFTER
    agent.handle_timers(1.0 + FAILED_AFTER)
    assert agent.addresses() == (WIFI,)


def test_a_failed_agent_answers_nobody() -> None:
    agent = connected()
    agent.handle_timers(FAILED_AFTER)
    with pytest.raises(StunError, match="failed"):
        ask(agent, request(nominate=True), now=FAILED_AFTER)


def test_after_a_restart_both_credentials_work_until_the_new_ones_nominate() -> None:
    agent = connected()
    agent.restart(RENEWED, PEER_AGAIN, 1.0)
    assert agent.ufrags() == (RENEWED.ufrag, OURS.ufrag)
    assert (agent.selected, agent.state) == (WIFI, IceState.CONNECTED)
    ask(agent, request(OURS, nominate=True), now=2.0)
    assert agent.ufrags() == (RENEWED.ufrag, OURS.ufrag)
    ask(agent, request(RENEWED), MOBILE, now=2.5)
    assert agent.ufrags() == (RENEWED.ufrag, OURS.ufrag)
    answer = ask(agent, request(RENEWED, peer=PEER_AGAIN, nominate=True), MOBILE, now=3.0)
    assert answer.check_message_integrity(RENEWED.pwd.encode())
    asked, check = checked(agent, 3.0)
    assert check.attributes["USERNAME"] == f"{PEER_AGAIN.ufrag}:{RENEWED.ufrag}"
    assert agent.selected == WIFI
    ask(agent, request(OURS), now=3.0)  # consent where media still goes
    agent.handle_answer(reply(check, PEER_AGAIN.pwd), asked, 3.1)
    assert agent.selected == MOBILE
    assert agent.ufrags() == (RENEWED.ufrag,)
    with pytest.raises(StunError, match="unknown_user"):
        ask(agent, request(OURS), now=3.1)


def test_old_credentials_do_not_open_the_new_fragment() -> None:
    agent = connected()
    agent.restart(RENEWED, PEER_AGAIN, 1.0)
    with pytest.raises(StunError, match="wrong_integrity"):
        ask(agent, request(RENEWED, pwd=OURS.pwd))


def test_two_restarts_in_a_row_keep_the_credentials_in_use() -> None:
    agent = connected()
    agent.restart(IceCredentials("middle00", "m" * 24), PEER_AGAIN, 1.0)
    agent.restart(RENEWED, PEER_AGAIN, 2.0)
    assert agent.ufrags() == (RENEWED.ufrag, OURS.ufrag)


def test_a_restart_gives_a_disconnected_peer_new_time() -> None:
    agent = connected()
    agent.handle_timers(25.0)
    agent.restart(RENEWED, PEER_AGAIN, 25.0)
    assert agent.handle_timers(FAILED_AFTER) is IceState.DISCONNECTED
    assert agent.next_deadline() == 25.0 + FAILED_AFTER


def test_a_restart_revives_a_failed_agent() -> None:
    agent = connected()
    agent.handle_timers(FAILED_AFTER)
    agent.restart(RENEWED, PEER_AGAIN, 40.0)
    assert (agent.state, agent.selected, agent.addresses()) == (IceState.NEW, None, ())
    assert agent.ufrags() == (RENEWED.ufrag,)
    ask(agent, request(RENEWED, peer=PEER_AGAIN, nominate=True), WIFI, now=41.0)
    # the handshake is too long ago to prove where the peer is
    asked, check = checked(agent, 41.0)
    assert (agent.selected, asked) == (None, WIFI)
    agent.handle_answer(reply(check, PEER_AGAIN.pwd), WIFI, 41.0)
    assert (agent.selected, agent.state) == (WIFI, IceState.CONNECTED)


def test_a_restart_on_the_same_address_needs_no_check() -> None:
    agent = connected()
    agent.restart(RENEWED, PEER_AGAIN, 1.0)
    ask(agent, request(RENEWED, peer=PEER_AGAIN, nominate=True), now=2.0)
    assert agent.ufrags() == (RENEWED.ufrag,)
    assert agent.check.next_deadline() is None


@pytest.mark.parametrize("ours", [OURS, RENEWED])
@pytest.mark.parametrize("theirs", [PEER, PEER_AGAIN])
def test_a_nomination_is_asked_with_the_fragments_that_it_has(
    ours: IceCredentials, theirs: IceCredentials
) -> None:
    """Chromium checks from its new ports with our old fragment until it has our answer."""
    agent = connected()
    agent.restart(RENEWED, PEER_AGAIN, 1.0)
    ask(agent, request(ours, peer=theirs, nominate=True), MOBILE, 2.0)
    asked, check = checked(agent, 2.0)
    assert check.attributes["USERNAME"] == f"{theirs.ufrag}:{ours.ufrag}"
    agent.handle_answer(reply(check, theirs.pwd), asked, 2.1)
    assert agent.selected == MOBILE
    assert agent.ufrags() == ((RENEWED.ufrag,) if ours is RENEWED else (RENEWED.ufrag, OURS.ufrag))


def test_a_nomination_that_comes_before_its_offer_waits_for_it() -> None:
    agent = connected()
    ask(agent, request(OURS, peer=PEER_AGAIN, nominate=True), MOBILE, 1.0)
    assert agent.check.next_deadline() is None
    agent.restart(RENEWED, PEER_AGAIN, 1.05)
    asked, check = checked(agent, 1.05)
    agent.handle_answer(reply(check, PEER_AGAIN.pwd), asked, 1.1)
    assert agent.selected == MOBILE


def test_a_nomination_that_waits_is_forgotten_for_a_later_one() -> None:
    agent = connected()
    ask(agent, request(OURS, peer=PEER_AGAIN, nominate=True), MOBILE, 1.0)
    ask(agent, request(nominate=True), WIFI, 1.0)
    agent.restart(RENEWED, PEER_AGAIN, 1.05)
    assert agent.check.next_deadline() is None


def test_passwords_of_few_restarts_are_kept() -> None:
    agent = connected()
    for number in range(MAX_PEERS):
        agent.restart(RENEWED, IceCredentials(f"peer{number}", "x" * 24), 1.0)
    ask(agent, request(nominate=True), MOBILE, 1.0)
    assert agent.check.next_deadline() is None
    assert len(agent._peers) == MAX_PEERS


def test_a_nomination_with_the_old_credentials_is_asked_with_the_old_password() -> None:
    agent = connected()
    agent.restart(RENEWED, PEER_AGAIN, 1.0)
    move(agent, request(OURS, nominate=True), now=2.0)
    assert agent.selected == MOBILE
    assert agent.ufrags() == (RENEWED.ufrag, OURS.ufrag)
