import aiortc.rtp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.wire.rtcp import RtcpRecord, build_compound, parse_compound
from sfu.wire.rtcp_packet import RtcpError
from sfu.wire.rtcp_reports import (
    Goodbye,
    ReceiverReport,
    ReportBlock,
    SenderReport,
    SourceDescription,
)

uint32 = st.integers(0, 0xFFFFFFFF)
blocks = st.builds(
    ReportBlock,
    ssrc=uint32,
    fraction_lost=st.integers(0, 255),
    packets_lost=st.integers(-(1 << 23), (1 << 23) - 1),
    highest_sequence=uint32,
    jitter=uint32,
    lsr=uint32,
    dlsr=uint32,
)
some_blocks = st.lists(blocks, max_size=4).map(tuple)
sender_reports = st.builds(
    SenderReport,
    ssrc=uint32,
    ntp=st.integers(0, (1 << 64) - 1),
    rtp_timestamp=uint32,
    packet_count=uint32,
    octet_count=uint32,
    reports=some_blocks,
)
receiver_reports = st.builds(ReceiverReport, ssrc=uint32, reports=some_blocks)
names = st.text(max_size=60)
descriptions = st.builds(
    SourceDescription, items=st.lists(st.tuples(uint32, names), max_size=4).map(tuple)
)
goodbyes = st.builds(Goodbye, ssrcs=st.lists(uint32, max_size=31).map(tuple))

BLOCK = ReportBlock(0x01020304, 25, -2, 0x0001FFFF, 90, 0xAABBCCDD, 65536)
BLOCK_BYTES = "01020304 19fffffe 0001ffff 0000005a aabbccdd 00010000"


@pytest.mark.parametrize(
    ("record", "wire"),
    [
        (ReceiverReport(1), "80c90001 00000001"),
        (ReceiverReport(1, (BLOCK,)), "81c90007 00000001" + BLOCK_BYTES),
        (
            SenderReport(1, 0xE0000000_80000000, 90000, 10, 1200, (BLOCK,)),
            "81c8000c 00000001 e000000080000000 00015f90 0000000a 000004b0" + BLOCK_BYTES,
        ),
        (SourceDescription(((1, "ab"),)), "81ca0003 00000001 01026162 00000000"),
        (SourceDescription(((1, "abc"),)), "81ca0003 00000001 01036162 63000000"),
        (
            SourceDescription(((1, "abcde"), (2, ""))),
            "82ca0005 00000001 01056162 63646500 00000002 01000000",
        ),
        (Goodbye((1, 0xFFFFFFFF)), "82cb0002 00000001 ffffffff"),
        (Goodbye(()), "80cb0000"),
    ],
)
def test_layout(
    record: ReceiverReport | SenderReport | SourceDescription | Goodbye, wire: str
) -> None:
    assert record.build() == bytes.fromhex(wire)
    assert parse_compound(bytes.fromhex(wire)) == [record]


@given(sender_reports | receiver_reports | descriptions | goodbyes)
def test_round_trip(
    record: SenderReport | ReceiverReport | SourceDescription | Goodbye,
) -> None:
    assert parse_compound(build_compound([record])) == [record]


@pytest.mark.parametrize(
    ("packets_lost", "written"),
    [(1 << 23, (1 << 23) - 1), (1 << 40, (1 << 23) - 1), (-(1 << 24), -(1 << 23))],
)
def test_cumulative_loss_is_clamped(packets_lost: int, written: int) -> None:
    block = ReportBlock(1, 0, packets_lost, 0, 0, 0, 0)
    (report,) = parse_compound(ReceiverReport(1, (block,)).build())
    assert isinstance(report, ReceiverReport)
    assert report.reports[0].packets_lost == written


def test_wide_counters_are_cut_to_their_fields() -> None:
    block = ReportBlock(1, 300, 0, 0x5_0000_0007, 1 << 32, 0, (1 << 32) + 1)
    report = SenderReport(1, 0, 0, (1 << 32) + 2, (1 << 32) + 3, (block,))
    assert parse_compound(report.build()) == [
        SenderReport(1, 0, 0, 2, 3, (ReportBlock(1, 255, 0, 7, 0, 0, 1),))
    ]


