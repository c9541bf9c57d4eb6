"""What a flush forwards, and whose a fault in it is."""

import pytest

from sfu.egress import Egress
from sfu.fanout.forward import Totals
from sfu.fanout.outbox import Collected
from sfu.publish.producer import Layer
from tests.support.core import Source, Viewer, read_sent, show, vp8
from tests.support.faults import BrokenError, broken


class Desk:
    """An egress with one publisher and those who watch it."""

    def __init__(self, viewers: int = 1) -> None:
        self.sent = Collected()
        self.started: list[Layer] = []
        self.faults: list[tuple[str, Exception]] = []
        self.egress = Egress(self.sent, Totals(), self._start, self._on_fault)
        self.source = Source()
        self.viewers = [
            Viewer(name=f"viewer-{n}", address=("198.51.100.9", n)) for n in range(viewers)
        ]
        for viewer in self.viewers:
            show(viewer, self.source)

    def _start(self, layer: Layer, now: float) -> None:
        layer.active = True
        self.started.append(layer)

    def _on_fault(self, transport_id: str, error: Exception, now: float) -> None:
        self.faults.append((transport_id, error))

    def receive(self, sequence: int) -> None:
        """A key frame of one packet comes in."""
        self.source.receive(sequence, vp8(key=True), marker=True)
        for layer in self.source.pending:
            self.egress.pending.append(layer)
        self.source.pending.clear()


def test_a_layer_is_started_once_and_then_forwarded() -> None:
    desk = Desk()
    for sequence in (1, 2):
        desk.receive(sequence)
        desk.egress.flush(0.0)
    assert desk.started == [desk.source.layer()]
    assert len(read_sent(desk.sent)) == 2
    assert desk.faults == []


def test_packets_of_a_closed_producer_are_let_go() -> None:
    desk = Desk()
    desk.receive(1)
    desk.source.producer().close(0.0)
    desk.egress.flush(0.0)
    assert desk.sent == []
    assert len(desk.egress.pending) == 0


def test_a_fault_at_a_layers_start_is_the_publishers(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    monkeypatch.setattr(desk.egress, "_start", broken)
    desk.receive(1)
    desk.egress.flush(0.0)
    [(owner, error)] = desk.faults
    assert (owner, type(error)) == ("teacher", BrokenError)


def test_a_fault_in_what_all_share_is_the_publishers(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    monkeypatch.setattr("sfu.egress.forward", broken)
    desk.receive(1)
    desk.egress.flush(0.0)
    assert [owner for owner, _ in desk.faults] == ["teacher"]
    assert desk.source.layer().pending == []


def test_a_fault_in_one_copy_is_the_subscribers(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(viewers=2)
    fault = (desk.viewers[0].slot(), BrokenError())
    monkeypatch.setattr("sfu.egress.forward", lambda *_: [fault])
    desk.receive(1)
    desk.egress.flush(0.0)
    assert desk.faults == [("viewer-0", fault[1])]
