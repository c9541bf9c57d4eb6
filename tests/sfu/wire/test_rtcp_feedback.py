import aiortc.rtp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.wire.rtcp import parse_compound
from sfu.wire.rtcp_feedback import FullIntraRequest, Nack, PictureLossIndication, Remb
from sfu.wire.rtcp_packet import RtcpError

uint32 = st.integers(0, 0xFFFFFFFF)
ssrc_lists = st.lists(uint32, max_size=8).map(tuple)
sequence_sets = st.lists(st.integers(0, 0xFFFF), max_size=60)


def fci(packet: bytes) -> str:
    """What follows the two SSRCs, in hex."""
    return packet[12:].hex(" ", 4)


@pytest.mark.parametrize(
    ("sequences", "entries"),
    [
        ((), ""),
        ((5,), "00050000"),
        ((5, 6), "00050001"),
        ((5, 21), "00058000"),
        ((5, 22), "00050000 00160000"),
        (tuple(range(5, 22)), "0005ffff"),
        (tuple(range(5, 23)), "0005ffff 00160000"),
        ((65535, 0), "ffff0001"),
        ((65534, 65535, 0, 1, 14), "fffe8007"),
        ((65530, 11), "fffa0000 000b0000"),
        ((7, 7), "00070000"),
        ((9, 5), "00090000 00050000"),
    ],
)
def test_nack_packs_sixteen_behind_the_first(sequences: tuple[int, ...], entries: str) -> None:
    assert fci(Nack(1, 2, sequences).build()) == entries


@pytest.mark.parametrize(
    ("entries", "sequences"),
    [
        ("ffff0001", (65535, 0)),
        ("fffe8007", (65534, 65535, 0, 1, 14)),
        ("0005ffff", tuple(range(5, 22))),
        ("00050000 00010003", (5, 1, 2, 3)),
    ],
)
def test_nack_unpacks_over_the_wrap(entries: str, sequences: tuple[int, ...]) -> None:
    words = 2 + len(bytes.fromhex(entries)) // 4
    data = bytes.fromhex(f"81cd{words:04x} 00000001 00000002 {entries}")
    assert parse_compound(data) == [Nack(1, 2, sequences)]


@given(st.integers(0, 0xFFFF), st.lists(st.integers(1, 40), max_size=40))
def test_nack_in_rising_order_round_trips(first: int, steps: list[int]) -> None:
    sequences = [first]
    for step in steps:
        sequences.append((sequences[-1] + step) & 0xFFFF)
    nack = Nack(1, 2, tuple(sequences))
    assert parse_compound(nack.build()) == [nack]


@given(sequence_sets)
def test_nack_in_any_order_asks_for_the_same_packets(sequences: list[int]) -> None:
    (nack,) = parse_compound(Nack(1, 2, tuple(sequences)).build())
    assert isinstance(nack, Nack)
    assert set(nack.sequences) == set(sequences)


@given(st.sets(st.integers(0, 65519), max_size=60).map(sorted))
def test_nack_agrees_with_aiortc(sequences: list[int]) -> None:
    theirs = aiortc.rtp.RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=2, lost=sequences)
    ours = Nack(1, 2, tuple(sequences))
    assert ours.build() == bytes(theirs)
    assert aiortc.rtp.RtcpPacket.parse(ours.build()) == [theirs]


def test_picture_loss_indication() -> None:
    pli = PictureLossIndication(0x01020304, 0xFFFFFFFF)
    assert pli.build() == bytes.fromhex("81ce0002 01020304 ffffffff")
    assert parse_compound(pli.build()) == [pli]
    assert aiortc.rtp.RtcpPacket.parse(pli.build()) == [
        aiortc.rtp.RtcpPsfbPacket(fmt=1, ssrc=0x01020304, media_ssrc=0xFFFFFFFF)
    ]


def test_full_intra_request() -> None:
    fir = FullIntraRequest(1, ((0xAABBCCDD, 255), (3, 0)))
    wire = "84ce0006 00000001 00000000 aabbccdd ff000000 00000003 00000000"
    assert fir.build() == bytes.fromhex(wire)
    assert parse_compound(fir.build()) == [fir]


