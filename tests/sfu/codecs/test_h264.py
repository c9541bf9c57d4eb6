import pytest

from sfu.codecs.h264 import H264
from sfu.wire.packet import Packet


@pytest.mark.parametrize(("nal", "starts"), [(0x67, True), (0x65, True), (0x61, False)])
def test_key_frames_and_parameter_sets_start_a_picture(nal: int, starts: bool) -> None:
    packet = Packet(1, 0, 0, bytes([nal, 0]))
    H264().describe(packet)
    assert (packet.starts, packet.numbers) == (starts, ())


def test_no_packet_can_be_skipped_since_nothing_marks_a_frames_first() -> None:
    assert not H264().can_skip(b"\x61\x00")


@pytest.mark.parametrize(
    ("parameters", "rank"),
    [
        ({"packetization-mode": "1", "profile-level-id": "42E01f"}, 3),
        ({"packetization-mode": "1"}, 2),
        ({"packetization-mode": "1", "profile-level-id": "64001f"}, 1),
        ({"packetization-mode": "1", "profile-level-id": "baseline"}, 0),
        ({"profile-level-id": "42e01f"}, 0),
    ],
)
def test_constrained_baseline_in_mode_1_suits_best(parameters: dict[str, str], rank: int) -> None:
    assert H264().rank(parameters) == rank


def test_the_answer_has_the_offers_profile() -> None:
    answer = H264().answer_parameters({"profile-level-id": "42E01F"}, stereo=True)
    assert answer == "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"
