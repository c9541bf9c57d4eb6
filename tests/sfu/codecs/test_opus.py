from sfu.codecs.opus import Opus
from sfu.wire.packet import Packet


def test_a_receiver_can_begin_with_any_packet_and_needs_no_earlier_one() -> None:
    packet = Packet(1, 0, 0, b"opus")
    Opus().describe(packet)
    assert packet.starts
    assert Opus().can_skip(b"opus")


def test_stereo_is_answered_where_it_may_come() -> None:
    assert "stereo" not in Opus().answer_parameters({}, stereo=False)
    assert Opus().answer_parameters({}, stereo=True).endswith(";stereo=1;sprop-stereo=1")
