"""A producer without an uplink, as one that a pipe from another router feeds."""

from sfu.fanout.forward import Totals, forward
from sfu.fanout.outbox import Collected
from sfu.publish.clock import ClockMap
from sfu.publish.origin import Origin
from sfu.publish.producer import Layer, Producer
from sfu.publish.stream import Stream
from tests.support.core import Viewer, negotiation, read_sent, vp8
from tests.support.offers import video


class Pipe:
    """Packets from a producer of another router; it is asked for key frames over there."""

    def __init__(self) -> None:
        self.transport_id = "pipe"
        self.clockmap = ClockMap()
        self.asked: list[tuple[int, float]] = []

    def request_keyframe(self, stream: Stream, now: float) -> None:
        self.asked.append((stream.ssrc, now))


class Piped:
    """A producer at the end of a pipe."""

    def __init__(self) -> None:
        self.pipe = Pipe()
        self.pending: list[Layer] = []
        [published] = negotiation([video()]).published
        origin: Origin = self.pipe
        self.producer = Producer("ada:camera", published, origin, self.pending.append)
        self.layer = self.producer.layers[0]
        self.layer.begin_stream(11)

    def receive(self, index: int, payload: bytes, now: float) -> None:
        assert self.layer.receive(index, 0x80, index * 3_000, payload, None, now) is None

    def flush(self, now: float) -> list[int]:
        """The sequence numbers that went out."""
        outbox = Collected()
        assert forward(self.layer, 1, now, outbox, Totals()) == []
        return [sent.rtp.sequence for sent in read_sent(outbox)]


def test_it_feeds_a_slot_and_asks_its_origin_for_the_key_frame() -> None:
    piped, viewer = Piped(), Viewer()
    consumer = viewer.slot()
    assert consumer.accepts(piped.producer)
    consumer.assign(piped.producer, 1.0)
    consumer.set_target(piped.layer, 1.0)
    assert piped.pipe.asked == [(11, 1.0)]
    piped.receive(70, vp8(), 1.1)
    assert piped.flush(1.1) == []
    piped.receive(71, vp8(key=True), 1.2)
    piped.receive(72, vp8(), 1.2)
    assert piped.pending == [piped.layer, piped.layer]
    assert piped.flush(1.2) == [1, 2]


def test_its_clock_is_told_on_the_servers() -> None:
    piped, viewer = Piped(), Viewer()
    consumer = viewer.slot()
    consumer.assign(piped.producer, 1.0)
    consumer.set_target(piped.layer, 1.0)
    piped.receive(71, vp8(key=True), 1.0)
    piped.flush(1.0)
    piped.pipe.clockmap.sender_report(500.0, 1.0)
    piped.layer.stream.clock.sender_report(71 * 3_000, 500.0)
    assert len(viewer.downlink.sender_reports(2.0)) == 2


def test_closing_it_empties_the_slots() -> None:
    piped, viewer = Piped(), Viewer()
    consumer = viewer.slot()
    consumer.assign(piped.producer, 1.0)
    consumer.set_target(piped.layer, 1.0)
    piped.receive(71, vp8(key=True), 1.0)
    piped.flush(1.0)
    piped.producer.close(2.0)
    assert (consumer.producer, consumer.layer) == (None, None)
