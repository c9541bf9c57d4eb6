import pytest
from aiortc.codecs.vpx import VpxPayloadDescriptor
from hypothesis import given
from hypothesis import strategies as st

from sfu.wire import vp8
from sfu.wire.vp8 import Vp8Descriptor

# What Chromium sends: X, S; I, L, T and K; 15-bit picture id; TL0PICIDX; TID.
CHROMIUM_KEY = bytes.fromhex("90e0 c60f 69 00") + b"\x10\x02\x00\x9d\x01\x2a"


def parse(payload: bytes) -> Vp8Descriptor:
    descriptor = vp8.parse(payload)
    assert descriptor is not None
    return descriptor


def test_chromium_key_frame_start() -> None:
    assert parse(CHROMIUM_KEY) == Vp8Descriptor(
        start=True,
        picture_id=0x460F,
        tl0picidx=0x69,
        temporal_id=0,
        keyframe=True,
        size=6,
    )


@pytest.mark.parametrize(
    ("head", "data", "start", "keyframe"),
    [
        (0x10, b"\x00", True, True),
        (0x10, b"\x01", True, False),
        (0x00, b"\x00", False, False),  # not the start of a partition
        (0x11, b"\x00", False, False),  # starts another partition
        (0x30, b"\x00", True, True),  # N: non-reference
    ],
)
def test_one_byte_descriptor(head: int, data: bytes, start: bool, keyframe: bool) -> None:
    assert parse(bytes((head,)) + data) == Vp8Descriptor(start, None, None, None, keyframe, 1)


@pytest.mark.parametrize(
    ("descriptor", "picture_id", "tl0", "temporal_id"),
    [
        ("9080 25", 0x25, None, None),
        ("9080 8025", 0x25, None, None),
        ("9080 ffff", 0x7FFF, None, None),
        ("9040 07", None, 7, None),
        ("90c0 25 07", 0x25, 7, None),
        ("9020 a0", None, None, 2),
        ("9010 1f", None, None, None),  # K alone
        ("9030 5f", None, None, 1),
        ("90f0 8123 05 e1", 0x123, 5, 3),
        ("9000", None, None, None),
    ],
)
def test_optional_fields(
    descriptor: str, picture_id: int | None, tl0: int | None, temporal_id: int | None
) -> None:
    raw = bytes.fromhex(descriptor)
    parsed = parse(raw + b"\x00rest")
    assert parsed.picture_id == picture_id
    assert (parsed.tl0picidx, parsed.temporal_id) == (tl0, temporal_id)
    assert parsed.size == len(raw)
    assert parsed.keyframe


@pytest.mark.parametrize("size", range(len("90f0 8123 05 e1".replace(" ", "")) // 2 + 1))
def test_cut_off_descriptor_or_nothing_behind_it_is_none(size: int) -> None:
    assert vp8.parse(bytes.fromhex("90f0 8123 05 e1")[:size]) is None


@given(st.binary(max_size=12))
def test_agrees_with_aiortc_on_any_bytes(payload: bytes) -> None:
    parsed = vp8.parse(payload)
    try:
        theirs, rest = VpxPayloadDescriptor.parse(payload)
    except ValueError:
        assert parsed is None
        return
    if not rest:
        assert parsed is None
        return
    assert parsed is not None
    assert parsed.picture_id == theirs.picture_id
    assert parsed.tl0picidx == theirs.tl0picidx
    assert parsed.temporal_id == (theirs.tid[0] if theirs.tid else None)
    assert parsed.start == (theirs.partition_start == 1 and theirs.partition_id & 7 == 0)
    assert parsed.size == len(payload) - len(rest)


@pytest.mark.parametrize(
    ("data", "size"),
    [
        ("100200 9d012a 4001 b400", (320, 180)),
        ("100200 9d012a 0005 d002 ffff", (1280, 720)),
        ("100200 9d012a ffff 4540", (16383, 69)),  # the upper two bits are scaling
        ("100200 9d012b 4001 b400", None),  # another start code
        ("100200 9d012a 4001 b4", None),
        ("100200 9d", None),
    ],
)
def test_key_frame_size(data: str, size: tuple[int, int] | None) -> None:
    for descriptor in ("10", "90e0 c60f 69 00"):
        payload = bytes.fromhex(descriptor + data)
        assert vp8.keyframe_size(payload, parse(payload)) == size


@pytest.mark.parametrize(
    ("before", "picture_id", "tl0", "after"),
    [
        ("90e0 c60f 69 20 00aabb", 0x1234, 0x42, "90e0 9234 42 20 00aabb"),
        ("9080 c60f 00aabb", 0x1234, 0x42, "9080 9234 00aabb"),
        ("90c0 25 69 00aabb", 0x1234, 0x142, "90c0 34 42 00aabb"),
        ("9080 25 00aabb", 0xFF, 0, "9080 7f 00aabb"),
        ("9040 69 00aabb", 0x1234, 0x42, "9040 42 00aabb"),
        ("9020 60 00aabb", 0x1234, 0x42, "9020 60 00aabb"),
        ("10 00aabb", 0x1234, 0x42, "10 00aabb"),
        ("90e0 ffff ff 00 00", 0x8000, 0x100, "90e0 8000 00 00 00"),
    ],
)
def test_rewrite_touches_only_the_numbers(
    before: str, picture_id: int, tl0: int, after: str
) -> None:
    payload = bytes.fromhex(before)
    assert vp8.rewrite(payload, picture_id, tl0) == bytes.fromhex(after)


@given(st.binary(max_size=40), st.integers(0, 1 << 20), st.integers(0, 1 << 10))
def test_rewrite_keeps_the_length_and_reads_back(payload: bytes, picture: int, tl0: int) -> None:
    before = vp8.parse(payload)
    if before is None:
        return
    rewritten = vp8.rewrite(payload, picture, tl0)
    after = parse(rewritten)
    assert len(rewritten) == len(payload)
    assert rewritten[after.size :] == payload[before.size :]
    mask = 0x7FFF if payload[2:3] > b"\x7f" else 0x7F
    assert after.picture_id == (None if before.picture_id is None else picture & mask)
    assert after.tl0picidx == (None if before.tl0picidx is None else tl0 & 0xFF)
    assert (after.temporal_id, after.start, after.keyframe, after.size) == (
        before.temporal_id,
        before.start,
        before.keyframe,
        before.size,
    )