def test_full_intra_request_command_number_wraps() -> None:
    assert fci(FullIntraRequest(1, ((2, 257),)).build()) == "00000002 01000000"


@given(uint32, st.lists(st.tuples(uint32, st.integers(0, 255)), max_size=8))
def test_full_intra_request_round_trip(sender: int, entries: list[tuple[int, int]]) -> None:
    fir = FullIntraRequest(sender, tuple(entries))
    assert parse_compound(fir.build()) == [fir]


@pytest.mark.parametrize(
    ("bitrate", "word", "read"),
    [
        (0, "01000000", 0),
        (1, "01000001", 1),
        (0x3FFFF, "0103ffff", 0x3FFFF),
        (0x40000, "01060000", 0x40000),
        (0x40001, "01060000", 0x40000),  # the lost bit is dropped, not rounded up
        (0x7FFFF, "0107ffff", 0x7FFFE),
        (2_500_000, "0112625a", 2_500_000),
        (0x3FFFF << 63, "01ffffff", 0x3FFFF << 63),
    ],
)
def test_remb_has_an_18_bit_mantissa(bitrate: int, word: str, read: int) -> None:
    packet = Remb(1, bitrate, (7,)).build()
    assert packet == bytes.fromhex("8fce0005 00000001 00000000 52454d42" + word + "00000007")
    assert parse_compound(packet) == [Remb(1, read, (7,))]


@given(uint32, st.integers(0, 1 << 60), ssrc_lists)
def test_remb_claims_no_more_than_meant(sender: int, bitrate: int, ssrcs: tuple[int, ...]) -> None:
    (remb,) = parse_compound(Remb(sender, bitrate, ssrcs).build())
    assert isinstance(remb, Remb)
    assert (remb.sender_ssrc, remb.ssrcs) == (sender, ssrcs)
    assert bitrate * (1 - 2**-17) <= remb.bitrate <= bitrate


@given(st.integers(0, 1 << 60), ssrc_lists)
def test_remb_agrees_with_aiortc(bitrate: int, ssrcs: tuple[int, ...]) -> None:
    packet = Remb(1, bitrate, ssrcs).build()
    assert packet[12:] == aiortc.rtp.pack_remb_fci(bitrate, list(ssrcs))
    (theirs,) = aiortc.rtp.RtcpPacket.parse(packet)
    assert isinstance(theirs, aiortc.rtp.RtcpPsfbPacket)
    (ours,) = parse_compound(packet)
    assert isinstance(ours, Remb)
    assert aiortc.rtp.unpack_remb_fci(theirs.fci) == (ours.bitrate, list(ours.ssrcs))


@pytest.mark.parametrize("remb", [Remb(1, -1, ()), Remb(1, 1 << 81, ()), Remb(1, 0, (1,) * 256)])
def test_remb_that_does_not_fit_is_refused(remb: Remb) -> None:
    with pytest.raises(RtcpError):
        remb.build()


@pytest.mark.parametrize("body", ["", "52454d43 01000000 00000007", "4c4f4c00"])
def test_application_feedback_other_than_remb_is_skipped(body: str) -> None:
    words = 2 + len(bytes.fromhex(body)) // 4
    assert parse_compound(bytes.fromhex(f"8fce{words:04x} 00000001 00000000 {body}")) == []


@pytest.mark.parametrize(
    "data",
    [
        "81cd0001 00000001",  # no media SSRC
        "81ce0001 00000001",
        "84ce0000",
        "8fce0001 00000001",
        "a1cd0003 00000001 00000002 00050001",  # padding leaves half an entry
        "84ce0003 00000001 00000000 aabbccdd",  # half an entry
        "8fce0003 00000001 00000000 52454d42",  # no bit rate
        "8fce0004 00000001 00000000 52454d42 01000000",  # no SSRC
    ],
)
def test_what_does_not_fit_is_an_error(data: str) -> None:
    with pytest.raises(RtcpError):
        parse_compound(bytes.fromhex(data))
