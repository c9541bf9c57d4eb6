"""What the attacks throw is what their rows say."""

from random import Random

from sfu.wire import demux
from tests.siege.attacks.data_channel import HEARTBEATS, chunk, heartbeats, packet, read_init_ack
from tests.siege.attacks.feedback import CLAIMED, RECORDS, claims
from tests.siege.attacks.forged import datagram, garbage
from tests.siege.attacks.strangers import nested
from tests.siege.own_dtls import split
from tests.siege.web_socket import event, frame

MTU = 1_500


def test_a_feedback_of_24_bytes_claims_4096_packets() -> None:
    record = claims(70_000, 3)
    assert len(record) == 24
    assert int.from_bytes(record[14:16], "big") == CLAIMED  # more than the parser takes by now
    assert RECORDS * len(record) < MTU - 50


def test_a_forged_datagram_says_whom_it_is_from() -> None:
    sent = datagram(("127.0.0.5", 4_321), ("127.0.0.1", 4_000), b"x" * 10)
    assert len(sent) == 20 + 8 + 10
    assert sent[12:20] == bytes((127, 0, 0, 5, 127, 0, 0, 1))
    assert int.from_bytes(sent[20:22], "big") == 4_321


def test_garbage_has_every_kind() -> None:
    kinds = {demux.classify(data) for data in garbage(Random(1))}
    assert kinds >= {demux.RTP, demux.RTCP, demux.DTLS, demux.STUN}
    assert all(len(data) < MTU for data in garbage(Random(1)))


def test_nested_json_has_its_size() -> None:
    assert 498_000 - 3 <= len(nested(498_000)) <= 498_000
    assert nested(100).endswith("[]]")


def test_frames_are_masked_with_zeros() -> None:
    assert frame("hi") == b"\x81\x82" + bytes(4) + b"hi"
    assert frame("x" * 200)[:4] == b"\x81\xfe\x00\xc8"
    assert frame("x" * 70_000)[1] == 0xFF
    assert event("hand", {"raised": False}, 5) == '425["hand",{"raised":false}]'


def test_a_flight_is_cut_between_records() -> None:
    record = b"\x16\xfe\xfd" + bytes(8) + (500).to_bytes(2, "big") + bytes(500)
    assert [len(part) for part in split(record * 3)] == [1_026, 513]
    assert split(b"") == []


def test_heartbeats_fill_a_datagram() -> None:
    assert len(heartbeats(7)) == 12 + 8 * HEARTBEATS < MTU - 100


def test_the_cookie_is_found_behind_other_parameters() -> None:
    other, cookie = b"\x80\x08\x00\x06ab\x00\x00", b"\x00\x07\x00\x08wxyz"
    answer = packet(9, chunk(2, (77).to_bytes(4, "big") + bytes(12) + other + cookie))
    assert read_init_ack(answer) == (77, b"wxyz")
    assert read_init_ack(packet(9, chunk(6, bytes(20)))) == (0, b"")
    assert read_init_ack(b"") == (0, b"")
