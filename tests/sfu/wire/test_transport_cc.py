from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.wire.rtcp import parse_compound
from sfu.wire.rtcp_packet import RtcpError, frame
from sfu.wire.transport_cc import MAX_STATUSES, TransportFeedback

REFERENCE = 100
START = REFERENCE * 64_000
HEAD = "00000001 00000002"


def feedback(base: int, times: Sequence[int | None], reference: int = REFERENCE) -> bytes:
    arrivals = tuple(((base + i) & 0xFFFF, time) for i, time in enumerate(times))
    return TransportFeedback(1, 2, base, reference, 9, arrivals).build()


def parse(data: bytes) -> TransportFeedback:
    (record,) = parse_compound(data)
    assert isinstance(record, TransportFeedback)
    return record


def parse_body(text: str) -> TransportFeedback:
    """The feedback whose body is `text`, filled up to whole words."""
    body = bytes.fromhex(HEAD + text)
    return parse(frame(205, 15, body, padding=-len(body) & 3))


def ticks(*deltas: int | None) -> list[int | None]:
    """Arrival times from differences of 250 µs; None for what is lost."""
    time, times = START, list[int | None]()
    for delta in deltas:
        time += 250 * (delta or 0)
        times.append(None if delta is None else time)
    return times


# After the SSRCs: base and count, reference and feedback count, then chunks and deltas.
CASES = {
    "one packet is a run": (1, ticks(3), "00010001 00006409 2001 03"),
    "run of small deltas": (1, ticks(*[1] * 20), "00010014 00006409 2014" + "01" * 20),
    "run of lost packets": (
        1,
        ticks(2, *[None] * 30, 2),
        "00010020 00006409 a000 0011 2001 02 02",
    ),
    "one-bit vector": (1, ticks(1, None, 1), "00010003 00006409 a800 01 01"),
    "one-bit vector, full": (
        1,
        ticks(*[1, None] * 7),
        "0001000e 00006409 aaaa 01010101010101",
    ),
    "two-bit vector": (1, ticks(1, None, 256), "00010003 00006409 d200 01 0100"),
    "arrived together": (1, ticks(3, 0), "00010002 00006409 2002 03 00"),
    "negative delta": (1, ticks(4, -1), "00010002 00006409 d800 04 ffff"),
    "run of large deltas": (1, ticks(*[300] * 8), "00010008 00006409 4008" + "012c" * 8),
    "largest small delta": (1, ticks(255), "00010001 00006409 2001 ff"),
    "extreme large deltas": (
        1,
        ticks(32767, -32768),
        "00010002 00006409 4002 7fff 8000",
    ),
    "base wraps": (65534, ticks(1, 2, 3), "fffe0003 00006409 2003 010203"),
    "nothing arrived": (1, ticks(None), "00010001 00006409 0001"),
}


@pytest.mark.parametrize(("base", "times", "body"), CASES.values(), ids=CASES.keys())
def test_layout(base: int, times: list[int | None], body: str) -> None:
    written = bytes.fromhex(HEAD + body)
    data = frame(205, 15, written, padding=-len(written) & 3)
    assert feedback(base, times) == data
    arrivals = tuple(((base + i) & 0xFFFF, time) for i, time in enumerate(times))
    assert parse(data) == TransportFeedback(1, 2, base, REFERENCE, 9, arrivals)


@pytest.mark.parametrize(
    ("body", "times"),
    [
        ("00010003 00006409 3fff 010101", ticks(1, 1, 1)),  # a run beyond the count
        ("00010002 00006409 bfff 0101", ticks(1, 1)),  # a vector filled up beyond the count
        ("00010002 00006409 d400 0102", ticks(1, 2)),  # two bits where one would do
        ("00010002 00006409 2000 2002 0102", ticks(1, 2)),  # an empty run
        ("00010008 00006409 c001 d000 0102", ticks(*[None] * 6, 1, 2)),  # over two vectors
        ("0001000e 00006409 8000", [None] * 14),
        (f"0001{MAX_STATUSES:04x} 00006409 1fff", [None] * MAX_STATUSES),
        ("00010000 00006409", []),
        ("00010001 00006409 2001 03 00 00 00 00 00", ticks(3)),  # bytes to spare
    ],
)
def test_other_writers_chunks_are_read(body: str, times: list[int | None]) -> None:
    assert [time for _, time in parse_body(body).arrivals] == times


@pytest.mark.parametrize(
    ("written", "read"), [(0x7FFFFF, 0x7FFFFF), (0x800000, -0x800000), (-1, -1), (1 << 24, 0)]
)
def test_reference_time_is_signed_24_bits(written: int, read: int) -> None:
    record = parse(feedback(1, [written * 64_000 + 500], reference=written))
    assert record.reference_time == read
    assert record.arrivals == ((1, read * 64_000 + 500),)


def test_feedback_count_wraps() -> None:
    assert parse(TransportFeedback(1, 2, 3, 4, 257, ()).build()).feedback_count == 1


def test_rounding_does_not_add_up() -> None:
    times = [START + i * 1249 for i in range(200)]
    record = parse(feedback(1, times))
    assert [time for _, time in record.arrivals] == [time // 250 * 250 for time in times]


@given(
    st.integers(0, 0xFFFF),
    st.lists(
        st.none() | st.integers(0, 3) | st.integers(0, 255) | st.integers(-0x8000, 0x7FFF),
        max_size=120,
    ),
)
def test_round_trip(base: int, deltas: list[int | None]) -> None:
    times = ticks(*deltas)
    record = parse(feedback(base, times))
    assert record.arrivals == tuple(((base + i) & 0xFFFF, time) for i, time in enumerate(times))


@given(st.lists(st.tuples(st.sampled_from([None, 1, 300]), st.integers(1, 40)), max_size=12))
def test_runs_of_every_length_round_trip(runs: list[tuple[int | None, int]]) -> None:
    times = ticks(*[delta for delta, length in runs for _ in range(length)])
    assert [time for _, time in parse(feedback(9, times)).arrivals] == times


def test_long_losses_cost_one_chunk() -> None:
    data = feedback(1, [*ticks(1), *[None] * 1000])
    assert len(data) <= 28
    assert len(parse(data).arrivals) == 1001


@pytest.mark.parametrize(
    "arrivals",
    [
        ((1, START), (3, START)),  # a hole
        ((2, START),),  # not from the base
        ((1, START), (1, START)),
        ((1, START + 32768 * 250),),
        ((1, START - 32769 * 250),),
        tuple((i + 1, None) for i in range(MAX_STATUSES + 1)),
    ],
)
def test_arrivals_that_cannot_be_written_are_refused(
    arrivals: tuple[tuple[int, int | None], ...],
) -> None:
    with pytest.raises(RtcpError):
        TransportFeedback(1, 2, 1, REFERENCE, 9, arrivals).build()


@pytest.mark.parametrize(
    "body",
    [
        "",
        "00010001",
        "00010001 00006409",  # no chunk
        "00010001 00006409 2001",  # no delta
        "00010001 00006409 4001 01",  # half a large delta
        "0001000f 00006409 8000",  # 14 statuses of 15
        "00010001 00006409 f000 0101",  # reserved status in a vector
        "00010001 00006409 6001 010101",  # reserved status in a run
        f"0001{MAX_STATUSES + 1:04x} 00006409 1fff",
    ],
)
def test_what_does_not_fit_is_an_error(body: str) -> None:
    with pytest.raises(RtcpError):
        parse_body(body)
