import aiortc.rtp
import pylibsrtp
import pytest
from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters, RTCRtpParameters
from hypothesis import given
from hypothesis import strategies as st

from sfu.wire.rtp import (
    FIXED,
    RtpError,
    RtpPacket,
    abs_send_time,
    build_extensions,
    header_length,
    padding_length,
    parse_extensions,
)

ABS_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"

one_byte_elements = st.dictionaries(
    st.integers(1, 14), st.binary(min_size=1, max_size=16), max_size=6
)
any_elements = st.dictionaries(st.integers(1, 255), st.binary(max_size=40), max_size=6)
packets = st.builds(
    RtpPacket,
    marker=st.booleans(),
    payload_type=st.integers(0, 127),
    sequence=st.integers(0, 0xFFFF),
    timestamp=st.integers(0, 0xFFFFFFFF),
    ssrc=st.integers(0, 0xFFFFFFFF),
    extensions=one_byte_elements | any_elements,
    payload=st.binary(max_size=60),
    padding=st.integers(0, 255),
)


def raw(first: int, rest: bytes = b"") -> bytes:
    """A header whose first byte is `first`, with `rest` after its fixed part."""
    return FIXED.pack(first, 96, 1, 2, 3) + rest


def extended(profile: str, body: str) -> bytes:
    block = bytes.fromhex(body)
    assert len(block) % 4 == 0
    return raw(0x90, bytes.fromhex(profile) + (len(block) // 4).to_bytes(2, "big") + block)


def elements_of(packet: bytes) -> dict[int, bytes]:
    return parse_extensions(packet, header_length(packet))


@pytest.mark.parametrize(
    ("packet", "length"),
    [
        (raw(0x80), 12),
        (raw(0x80, b"payload"), 12),
        (raw(0x83, bytes(12)), 24),
        (raw(0x8F, bytes(60) + b"payload"), 72),
        (raw(0x90, bytes.fromhex("bede0000")), 16),
        (raw(0x90, bytes.fromhex("bede0001 10ff0000") + b"payload"), 20),
        (raw(0x92, bytes(8) + bytes.fromhex("bede0001 10ff0000")), 28),
        (raw(0xB0, bytes.fromhex("10000000 02") + b"\x01"), 16),
    ],
)
def test_header_length_counts_sources_and_extension(packet: bytes, length: int) -> None:
    assert header_length(packet) == length


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\x80",
        raw(0x80)[:11],
        raw(0x00),
        raw(0x40),
        raw(0xC0),
        raw(0x81),
        raw(0x8F, bytes(59)),
        raw(0x90),
        raw(0x90, b"\xbe\xde\x00"),
        raw(0x90, b"\xbe\xde\x00\x01\x10\xff\x00"),
        raw(0x90, b"\xbe\xde\xff\xff"),
        raw(0x91, bytes(4)),
    ],
)
def test_header_that_does_not_fit_is_an_error(packet: bytes) -> None:
    with pytest.raises(RtpError):
        header_length(packet)


@pytest.mark.parametrize(
    ("packet", "elements"),
    [
        (raw(0x80), {}),
        (extended("bede", ""), {}),
        (extended("bede", "10ff0000"), {1: b"\xff"}),
        (extended("bede", "00003161"), {}),  # the second element would run over the end
        (extended("bede", "0000 3061"), {3: b"a"}),  # padding in front
        (extended("bede", "22aabbcc 4031 0000"), {2: b"\xaa\xbb\xcc", 4: b"1"}),
        (extended("bede", "1f" + "aa" * 16 + "000000"), {1: b"\xaa" * 16}),
        (extended("bede", "10aa f0bb 20cc 0000"), {1: b"\xaa"}),  # id 15 stops
        (extended("bede", "10aa 01bb 20cc 0000"), {1: b"\xaa"}),  # id 0 with a length stops
        (extended("1000", "01 02aabb 14 00 00 00"), {1: b"\xaa\xbb", 20: b""}),
        (extended("100f", "ff 01aa 00"), {255: b"\xaa"}),  # appbits
        (extended("1000", "0f 01aa 0f"), {15: b"\xaa"}),  # id without a length
        (extended("1000", "01 01aa 02 05 bbccdd"), {1: b"\xaa"}),
        (extended("1000", "02 11" + "ab" * 17 + "00"), {2: b"\xab" * 17}),
        (extended("1010", "0101aa00"), {}),  # another profile
        (extended("abac", "0101aa00"), {}),
        (raw(0x91, bytes.fromhex("0a0b0c0d bede0001 10ff0000")), {1: b"\xff"}),  # with a CSRC
    ],
)
def test_extension_elements(packet: bytes, elements: dict[int, bytes]) -> None:
    assert elements_of(packet) == elements


def test_extension_reading_stops_before_the_payload() -> None:
    assert elements_of(extended("bede", "10ff0031") + bytes(16)) == {1: b"\xff"}


@pytest.mark.parametrize(
    ("elements", "block"),
    [
        ((), ""),
        (((1, b"\xff"),), "bede0001 10ff0000"),
        (((2, b"\xaa\xbb\xcc"),), "bede0001 22aabbcc"),
        (((14, b"a" * 16),), "bede0005 ef" + "61" * 16 + "000000"),
        (((2, b"\xaa\xbb\xcc"), (15, b"\x01")), "10000002 0203aabbcc 0f0101"),
        (((1, b""),), "10000001 01000000"),
        (((1, b"a" * 17),), "10000005 0111" + "61" * 17 + "00"),
    ],
)
def test_extensions_take_the_short_form_when_they_fit(
    elements: tuple[tuple[int, bytes], ...], block: str
) -> None:
    assert build_extensions(elements) == bytes.fromhex(block)


