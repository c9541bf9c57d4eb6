"""Headers and nonces: one by one, and many at once."""

from hypothesis import given
from hypothesis import strategies as st

from sfu.srtp.headers import HeaderColumns, NonceViews, PacketColumns, SealContext, seal_each
from sfu.wire.rtp import FIXED

BITS_32, BITS_48, BITS_96 = 2**32 - 1, 2**48 - 1, 2**96 - 1

PACKETS = st.lists(
    st.tuples(
        st.integers(2**20, BITS_48 - 2**20),
        st.sampled_from([0x80, 0x90, 0xB0]),
        st.sampled_from([0, 0x80]),
        st.integers(0, BITS_32),
    ),
    min_size=1,
    max_size=6,
)
CONSUMERS = st.lists(
    st.tuples(
        st.integers(0, BITS_96),
        st.integers(0, BITS_32),
        st.integers(-(2**20), 2**20),
        st.integers(-BITS_32, 2 * BITS_32),
        st.integers(0, 127),
    ),
    min_size=1,
    max_size=6,
)

Constants = tuple[int, int, int, int, int]


class Recorder:
    """A cipher that keeps the nonces and headers it is given."""

    def __init__(self) -> None:
        self.nonces: list[bytes] = []
        self.headers: list[bytes] = []

    def seal_into(
        self, nonce: bytes | memoryview, _payload: bytes, header: memoryview, _sealed: memoryview
    ) -> int:
        self.nonces.append(bytes(nonce))
        self.headers.append(bytes(header))
        return 0

    def context(self, *constants: int) -> SealContext:
        return SealContext(self.seal_into, *constants)


@given(PACKETS, CONSUMERS)
def test_are_the_same_one_by_one_and_at_once(
    packets: list[tuple[int, int, int, int]], constants: list[Constants]
) -> None:
    recorder = Recorder()
    contexts = [recorder.context(*one) for one in constants]
    headers, nonces = HeaderColumns(contexts).write(PacketColumns(packets))
    places = ((b"", memoryview(bytearray(12)), memoryview(b"")) for _ in contexts for _ in packets)
    seal_each(contexts, packets, places)
    assert [one.tobytes() for row in headers for one in row] == recorder.headers
    assert [one.tobytes() for row in nonces for one in row] == recorder.nonces


@given(PACKETS, CONSUMERS)
def test_are_what_the_standards_say(
    packets: list[tuple[int, int, int, int]], constants: list[Constants]
) -> None:
    contexts = [Recorder().context(*one) for one in constants]
    headers, nonces = HeaderColumns(contexts).write(PacketColumns(packets))
    for place, (base, ssrc, sequence, timestamp, payload_type) in enumerate(constants):
        for number, (index, flags, marker, stamp) in enumerate(packets):
            out = index + sequence
            header = FIXED.pack(
                flags,
                marker | payload_type,
                out & 0xFFFF,
                (stamp + timestamp) & BITS_32,
                ssrc,
            )
            assert headers[place, number].tobytes() == header
            assert nonces[place, number].tobytes() == (base ^ out).to_bytes(12, "big")


def test_shapes_are_contexts_by_packets_by_bytes() -> None:
    contexts = [Recorder().context(1, 2, 3, 4, 5)] * 3
    headers, nonces = HeaderColumns(contexts).write(PacketColumns([(9, 0x80, 0, 7)] * 2))
    assert headers.shape == nonces.shape == (3, 2, 12)


def test_nonces_have_views_however_many_they_are() -> None:
    views = NonceViews(2)
    for count in (1, 5, 2):
        contexts = [Recorder().context(number, 0, 0, 0, 0) for number in range(count)]
        packets = PacketColumns([(64, 0x80, 0, 7), (65, 0x80, 0, 7)])
        _, nonces = HeaderColumns(contexts).write(packets)
        expected = [(n ^ index).to_bytes(12, "big") for n in range(count) for index in (64, 65)]
        assert [bytes(view) for view in views.take(nonces)[: 2 * count]] == expected
