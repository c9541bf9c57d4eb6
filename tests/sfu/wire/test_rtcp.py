import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.wire.rtcp import (
    FullIntraRequest,
    Goodbye,
    Nack,
    PictureLossIndication,
    ReceiverReport,
    Remb,
    ReportBlock,
    RtcpError,
    RtcpRecord,
    SenderReport,
    SourceDescription,
    TransportFeedback,
    build_compound,
    parse_compound,
)
from sfu.wire.rtcp_packet import frame

BLOCK = ReportBlock(7, 1, 2, 3, 4, 5, 6)
RECORDS: list[RtcpRecord] = [
    SenderReport(1, 1 << 40, 90_000, 10, 1000, (BLOCK,)),
    ReceiverReport(1, (BLOCK, BLOCK)),
    SourceDescription(((1, "liveclass"), (2, "bot"))),
    Nack(1, 7, (65535, 0, 1, 40)),
    PictureLossIndication(1, 7),
    FullIntraRequest(1, ((7, 3),)),
    Remb(1, 1 << 20, (7, 8)),
    TransportFeedback(1, 7, 65535, 2, 1, ((65535, 128_250), (0, None), (1, 128_000))),
    Goodbye((1, 2)),
]


def packets() -> st.SearchStrategy[bytes]:
    """Well-framed packets of the types that are known, with any body."""
    return st.builds(
        lambda kind, count, body, padded: (
            bytes(((0xA0 if padded else 0x80) | count,)) + frame(kind, 0, body)[1:]
        ),
        st.integers(200, 207),
        st.sampled_from([0, 1, 2, 4, 15, 31]),
        st.integers(0, 14).flatmap(lambda n: st.binary(min_size=4 * n, max_size=4 * n)),
        st.booleans(),
    )


def test_compound_keeps_every_record_in_order() -> None:
    assert parse_compound(build_compound(RECORDS)) == RECORDS


@given(st.permutations(RECORDS))
def test_any_order_is_read(records: list[RtcpRecord]) -> None:
    assert parse_compound(build_compound(records)) == records


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_every_cut_of_a_packet_is_an_error(record: RtcpRecord) -> None:
    data = build_compound([record])
    for size in range(len(data)):
        with pytest.raises(RtcpError):
            parse_compound(data[:size])


@pytest.mark.parametrize(
    ("kind", "count"),
    [
        (204, 3),  # application-defined
        (207, 0),  # extended reports
        (192, 0),
        (205, 3),  # TMMBR
        (206, 2),  # slice loss
    ],
)
def test_unknown_packets_are_skipped(kind: int, count: int) -> None:
    pli = PictureLossIndication(1, 2)
    assert parse_compound(frame(kind, count, b"abcd") + pli.build()) == [pli]


def test_one_malformed_packet_fails_the_compound() -> None:
    with pytest.raises(RtcpError):
        parse_compound(PictureLossIndication(1, 2).build() + frame(201, 1, bytes(4)))


def test_no_packet_at_all() -> None:
    assert build_compound([]) == b""
    with pytest.raises(RtcpError):
        parse_compound(b"")


@given(st.binary(max_size=80) | st.lists(packets(), min_size=1, max_size=3).map(b"".join))
def test_any_bytes_parse_or_raise_rtcp_error(data: bytes) -> None:
    try:
        records = parse_compound(data)
    except RtcpError:
        return
    assert len(records) <= len(data) // 4


@given(packets())
def test_what_was_read_can_be_written_and_read_again(data: bytes) -> None:
    try:
        records = parse_compound(data)
    except RtcpError:
        return
    if records:
        assert meant(parse_compound(build_compound(records))) == meant(records)


def meant(records: list[RtcpRecord]) -> list[object]:
    """A NACK says which packets are missing, in whatever order and however often."""
    return [set(one.sequences) if isinstance(one, Nack) else one for one in records]


@given(st.integers(0, len(RECORDS) - 1), st.data())
def test_flipped_bits_parse_or_raise_rtcp_error(index: int, data: st.DataObject) -> None:
    packet = bytearray(build_compound([RECORDS[index]]))
    for _ in range(data.draw(st.integers(1, 3))):
        packet[data.draw(st.integers(0, len(packet) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        parse_compound(bytes(packet))
    except RtcpError:
        return
