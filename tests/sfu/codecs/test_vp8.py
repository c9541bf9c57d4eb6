from sfu.codecs.vp8 import Vp8
from sfu.wire import vp8 as wire
from sfu.wire.packet import Packet
from tests.support.core import vp8


def described(payload: bytes) -> Packet:
    packet = Packet(1, 0, 0, payload)
    Vp8().describe(packet)
    return packet


def test_a_key_frames_first_packet_starts_a_picture_and_tells_its_height() -> None:
    packet = described(vp8(key=True, picture=7, tl0=3))
    assert (packet.starts, packet.height, packet.numbers) == (True, 180, (7, 3))


def test_other_packets_have_numbers_alone() -> None:
    packet = described(vp8(start=False, picture=7, tl0=3))
    assert (packet.starts, packet.height, packet.numbers) == (False, 0, (7, 3))


def test_a_number_that_is_missing_is_none() -> None:
    assert described(b"\x90\x80\x05\x01rest").numbers == (5, None)


def test_a_payload_without_numbers_or_cut_off_stays_as_it_is() -> None:
    for payload in (b"\x10\x01rest", b"\x90"):
        packet = described(payload)
        assert packet.numbers == ()
        assert Vp8().rewrite(packet, (5, 5)) is payload


def test_without_offsets_the_payload_is_not_even_copied() -> None:
    packet = described(vp8(picture=5))
    assert Vp8().rewrite(packet, ()) is packet.payload


def test_rewriting_moves_both_numbers() -> None:
    packet = described(vp8(picture=0x7FFF, tl0=9))
    moved = wire.parse(Vp8().rewrite(packet, (2, -3)))
    assert moved is not None
    assert (moved.picture_id, moved.tl0picidx) == (1, 6)


def test_only_a_frames_first_packet_is_of_use_without_subscribers() -> None:
    assert not Vp8().can_skip(vp8(start=True))
    assert Vp8().can_skip(vp8(start=False))
