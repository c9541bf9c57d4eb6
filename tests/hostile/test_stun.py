"""STUN that is not what it should be: no answer, no binding, no amplification."""

import pytest
from aioice import stun

from common.work import Price
from sfu.ice.stun_rate_limiter import BURST
from tests.support.netem import Conditions
from tests.support.rig import Address
from tests.support.siege import STRANGER, Siege, nobody
from tests.support.stun_client import binding_request

INTEGRITY_AND_FINGERPRINT = 24 + 8


def request(siege: Siege, number: int = 0, **options: object) -> bytes:
    """A check of the student's, right but for the options."""
    transaction = number.to_bytes(12, "big")
    return binding_request(siege.student.connection.credentials, transaction, **options)  # type: ignore[arg-type]


def forms(siege: Siege) -> dict[str, tuple[bytes, str]]:
    """Requests that must get no answer, with the counter that tells."""
    credentials = siege.student.connection.credentials
    stranger = type(credentials)("local", "pwd", "nobodyhere", credentials.remote_pwd)
    response = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE)
    response.add_message_integrity(credentials.remote_pwd.encode())
    indication = stun.Message(stun.Method.BINDING, stun.Class.INDICATION)
    allocate = stun.Message(stun.Method.ALLOCATE, stun.Class.REQUEST)
    bare = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    return {
        "without integrity": (request(siege, integrity=False), "stun_refused"),
        "with a wrong password": (request(siege, password="x" * 24), "stun_refused"),
        "with the peer's own password": (
            request(siege, password=credentials.local_pwd),
            "stun_refused",
        ),
        "for nobody": (binding_request(stranger, bytes(12)), "stun_unknown_user"),
        "without a user": (bytes(bare), "stun_malformed"),
        "a response": (bytes(response), "stun_unasked"),
        "an indication": (bytes(indication), "stun_malformed"),
        "another method": (bytes(allocate), "stun_malformed"),
    }


FORMS = [
    "without integrity",
    "with a wrong password",
    "with the peer's own password",
    "for nobody",
    "without a user",
    "a response",
    "an indication",
    "another method",
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("where", ["a stranger", "the student"])
def test_no_answer(form: str, where: str) -> None:
    siege = Siege()
    data, reason = forms(siege)[form]
    bound = siege.student.connection.path.address
    siege.rig.inject(STRANGER if where == "a stranger" else bound, *[data] * 10)
    assert siege.strays() == []
    assert siege.new_drops() == {reason: 10}
    siege.assert_class_goes_on()


def test_a_cut_request_is_malformed_at_every_length() -> None:
    siege = Siege()
    whole = request(siege)
    siege.rig.inject(STRANGER, *(whole[:length] for length in range(2, len(whole))))
    assert siege.strays() == []
    assert siege.new_drops() == {"stun_malformed": len(whole) - 2}


def test_a_request_with_any_byte_changed_binds_nothing() -> None:
    siege = Siege()
    whole = request(siege)
    authentic = len(whole) - INTEGRITY_AND_FINGERPRINT
    changed = [
        whole[:position] + bytes([whole[position] ^ flip]) + whole[position + 1 :]
        for position in range(1, len(whole) - 8)
        for flip in (0x01, 0x80)
    ]
    for data in changed:
        siege.rig.inject(STRANGER, data)
    assert siege.strays() == []
    drops = siege.new_drops()
    assert sum(drops.values()) == len(changed)
    assert set(drops) <= {"stun_malformed", "stun_unknown_user", "stun_refused", "unknown_kind"}
    assert authentic > 60
    siege.rig.inject(STRANGER, *siege.captured_rtp(siege.student)[-1:] or [b"\x80\x60" + bytes(40)])
    assert siege.new_drops() == {"unknown_address": 1}


def test_an_answer_is_never_larger_than_its_request() -> None:
    """The smallest authentic request there is: the rig checks every answer."""
    siege = Siege()
    credentials = siege.student.connection.credentials
    name = f"{credentials.remote_ufrag}:x"
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, attributes={"USERNAME": name})
    message.add_message_integrity(credentials.remote_pwd.encode())
    siege.rig.inject(STRANGER, bytes(message))
    without = bytes(message)[:-8]
    short = without[:2] + (len(without) - 20).to_bytes(2, "big") + without[4:]
    siege.rig.inject(STRANGER, short)
    for _, answer in siege.strays():
        assert len(answer) <= len(bytes(message))


def test_one_transport_holds_few_addresses() -> None:
    """Who knows the password may check from many places, but not fill the worker with them."""
    siege = Siege()
    where = [nobody(number) for number in range(90)]
    for number, address in enumerate(where):
        siege.rig.inject(address, request(siege, number, nominate=False))
    assert len(siege.strays()) == 90
    siege.new_drops()
    media = b"\x80\x60" + bytes(60)
    for address in where:
        siege.rig.inject(address, media)
    drops = siege.new_drops()
    assert drops["unknown_address"] >= 80
    siege.assert_class_goes_on()


