"""Media aimed at a third party: authentic nominations whose source address is forged."""

import pytest
from aioice import stun

from sfu.ice.address_check import REQUEST_BURST, REQUEST_RATE
from tests.support.dtls import handshake
from tests.support.peers import Peer
from tests.support.rig import MAX_CHECKS
from tests.support.room import pictures
from tests.support.siege import STRANGER, Siege, nobody
from tests.support.stun_client import SUCCESS_TYPE, binding_request

SECONDS = 10.0


def nomination(peer: Peer, number: int = 0) -> bytes:
    """What a participant's own page could send, or somebody who has its tab's keys."""
    return binding_request(peer.connection.credentials, number.to_bytes(12, "big"))


def test_one_forged_nomination_moves_no_media() -> None:
    siege = Siege()
    request = nomination(siege.student)
    siege.rig.inject(STRANGER, request)
    siege.assert_class_goes_on(SECONDS)
    sent = siege.strays()
    assert {address for address, _ in sent} == {STRANGER}
    assert [data[:2] == SUCCESS_TYPE for _, data in sent] == [True] + MAX_CHECKS * [False]
    assert all(data[0] <= 3 and len(data) <= len(request) for _, data in sent)
    assert siege.new_drops() == {"address_silent": 1}


def test_a_flood_of_forged_nominations_draws_no_more_than_it_costs() -> None:
    """50 a second from as many addresses: what leaves is answers, and a few checks."""
    siege, came = Siege(), 0
    for number in range(500):
        request = nomination(siege.student, number)
        came += len(request)
        siege.rig.inject(nobody(number), request)
        siege.room.run(0.02)
    assert siege.room.transport(siege.teacher).state == "connected"
    sent = siege.strays()
    assert all(data[0] <= 3 for _, data in sent)
    checks = sum(data[:2] != SUCCESS_TYPE for _, data in sent)
    assert checks <= REQUEST_BURST + REQUEST_RATE * 11
    assert sum(len(data) for _, data in sent) <= came


def test_a_page_that_hides_the_forged_nomination_in_its_handshake_moves_nothing() -> None:
    """The handshake runs at the peer's own address; the nomination comes from another."""
    siege = Siege()
    late = siege.latecomer()
    siege.rig.inject(STRANGER, nomination(late))
    late.connection.shake_hands()
    siege.room.watch(late, ["teacher"])
    siege.assert_class_goes_on(3.0)
    assert len(pictures(late)) > 80
    assert all(data[0] <= 3 for _, data in siege.strays())


@pytest.mark.parametrize("nominated", [True, False])
def test_a_handshake_that_began_elsewhere_proves_nothing(nominated: bool) -> None:
    """A flight went to the stranger, too: who finished the handshake need not be there."""
    siege = Siege()
    late = siege.latecomer(answers=False)
    late.connection.stop()
    own = late.connection.path.address
    request = binding_request(late.connection.credentials, bytes(12), nominate=nominated)
    siege.rig.inject(STRANGER, request)
    transport = siege.rig.worker.routers["class"].transports["late"]
    transport.receive_dtls(b"\x16", STRANGER, siege.rig.now)
    transport.send(b"\x16 a flight")
    hello = handshake(late.connection.offer.fingerprint, bytes(16), late.plan.profile)
    siege.rig.inject(own, hello)
    siege.assert_class_goes_on(3.0)
    assert transport.downlink.address is None
    flights = [data for _, data in siege.strays() if data[0] > 3]
    assert flights == [b"\x16 a flight"]


def test_flights_go_to_where_the_handshake_came_from() -> None:
    """A check from elsewhere, even a nomination, draws none of them."""
    siege = Siege()
    late = siege.latecomer()
    siege.rig.inject(STRANGER, nomination(late))
    late.connection.shake_hands()
    siege.room.run(1.0)
    assert late.connected_at is not None
    assert all(data[0] <= 3 for _, data in siege.strays())


@pytest.mark.parametrize("newer", [0, 100, 2_000])
def test_a_recorded_nomination_from_elsewhere_is_known_after_many_newer(newer: int) -> None:
    siege = Siege()
    transport = siege.rig.worker.routers["class"].transports["student"]
    transport.workload.checks.credit = 1e9  # as if they had come over an hour
    own = siege.student.connection.path.address
    recorded = nomination(siege.student)
    siege.rig.inject(own, recorded)
    for number in range(1, newer + 1):
        siege.rig.inject(own, nomination(siege.student, number))
    siege.rig.inject(STRANGER, recorded)
    assert siege.new_drops() == {"stun_refused": 1}
    assert siege.strays() == []
    siege.assert_class_goes_on()


def test_who_does_not_see_the_check_cannot_answer_it() -> None:
    siege = Siege()
    siege.rig.inject(STRANGER, nomination(siege.student))
    password = siege.student.connection.credentials.local_pwd
    guesses = [_answer(number.to_bytes(12, "big"), password) for number in range(50)]
    siege.rig.inject(STRANGER, *guesses)
    assert siege.new_drops() == {"stun_unasked": 50}
    siege.assert_class_goes_on()
    assert all(data[0] <= 3 for _, data in siege.strays())


def test_who_sees_the_check_without_the_password_cannot_answer_it() -> None:
    """A third party that plays along with an answer of its own."""
    siege = Siege()
    siege.rig.inject(STRANGER, nomination(siege.student))
    siege.room.run(0.01)
    check = siege.strays()[-1][1]
    siege.rig.inject(STRANGER, _answer(check[8:20], "x" * 24), b"\x01\x01" + check[2:])
    assert siege.new_drops() == {"stun_refused": 2}
    siege.assert_class_goes_on()


def _answer(transaction: bytes, password: str) -> bytes:
    message = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, transaction)
    message.add_message_integrity(password.encode())
    return bytes(message)
