"""The peers' reading of transport-cc, against hand-made messages and the product's writer."""

import struct

import pytest

from sfu.wire.rtcp import TransportFeedback as Written
from sfu.wire.rtcp import build_compound
from tests.support import rtcp_client
from tests.support.rtcp_client import TransportFeedback, read_compound


def message(base: int, count: int, reference: int, chunks: list[int], deltas: bytes) -> bytes:
    body = struct.pack(">IIHH", 1, 2, base, count) + reference.to_bytes(3, "big") + b"\x07"
    body += b"".join(struct.pack(">H", chunk) for chunk in chunks) + deltas
    body += bytes(-len(body) % 4)
    return struct.pack(">BBH", 0x8F, 205, len(body) // 4) + body


@pytest.mark.parametrize(
    ("chunks", "deltas", "arrivals"),
    [
        ([0x2003], b"\x04\x04\x08", [0.001, 0.002, 0.004]),  # a run of three small deltas
        ([0x8000 | 0b101 << 11], b"\x04\x04", [0.001, None, 0.002]),  # one-bit symbols
        ([0xC000 | 0b100100 << 8], b"\xff\xfc\x08", [-0.001, 0.001, None]),  # two-bit symbols
    ],
)
def test_each_kind_of_chunk(chunks: list[int], deltas: bytes, arrivals: list[float | None]) -> None:
    [record] = read_compound(message(65_535, 3, 10, chunks, deltas))
    assert isinstance(record, TransportFeedback)
    assert [sequence for sequence, _ in record.arrivals] == [65_535, 0, 1]
    told = [at if at is None else at - 0.64 for _, at in record.arrivals]
    assert told == [at if at is None else pytest.approx(at) for at in arrivals]
    assert record.count == 7


def test_the_products_writer_is_understood() -> None:
    times = [64_000, 64_250, None, 90_000, None, None, 80_000, 5_000_000]
    arrivals = tuple(((65_533 + n) & 0xFFFF, at) for n, at in enumerate(times))
    written = Written(1, 2, 65_533, 1, 9, arrivals)
    [record] = read_compound(build_compound((written,)))
    assert isinstance(record, TransportFeedback)
    assert [s for s, _ in record.arrivals] == [s for s, _ in arrivals]
    for (_, read), at in zip(record.arrivals, times, strict=True):
        assert read == (at if at is None else pytest.approx(at / 1e6, abs=2e-4))


@pytest.mark.parametrize(
    ("chunks", "deltas", "complaint"),
    [
        ([0x2003], b"\x04", "cut off"),
        ([0x6003], b"\x04\x04\x04", "reserved"),
        ([0x2003], b"\x04\x04\x04" + bytes(8), "left over"),
    ],
)
def test_malformed_feedback_is_refused(chunks: list[int], deltas: bytes, complaint: str) -> None:
    data = message(1, 3, 10, chunks, deltas)
    with pytest.raises(AssertionError, match=complaint):
        read_compound(data)


def test_nacks_across_the_wrap_are_read_back() -> None:
    numbers = [65_534, 65_535, 0, 1]
    [record] = read_compound(rtcp_client.nack(1, 2, numbers))
    assert getattr(record, "lost", None) == numbers


def test_clock_values_round_trip() -> None:
    assert rtcp_client.wall_from_ntp(rtcp_client.ntp(1.8e9)) == pytest.approx(1.8e9, abs=1e-5)
