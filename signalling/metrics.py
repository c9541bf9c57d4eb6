"""Snapshots of the SFU and of the classes as Prometheus metrics.

Series of a class, a transport or a layer exist while it does, and for a bounded number of them:
what was left out is counted in liveclass_metrics_omitted. Pure: no I/O, no clock.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from sfu.stats import LayerSnapshot, RouterSnapshot, TransportSnapshot, WorkerSnapshot

MAX_CLASSES = 200
MAX_TRANSPORTS = 500


@dataclass(slots=True)
class ClassCount:
    """What signalling knows of one class."""

    class_id: str
    state: str
    present: int
    away: int
    hands: int


@dataclass(slots=True)
class SignallingSnapshot:
    """What signalling counts."""

    sockets: int
    messages: Mapping[str, int]
    refusals: Mapping[str, int]
    connections_refused: Mapping[str, int]
    classes: list[ClassCount]


@dataclass(slots=True)
class Sources:
    """Where a scrape takes its numbers from."""

    worker: Callable[[], WorkerSnapshot]
    signalling: Callable[[], SignallingSnapshot]


class ClassCollector(Collector):
    """Reads both snapshots once a scrape."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def collect(self) -> Iterator[Metric]:
        worker, signalling = self._sources.worker(), self._sources.signalling()
        yield from worker_metrics(worker)
        yield from signalling_metrics(signalling)
        yield from transport_metrics(worker.routers)
        yield _omitted(worker, signalling)


