"""Snapshots as Prometheus text."""

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from sfu.stats import (
    ConsumerSnapshot,
    LayerSnapshot,
    ProducerSnapshot,
    RouterSnapshot,
    TransportSnapshot,
    WorkerSnapshot,
)
from signalling.metrics import (
    MAX_CLASSES,
    MAX_TRANSPORTS,
    ClassCollector,
    ClassCount,
    SignallingSnapshot,
    Sources,
)

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def transport(name: str) -> TransportSnapshot:
    layer = LayerSnapshot("f", 1, 10, 11, 12.0, 0.5, 20.0, 13, 14)
    producer = ProducerSnapshot(f"{name}:camera", "camera", "video", "VP8", False, [layer])
    slots = [
        ConsumerSnapshot(str(mid), "video", None, layer_, None, 1, 2, 3, 4, 5, 6)
        for mid, layer_ in enumerate((None, 2, 2))
    ]
    return TransportSnapshot(
        name, "connected", None, 1, 2, 3, 4, 40.0, 0.25, None, 9e5, {"x": 7}, [producer], slots
    )


def scrape(worker: WorkerSnapshot, signalling: SignallingSnapshot | None = None) -> Samples:
    counts = signalling or SignallingSnapshot(0, {}, {}, {}, [])
    registry = CollectorRegistry(auto_describe=False)
    registry.register(ClassCollector(Sources(lambda: worker, lambda: counts)))
    text = generate_latest(registry).decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples[f"liveclass_{name}", frozenset(labels.items())]


def test_worker_totals_and_drops_by_reason() -> None:
    samples = scrape(WorkerSnapshot(1, 2, 3, 4, 5, 6, {"unknown_address": 7, "empty": 8}))
    names = ("datagrams_received", "received_bytes", "packets_forwarded", "copies_sent")
    assert [value(samples, f"worker_{name}_total") for name in names] == [1, 2, 3, 4]
    assert value(samples, "worker_drops_total", reason="unknown_address") == 7
    assert value(samples, "worker_drops_total", reason="empty") == 8


def test_transport_and_layer_series() -> None:
    worker = WorkerSnapshot(0, 0, 0, 0, 0, 0, {}, [RouterSnapshot("demo", [transport("p1")])])
    samples = scrape(worker)
    who = {"class_id": "demo", "participant": "p1"}
    assert value(samples, "transport_copies_sent_total", **who) == 3
    assert value(samples, "transport_drops_total", **who) == 7
    assert value(samples, "transport_plis_received_total", **who) == 15
    assert value(samples, "transport_round_trip_seconds", **who) == 0.04
    assert value(samples, "transport_video_slots", **who, layer="2") == 2
    assert value(samples, "transport_video_slots", **who, layer="none") == 1
    assert value(samples, "layer_bits", **who, source="camera", rid="f") == 12.0
    assert value(samples, "layer_plis_sent_total", **who, source="camera", rid="f") == 14
    assert ("liveclass_transport_remb_bits", frozenset(who.items())) not in samples


def test_signalling_series() -> None:
    counts = SignallingSnapshot(
        3, {"hand": 4}, {"forbidden": 5}, {"bad_token": 6}, [ClassCount("demo", "live", 2, 1, 1)]
    )
    samples = scrape(WorkerSnapshot(0, 0, 0, 0, 0, 0), counts)
    assert value(samples, "sockets") == 3
    assert value(samples, "messages_total", event="hand") == 4
    assert value(samples, "refusals_total", code="forbidden") == 5
    assert value(samples, "connections_refused_total", code="bad_token") == 6
    assert value(samples, "classes", state="live") == 1
    assert value(samples, "class_present", class_id="demo") == 2
    assert value(samples, "class_away", class_id="demo") == 1


def test_series_are_bounded_and_the_rest_is_counted() -> None:
    transports = [transport(f"p{number}") for number in range(MAX_TRANSPORTS + 30)]
    worker = WorkerSnapshot(0, 0, 0, 0, 0, 0, {}, [RouterSnapshot("demo", transports)])
    classes = [ClassCount(f"c{n}", "live", 1, 0, 0) for n in range(MAX_CLASSES + 5)]
    samples = scrape(worker, SignallingSnapshot(0, {}, {}, {}, classes))
    names = [name for name, _ in samples]
    assert names.count("liveclass_transport_copies_sent_total") == MAX_TRANSPORTS
    assert names.count("liveclass_class_present") == MAX_CLASSES
    assert value(samples, "metrics_omitted", kind="transport") == 30
    assert value(samples, "metrics_omitted", kind="class") == 5
    assert value(samples, "classes", state="live") == MAX_CLASSES + 5