@pytest.mark.parametrize("element", [(0, b"a"), (256, b"a"), (-1, b"a"), (1, bytes(256))])
def test_extension_that_fits_no_form_is_refused(element: tuple[int, bytes]) -> None:
    with pytest.raises(RtpError):
        build_extensions([element])


@given(one_byte_elements | any_elements)
def test_extensions_round_trip(elements: dict[int, bytes]) -> None:
    block = build_extensions(tuple(elements.items()))
    assert len(block) % 4 == 0
    packet = raw(0x90 if elements else 0x80, block + b"payload")
    assert elements_of(packet) == elements


@given(packets)
def test_packet_round_trip(packet: RtpPacket) -> None:
    assert RtpPacket.parse(packet.build()) == packet


@pytest.mark.parametrize(
    ("payload", "padding"), [(b"\x01", 1), (b"ab\x02", 2), (bytes(254) + b"\xff", 255)]
)
def test_padding_length_is_the_last_byte(payload: bytes, padding: int) -> None:
    assert padding_length(payload) == padding


@pytest.mark.parametrize("payload", [b"", b"\x00", b"abc\x00", b"ab\x04"])
def test_padding_that_does_not_fit_is_an_error(payload: bytes) -> None:
    with pytest.raises(RtpError):
        padding_length(payload)
    with pytest.raises(RtpError):
        RtpPacket.parse(raw(0xA0, payload))


def test_padding_only_packet_has_no_payload() -> None:
    packet = RtpPacket.parse(raw(0xA0, bytes(254) + b"\xff"))
    assert (packet.payload, packet.padding) == (b"", 255)


@pytest.mark.parametrize("padding", [-1, 256])
def test_padding_that_has_no_byte_is_refused(padding: int) -> None:
    with pytest.raises(RtpError):
        RtpPacket(False, 96, 1, 2, 3, padding=padding).build()


def test_sources_are_read_over() -> None:
    packet = RtpPacket.parse(raw(0x82, bytes(8) + b"payload"))
    assert packet.payload == b"payload"


@given(
    st.binary(max_size=80)
    | st.binary(max_size=60).map(lambda rest: b"\x90\x60" + rest)
    | st.binary(max_size=40).map(lambda rest: raw(0xB0, b"\xbe\xde\x00\x03" + rest))
    | st.binary(max_size=40).map(lambda rest: raw(0x90, b"\x10\x00\x00\x03" + rest))
)
def test_any_bytes_parse_or_raise_rtp_error(data: bytes) -> None:
    try:
        packet = RtpPacket.parse(data)
    except RtpError:
        return
    assert len(packet.payload) + packet.padding == len(data) - header_length(data)


@pytest.mark.parametrize(
    ("now", "value"), [(0.0, 0), (1.0, 1 << 18), (63.5, 0xFE0000), (64.0, 0), (129.25, 0x50000)]
)
def test_abs_send_time_is_6_18_fixed_point_and_wraps(now: float, value: int) -> None:
    assert abs_send_time(now) == value


def extensions_map() -> aiortc.rtp.HeaderExtensionsMap:
    known = aiortc.rtp.HeaderExtensionsMap()
    known.configure(
        RTCRtpParameters(
            headerExtensions=[
                RTCRtpHeaderExtensionParameters(id=2, uri=ABS_SEND_TIME),
                RTCRtpHeaderExtensionParameters(id=4, uri="urn:ietf:params:rtp-hdrext:sdes:mid"),
            ]
        )
    )
    return known


@given(packets.filter(lambda packet: not packet.extensions))
def test_aiortc_reads_what_is_built(packet: RtpPacket) -> None:
    packet.extensions = {2: b"\x01\x02\x03", 4: b"v0"}
    theirs = aiortc.rtp.RtpPacket.parse(packet.build(), extensions_map())
    assert (theirs.marker, theirs.payload_type) == (packet.marker, packet.payload_type)
    assert (theirs.sequence_number, theirs.timestamp) == (packet.sequence, packet.timestamp)
    assert (theirs.ssrc, theirs.payload) == (packet.ssrc, packet.payload)
    assert theirs.padding_size == packet.padding
    assert theirs.extensions.abs_send_time == 0x010203
    assert theirs.extensions.mid == "v0"


@given(st.integers(0, 15), st.binary(max_size=40), st.integers(0, 255))
def test_reads_what_aiortc_builds(sources: int, payload: bytes, padding: int) -> None:
    theirs = aiortc.rtp.RtpPacket(111, 1, 65535, 0xFFFFFFFF, 7, payload)
    theirs.csrc = list(range(sources))
    theirs.padding_size = padding
    theirs.extensions.mid = "a-longer-mid-than-16"
    packet = RtpPacket.parse(theirs.serialize(extensions_map()))
    assert packet == RtpPacket(
        True, 111, 65535, 0xFFFFFFFF, 7, {4: b"a-longer-mid-than-16"}, payload, padding
    )


@pytest.mark.parametrize(
    "packet",
    [
        raw(0x80, bytes(20)),
        raw(0x85, bytes(40)),
        extended("bede", "10ff0000") + bytes(20),
        extended("1000", "01 02aabb 14 00 00 00") + bytes(20),
        raw(0x92, bytes(8) + bytes.fromhex("bede0001 10ff0000") + bytes(20)),
    ],
)
def test_libsrtp_leaves_the_same_header_in_clear(packet: bytes) -> None:
    policy = pylibsrtp.Policy(key=bytes(30), ssrc_type=pylibsrtp.Policy.SSRC_ANY_OUTBOUND)
    protected = pylibsrtp.Session(policy=policy).protect(packet)
    length = header_length(packet)
    assert protected[:length] == packet[:length]
    assert protected[length : length + 4] != packet[length : length + 4]