def _counter(name: str, text: str, label: str, values: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(f"liveclass_{name}", text, labels=[label])
    for key, value in sorted(values.items()):
        family.add_metric([key], value)
    return family


_WORKER: tuple[tuple[str, str, Callable[[WorkerSnapshot], int]], ...] = (
    ("datagrams_received", "Datagrams that reached the socket", lambda w: w.datagrams_received),
    ("received_bytes", "Bytes that reached the socket", lambda w: w.bytes_received),
    ("packets_forwarded", "Media packets that were forwarded", lambda w: w.packets_forwarded),
    ("copies_sent", "Copies of media packets sent to subscribers", lambda w: w.copies_sent),
    ("sent_bytes", "Bytes sent to subscribers", lambda w: w.bytes_sent),
    ("stun_answers", "STUN requests answered", lambda w: w.stun_answers),
)


def worker_metrics(worker: WorkerSnapshot) -> Iterator[Metric]:
    """Totals of the worker since its start, and drops by reason."""
    for name, text, read in _WORKER:
        yield CounterMetricFamily(f"liveclass_worker_{name}", text, value=read(worker))
    yield _counter("worker_drops", "What went no further, by reason", "reason", worker.drops)


_CLASS: tuple[tuple[str, str, Callable[[ClassCount], int]], ...] = (
    ("present", "Participants with a connection", lambda c: c.present),
    ("away", "Participants that may come back", lambda c: c.away),
    ("hands", "Raised hands", lambda c: c.hands),
)


def signalling_metrics(signalling: SignallingSnapshot) -> Iterator[Metric]:
    """Sockets, messages and who is in which class."""
    yield GaugeMetricFamily("liveclass_sockets", "Connected sockets", value=signalling.sockets)
    yield _counter("messages", "Client messages by event", "event", signalling.messages)
    yield _counter("refusals", "Refused messages by error code", "code", signalling.refusals)
    refused = signalling.connections_refused
    yield _counter("connections_refused", "Refused connections by error code", "code", refused)
    states = GaugeMetricFamily("liveclass_classes", "Classes by state", labels=["state"])
    for state, count in Counter(one.state for one in signalling.classes).items():
        states.add_metric([state], count)
    yield states
    for name, text, read in _CLASS:
        family = GaugeMetricFamily(f"liveclass_class_{name}", text, labels=["class_id"])
        for one in signalling.classes[:MAX_CLASSES]:
            family.add_metric([one.class_id], read(one))
        yield family


_TransportReader = Callable[[TransportSnapshot], float | None]
_LayerReader = Callable[[LayerSnapshot], float]

_TRANSPORT_COUNTERS: tuple[tuple[str, str, _TransportReader], ...] = (
    ("packets_received", "Media packets from the participant", lambda t: t.packets_received),
    ("received_bytes", "Media bytes from the participant", lambda t: t.bytes_received),
    ("copies_sent", "Copies sent to the participant", lambda t: t.copies_sent),
    ("sent_bytes", "Bytes sent to the participant", lambda t: t.bytes_sent),
    ("drops", "What went no further, all reasons", lambda t: sum(t.drops.values())),
    ("nacks_received", "NACKs", lambda t: sum(c.nacks_received for c in t.consumers)),
    ("plis_received", "Key frame requests", lambda t: sum(c.plis_received for c in t.consumers)),
    ("retransmitted", "Copies sent again", lambda t: sum(c.retransmitted for c in t.consumers)),
    ("switches", "Moves of slots and layers", lambda t: sum(c.switches for c in t.consumers)),
)

_TRANSPORT_GAUGES: tuple[tuple[str, str, _TransportReader], ...] = (
    ("round_trip_seconds", "Round trip time", lambda t: _thousandth(t.round_trip_ms)),
    ("downlink_loss", "Loss the participant reports, 0 to 1", lambda t: t.downlink_loss),
    ("remb_bits", "The participant's own estimate, bits a second", lambda t: t.remb),
    ("budget_bits", "Limit in force, bits a second; absent: none", lambda t: t.budget),
)

_LAYER_COUNTERS: tuple[tuple[str, str, _LayerReader], ...] = (
    ("packets", "Packets received", lambda layer: layer.packets),
    ("bytes", "Bytes received", lambda layer: layer.bytes),
    ("nacks_sent", "Packets asked for again", lambda layer: layer.nacks_sent),
    ("plis_sent", "Key frames asked for", lambda layer: layer.plis_sent),
)

_LAYER_GAUGES: tuple[tuple[str, str, _LayerReader], ...] = (
    ("bits", "Bit rate now, bits a second", lambda layer: layer.bitrate),
    ("loss", "Loss on the way to us, 0 to 1", lambda layer: layer.fraction_lost),
    ("jitter_seconds", "Interarrival jitter", lambda layer: layer.jitter_ms / 1000),
)


def _thousandth(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def transport_metrics(routers: Iterable[RouterSnapshot]) -> Iterator[Metric]:
    """One series a transport, and one a layer it publishes."""
    rows = [
        ([router.router_id, transport.transport_id], transport)
        for router in routers
        for transport in router.transports
    ][:MAX_TRANSPORTS]
    labels = ["class_id", "participant"]
    for name, text, read in _TRANSPORT_COUNTERS:
        counter = CounterMetricFamily(f"liveclass_transport_{name}", text, labels=labels)
        for row, transport in rows:
            counter.add_metric(row, read(transport) or 0)
        yield counter
    for name, text, read in _TRANSPORT_GAUGES:
        gauge = GaugeMetricFamily(f"liveclass_transport_{name}", text, labels=labels)
        for row, transport in rows:
            if (value := read(transport)) is not None:
                gauge.add_metric(row, value)
        yield gauge
    yield _slots(rows, labels)
    yield from _layer_metrics(rows, labels)


_Rows = list[tuple[list[str], TransportSnapshot]]


def _slots(rows: _Rows, labels: list[str]) -> Metric:
    """How many video slots show which layer; "none" counts those that show nothing."""
    text = "Video slots by the layer they show"
    family = GaugeMetricFamily("liveclass_transport_video_slots", text, labels=[*labels, "layer"])
    for row, transport in rows:
        slots = (slot for slot in transport.consumers if slot.kind == "video")
        shown = Counter("none" if slot.layer is None else str(slot.layer) for slot in slots)
        for layer, count in sorted(shown.items()):
            family.add_metric([*row, layer], count)
    return family


def _layer_metrics(rows: _Rows, labels: list[str]) -> Iterator[Metric]:
    layers = [
        ([*row, producer.source, layer.rid], layer)
        for row, transport in rows
        for producer in transport.producers
        for layer in producer.layers
    ]
    names = [*labels, "source", "rid"]
    for name, text, read in _LAYER_COUNTERS:
        counter = CounterMetricFamily(f"liveclass_layer_{name}", text, labels=names)
        for row, layer in layers:
            counter.add_metric(row, read(layer))
        yield counter
    for name, text, read in _LAYER_GAUGES:
        gauge = GaugeMetricFamily(f"liveclass_layer_{name}", text, labels=names)
        for row, layer in layers:
            gauge.add_metric(row, read(layer))
        yield gauge


def _omitted(worker: WorkerSnapshot, signalling: SignallingSnapshot) -> Metric:
    family = GaugeMetricFamily(
        "liveclass_metrics_omitted", "Classes and transports without series", labels=["kind"]
    )
    transports = sum(len(router.transports) for router in worker.routers)
    family.add_metric(["class"], max(0, len(signalling.classes) - MAX_CLASSES))
    family.add_metric(["transport"], max(0, transports - MAX_TRANSPORTS))
    return family
