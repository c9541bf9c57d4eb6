"""A consumer without a downlink that gets plain RTP, as a recorder or a pipe to another router."""

from collections import Counter

from sfu.fanout.forward import Totals, forward
from sfu.fanout.outbox import Destinations, split
from sfu.publish.subscriber import PacketCounter, SendContext, Subscriber
from sfu.srtp.index_space import IndexSpaces
from sfu.srtp.rtp import OutboundSrtp
from sfu.stats import DropReason
from sfu.subscribe.consumer import Consumer
from sfu.wire.address import Address
from tests.support.core import VP8_PT, Source, vp8
from tests.support.media import RtpFields, read_rtp, read_video


def _copy(nonce: bytes | memoryview, payload: bytes, header: memoryview, out: memoryview) -> int:
    out[:] = payload
    return len(payload)


# Plain RTP: nothing is encrypted, and there is no tag.
PLAIN = OutboundSrtp(lambda nonce, payload, header: payload, _copy, 0, 0, bytes)


class Recorder:
    """The context of its consumer, and the outbox that its packets go to."""

    def __init__(self) -> None:
        self.transport_id = "recorder"
        self.address: Address | None = ("recorder", 0)
        self.drops: Counter[DropReason] = Counter()
        self.counter: PacketCounter | None = None
        self.limited = False
        self.told: list[str] = []
        self.packets: list[RtpFields] = []
        spaces = IndexSpaces()
        context: SendContext = self
        self.consumer = Consumer(
            context,
            "recorded",
            "video",
            (spaces.add(1, 0), spaces.add(2, 0)),
            {"VP8": (VP8_PT, None)},
            (0, 0),
            timestamp=0,
        )
        self.consumer.connect(PLAIN)
        self.subscriber: Subscriber = self.consumer

    def slot_changed(self, mid: str) -> None:
        self.told.append(mid)

    def append(self, send: tuple[Address, object]) -> None:
        raise AssertionError("a batch goes out by append_batches")

    def append_batches(
        self, destinations: Destinations, buffer: bytearray, length: int, segment: int
    ) -> None:
        assert destinations.addresses == (self.address,)
        self.packets += [read_rtp(packet) for packet in split(memoryview(buffer)[:length], segment)]


def record(source: Source, recorder: Recorder, now: float = 0.0) -> None:
    for layer in source.pending:
        layer.start()
        assert forward(layer, 1, now, recorder, Totals()) == []
    source.pending.clear()


def test_it_hands_plain_rtp_to_its_sink() -> None:
    source, recorder = Source(), Recorder()
    recorder.consumer.assign(source.producer(), 0.0)
    recorder.consumer.set_target(source.layer(), 0.0)
    payloads = [vp8(key=True, picture=5), vp8(picture=6), vp8(picture=7)]
    for number, payload in enumerate(payloads):
        source.receive(40 + number, payload)
    record(source, recorder)
    assert [packet.payload for packet in recorder.packets] == payloads
    assert [packet.sequence for packet in recorder.packets] == [1, 2, 3]
    assert recorder.told == ["recorded"]
    assert recorder.consumer.packets == 3


def test_it_stays_continuous_when_it_is_pointed_at_another_producer() -> None:
    first, second, recorder = Source(), Source(transport_id="other"), Recorder()
    for source, sequence in ((first, 40), (second, 9_000)):
        recorder.consumer.assign(source.producer(), 0.0)
        recorder.consumer.set_target(source.layer(), 0.0)
        source.receive(sequence, vp8(key=True, picture=sequence, tl0=3))
        record(source, recorder)
    assert [packet.sequence for packet in recorder.packets] == [1, 2]
    pictures = [read_video(packet.payload).picture_id for packet in recorder.packets]
    assert pictures == [40, 41]


def test_what_was_lost_on_the_way_to_it_can_be_repeated() -> None:
    source, recorder = Source(), Recorder()
    recorder.consumer.assign(source.producer(), 0.0)
    recorder.consumer.set_target(source.layer(), 0.0)
    source.receive(40, vp8(key=True))
    record(source, recorder)
    found = recorder.consumer.find_sent(1)
    assert found is not None
    again = recorder.consumer.retransmit(*found)
    assert again is not None
    assert read_rtp(again) == recorder.packets[0]
