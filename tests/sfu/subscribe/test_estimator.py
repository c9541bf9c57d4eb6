"""A transport's estimator is chosen: the null one, and a made-up one that numbers its packets."""

from collections.abc import Sequence

from sfu.subscribe.estimator import BandwidthEstimator, NullEstimator
from tests.support.core import Source, Viewer, flush, show, vp8
from tests.support.downlinks import RATES, report, simulcast, targets, watch
from tests.support.offers import video


class SendSide(NullEstimator):
    """Numbers the packets of its transport over all slots, and has a limit that the test sets."""

    def __init__(self) -> None:
        self.counter = self
        self.budget: float | None = None
        self.next_number = 0
        self.batches: list[tuple[int, list[int], float]] = []
        self.paths = 1

    def count(self, sizes: Sequence[int], now: float) -> None:
        self.batches.append((self.next_number, list(sizes), now))
        self.next_number = self.next_number + len(sizes) & 0xFFFF

    def limit(self, now: float) -> float | None:
        return self.budget

    def on_remb(self, bitrate: float, now: float) -> bool:
        self.budget = bitrate
        return True

    def forget_path(self) -> None:
        self.paths += 1


def test_the_null_estimator_never_limits() -> None:
    estimator: BandwidthEstimator = NullEstimator()
    viewer, source = Viewer(estimator=estimator), simulcast()
    watch(viewer, source)
    viewer.downlink.count_rate(1.0)
    viewer.downlink.receive_remb(30_000.0, 2.0)
    viewer.downlink.receive_reports([report(lost=0.9)], 3.0)
    viewer.downlink.forget_path()
    viewer.downlink.allocate(4.0)
    assert targets(viewer) == {"0": "f"}
    assert not viewer.downlink.limited
    assert not estimator.handle_timers(5.0)
    assert not estimator.trial(1e6, 5.0)
    assert estimator.next_deadline() is None


def test_a_made_up_estimator_decides_the_layers() -> None:
    viewer, source = Viewer(estimator=SendSide()), simulcast()
    watch(viewer, source)
    viewer.downlink.receive_remb(RATES[1], 2.0)
    assert targets(viewer) == {"0": "h"}
    assert viewer.downlink.limited


def test_it_keeps_its_place_when_the_path_changes() -> None:
    estimator = SendSide()
    viewer = Viewer(estimator=estimator)
    viewer.downlink.move(("198.51.100.77", 1))
    assert viewer.downlink.estimator is estimator
    assert estimator.paths == 2


def test_the_fan_out_tells_each_transport_the_packets_of_a_batch() -> None:
    estimator = SendSide()
    viewer = Viewer(video("recvonly"), video("recvonly"), estimator=estimator)
    other, first, second = Viewer(), Source(), Source(transport_id="other")
    for source, mid in ((first, "0"), (second, "1")):
        source.receive(1, vp8(key=True))
        show(viewer, source, mid=mid)
    show(other, first)
    sizes = [len(sent.rtp.payload) for sent in flush(first, 1.0) if sent.rtp.ssrc == 1_000]
    flush(second, 2.0)
    first.receive(2)
    first.receive(3)
    flush(first, 3.0)
    numbers = [(first_number, len(batch), at) for first_number, batch, at in estimator.batches]
    assert numbers == [(0, 1, 1.0), (1, 1, 2.0), (2, 2, 3.0)]
    assert estimator.batches[0][1][0] > sizes[0], "whole datagrams"
    assert viewer.slot("0").packets + viewer.slot("1").packets == estimator.next_number