def test_checks_without_nomination_move_no_media() -> None:
    siege = Siege()
    siege.rig.inject(STRANGER, request(siege, nominate=False))
    assert [data[:2] for _, data in siege.strays()] == [b"\x01\x01"]
    siege.assert_class_goes_on()
    assert len(siege.strays()) == 1


def test_a_recorded_check_replayed_from_elsewhere_moves_no_media() -> None:
    """Somebody on the path repeats the student's own check from a victim's address."""
    siege = Siege(seconds=4.0)
    check = siege.captured_of(siege.student, 0, 3)[-1]
    siege.rig.inject(STRANGER, check)
    siege.assert_class_goes_on(2.0)
    assert all(data[0] <= 3 for _, data in siege.strays())


def test_a_forged_source_address_cuts_nobody_off() -> None:
    """A participant's own check, sent with the teacher's address as its source."""
    siege = Siege()
    check = binding_request(siege.student.connection.credentials, bytes(12))
    siege.rig.inject(siege.teacher.connection.path.address, check)
    assert siege.new_drops() == {"stun_refused": 1}
    siege.assert_class_goes_on()


def test_a_check_of_one_participant_does_not_open_anothers_transport() -> None:
    siege = Siege()
    teacher, student = siege.teacher.connection, siege.student.connection
    crossed = type(student.credentials)(
        student.credentials.local_ufrag,
        student.credentials.local_pwd,
        teacher.credentials.remote_ufrag,
        student.credentials.remote_pwd,
    )
    siege.rig.inject(student.path.address, binding_request(crossed, bytes(12)))
    assert siege.new_drops() == {"stun_refused": 1}
    siege.assert_class_goes_on()


def test_a_role_conflict_is_answered_and_binds_nothing() -> None:
    siege = Siege()
    credentials = siege.student.connection.credentials
    message = stun.Message(
        stun.Method.BINDING,
        stun.Class.REQUEST,
        attributes={
            "USERNAME": f"{credentials.remote_ufrag}:{credentials.local_ufrag}",
            "ICE-CONTROLLED": 7,
            "PRIORITY": 1,
            "USE-CANDIDATE": None,
        },
    )
    message.add_message_integrity(credentials.remote_pwd.encode())
    siege.rig.inject(STRANGER, bytes(message))
    [(_, answer)] = siege.strays()
    assert stun.parse_message(answer).message_class == stun.Class.ERROR
    siege.assert_class_goes_on()
    assert len(siege.strays()) == 1


def test_a_flood_of_false_checks_does_not_stop_a_true_one() -> None:
    siege = Siege()
    false = [request(siege, number, integrity=False) for number in range(2_000)]
    siege.rig.inject(STRANGER, *false)
    siege.student.connection.move(nobody(1))
    siege.student.connection.path.up.conditions = Conditions(delay=0.01)
    siege.room.run(0.5)
    siege.assert_class_goes_on()
    addresses: set[Address] = {address for address, _ in siege.strays()}
    assert addresses == set()


def test_checks_without_end_are_answered_at_a_bounded_rate() -> None:
    """1,000 authentic requests a second from one participant: 20 a second after the first 100."""
    siege = Siege()
    where = siege.student.connection.path.address
    sent = siege.room.rig.worker.arrivals.stun_answers
    for number in range(5_000):
        siege.rig.inject(where, request(siege, number, nominate=False))
        if number % 40 == 0:
            siege.room.run(0.04)
    answered = siege.room.rig.worker.arrivals.stun_answers - sent
    assert 100 <= answered <= 100 + 6 * 20 + 10
    assert siege.new_drops()["stun_over_budget"] > 4_000
    siege.assert_class_goes_on()


def test_a_request_repeated_without_end_costs_its_sender_no_consent() -> None:
    """Anybody on the path can repeat what a participant sends, with its address."""
    siege = Siege()
    where = siege.student.connection.path.address
    repeated = request(siege, 1, nominate=True)
    for _ in range(1_500):  # a minute
        siege.rig.inject(where, *[repeated] * 40)
        siege.room.run(0.04)
    assert siege.new_drops()["stun_over_budget"] > 10_000
    siege.assert_class_goes_on()


def test_requests_that_prove_nothing_are_soon_not_read_any_more() -> None:
    siege = Siege()
    wrong = forms(siege)["for nobody"][0]
    for _ in range(5_000):
        siege.rig.inject(STRANGER, wrong)
    drops = siege.new_drops()
    assert drops["stun_unknown_user"] <= BURST / Price.FAILED_CHECK + 1
    assert sum(drops.values()) == 5_000
    siege.assert_class_goes_on()
