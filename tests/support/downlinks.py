"""Subscribers and simulcast publishers for the tests of the downlink. Pure: no I/O, no clock."""

from sfu.publish.reception import ReceptionStats
from sfu.wire.rtcp import ReportBlock
from tests.support.core import (
    Source,
    Viewer,
    flush,
    show,
    vp8,
)
from tests.support.offers import video

SLOT = 1_000  # the SSRC of the first slot
RIDS = ("q", "h", "f")
RATES = (100_000, 400_000, 1_500_000)


class SteadyReception(ReceptionStats):
    """A layer that always has the same rate, in bits/s."""

    __slots__ = ("rate",)

    def __init__(self, rate: float) -> None:
        super().__init__(90_000)
        self.rate = rate

    def bitrate(self, now: float) -> float:
        return self.rate


def report(ssrc: int = SLOT, *, lost: float = 0.0, lsr: int = 0, dlsr: float = 0.0) -> ReportBlock:
    return ReportBlock(ssrc, int(lost * 256), 0, 0, 0, lsr, int(dlsr * 65536))


def simulcast(transport_id: str = "teacher") -> Source:
    """Three layers that run at RATES."""
    source = Source(video(rids=RIDS), transport_id=transport_id)
    for number, (layer, rate) in enumerate(zip(source.producer().layers, RATES, strict=True)):
        layer.begin_stream(100 + number)
        layer.stream.reception = SteadyReception(rate)
        layer.start()
    return source


def watch(viewer: Viewer, source: Source, mid: str = "0", *, height: int | None = None) -> None:
    consumer = viewer.slot(mid)
    consumer.wish.want, consumer.wish.max_height = "pinned", height
    consumer.assign(source.producer(), 1.0)


def targets(viewer: Viewer) -> dict[str, str | None]:
    """By mid: the rid of the layer that each slot waits for."""
    consumers = viewer.downlink.consumers.values()
    return {c.mid: c.target.rid if c.target else None for c in consumers}


def watching(count: int = 3) -> tuple[Source, Viewer]:
    """A viewer that has got `count` packets."""
    source, viewer = Source(), Viewer()
    source.receive(1, vp8(key=True))
    show(viewer, source)
    for sequence in range(2, count + 1):
        source.receive(sequence)
    flush(source)
    return source, viewer


def congest(viewer: Viewer, rate: float) -> None:
    """Makes the estimator's limit 0.85 of `rate`, by loss that it must believe."""
    estimator = viewer.downlink.estimator
    estimator.sent_rate(rate / 0.5, 1.0)
    for second in range(5, 10):
        estimator.on_report(0.5, 0.05, float(second), 100)
    assert viewer.downlink.limited