def test_profile_specific_rest_of_a_report_is_read_over() -> None:
    data = bytes.fromhex("81c90008 00000001" + BLOCK_BYTES + "deadbeef")
    assert parse_compound(data) == [ReceiverReport(1, (BLOCK,))]


def test_a_report_holds_31_blocks_and_no_more() -> None:
    full = ReceiverReport(1, (BLOCK,) * 31)
    assert parse_compound(full.build()) == [full]
    with pytest.raises(RtcpError):
        ReceiverReport(1, (BLOCK,) * 32).build()


def test_other_items_and_nameless_chunks_are_read_over() -> None:
    chunks = "00000001 0203616263 01027879 000000" + "00000002 06017a00" + "00000003 00000000"
    assert parse_compound(bytes.fromhex("83ca0008" + chunks)) == [SourceDescription(((1, "xy"),))]


def test_goodbye_with_a_reason() -> None:
    assert parse_compound(bytes.fromhex("81cb0003 00000001 03627965 00000000")) == [Goodbye((1,))]


def test_name_that_is_not_utf8_is_readable_still() -> None:
    data = bytes.fromhex("81ca0002 00000001 0101ff00")
    assert parse_compound(data) == [SourceDescription(((1, "\ufffd"),))]


def test_name_over_255_bytes_is_refused() -> None:
    assert SourceDescription(((1, "x" * 255),)).build()
    with pytest.raises(RtcpError):
        SourceDescription(((1, "x" * 256),)).build()


@pytest.mark.parametrize(
    "data",
    [
        "80c80001 00000001",  # sender report without its sender part
        "81c80006" + "00" * 24,  # without its block
        "80c90000",
        "82c90007 00000001" + BLOCK_BYTES,
        "81ca0000",  # description without its chunk
        "82ca0002 00000001 01006162",  # no end of the chunk
        "81ca0002 00000001 01036162",  # name cut off
        "81ca0002 00000001 01016101",  # length of the second item cut off
        "82ca0002 00000001 01016100",  # second chunk missing
        "81ca0001 00000001",  # chunk without its end
        "82cb0001 00000001",
    ],
)
def test_what_does_not_fit_is_an_error(data: str) -> None:
    with pytest.raises(RtcpError):
        parse_compound(bytes.fromhex(data))


def theirs(block: ReportBlock) -> aiortc.rtp.RtcpReceiverInfo:
    return aiortc.rtp.RtcpReceiverInfo(
        ssrc=block.ssrc,
        fraction_lost=block.fraction_lost,
        packets_lost=block.packets_lost,
        highest_sequence=block.highest_sequence,
        jitter=block.jitter,
        lsr=block.lsr,
        dlsr=block.dlsr,
    )


@given(sender_reports, receiver_reports, goodbyes, uint32, names)
def test_aiortc_reads_and_writes_the_same(
    sender: SenderReport, receiver: ReceiverReport, goodbye: Goodbye, ssrc: int, name: str
) -> None:
    records: list[RtcpRecord] = [sender, receiver, goodbye, SourceDescription(((ssrc, name),))]
    info = aiortc.rtp.RtcpSenderInfo(
        ntp_timestamp=sender.ntp,
        rtp_timestamp=sender.rtp_timestamp,
        packet_count=sender.packet_count,
        octet_count=sender.octet_count,
    )
    source = aiortc.rtp.RtcpSourceInfo(ssrc=ssrc, items=[(1, name.encode())])
    other: list[aiortc.rtp.AnyRtcpPacket] = [
        aiortc.rtp.RtcpSrPacket(sender.ssrc, info, [theirs(b) for b in sender.reports]),
        aiortc.rtp.RtcpRrPacket(receiver.ssrc, [theirs(b) for b in receiver.reports]),
        aiortc.rtp.RtcpByePacket(list(goodbye.ssrcs)),
        aiortc.rtp.RtcpSdesPacket([source]),
    ]
    assert aiortc.rtp.RtcpPacket.parse(build_compound(records)) == other
    assert parse_compound(b"".join(map(bytes, other))) == records
