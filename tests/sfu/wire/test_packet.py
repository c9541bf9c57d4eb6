"""One received packet, as forwarding shares it."""

from sfu.wire.packet import PADDING, PADDING_PAYLOAD, VERSION, Packet
from tests.support.media import read_rtp, write_rtp


def test_a_packet_is_not_forwarded_yet() -> None:
    packet = Packet(5, 3_000, 0, b"payload")
    assert packet.stamp == 0
    assert not packet.starts


def test_padding_payload_is_what_a_receiver_reads_as_nothing() -> None:
    header = write_rtp(96, False, 1, 2, 3, [], b"")
    read = read_rtp(bytes([VERSION | PADDING]) + header[1:] + PADDING_PAYLOAD)
    assert read.payload == b""
    assert read.padding == 1
