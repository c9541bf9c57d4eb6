"""DTLS datagrams without end, from a participant's address: they cost little and remove nobody."""

import pytest

from sfu.dtls.limits import SESSION_BURST, SESSION_RATE
from tests.support.dtls import FINISHED, HANDSHAKE, ReadySession
from tests.support.siege import Siege

KINDS = (
    b"\x17\xfe\xfd\x00\x01" + bytes(95),  # a recorded heartbeat of a data channel
    b"\x16" * 1_200,  # garbage
    HANDSHAKE + b"\x01" + bytes(163),  # a ClientHello that comes again
    b"\x15\xfe\xfd" + bytes(12),  # an alert that nothing seals
)
SECONDS, EACH = 10, 1_000


@pytest.mark.parametrize("victim", ["teacher", "student"])
def test_a_flood_to_a_connected_session_is_dropped_and_media_goes_on(
    victim: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    siege = Siege()
    peer = siege.teacher if victim == "teacher" else siege.student
    reached = 0
    real = ReadySession.receive

    def receive(self: ReadySession, datagram: bytes) -> None:
        nonlocal reached
        reached += 1
        real(self, datagram)

    monkeypatch.setattr(ReadySession, "receive", receive)
    for _ in range(SECONDS):
        for number in range(EACH):
            siege.rig.inject(peer.connection.path.address, KINDS[number % len(KINDS)])
        siege.assert_class_goes_on(1.0)
    most = SESSION_BURST + SESSION_RATE * SECONDS
    assert 0 < reached <= most
    assert siege.new_drops() == {"dtls_over_budget": SECONDS * EACH - reached}


def test_repeats_of_a_whole_handshake_are_answered_no_more_than_the_budget_allows() -> None:
    siege = Siege()
    (first,) = {data for data in siege.captured_of(siege.student, 22, 22)}
    answers: list[bytes] = []
    siege.rig.taps.append(lambda where, data, now: answers.append(data))
    siege.rig.inject(siege.student.connection.path.address, *[first] * 1_000)
    siege.room.run(0.5)
    assert 0 < answers.count(FINISHED) <= SESSION_BURST
    siege.assert_class_goes_on()
