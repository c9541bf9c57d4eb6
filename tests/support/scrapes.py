"""What a scrape of made-up snapshots says, as Prometheus's own parser reads it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from prometheus_client.parser import text_string_to_metric_families

from liveclass.metrics import ClassCount, Scope, SignallingSnapshot
from liveclass.scrape import Sources, steps
from sfu.stalls import Stalls
from sfu.stats import (
    ConsumerSnapshot,
    LayerSnapshot,
    ProducerSnapshot,
    RouterReading,
    TrafficTotals,
    TransportSnapshot,
    WorkerSnapshot,
)

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]
NOTHING = SignallingSnapshot(0, {}, {}, {}, {}, {})


def transport(name: str) -> TransportSnapshot:
    """One publisher with three slots, two of which show a layer."""
    layer = LayerSnapshot("f", 1, 10, 11, 12.0, 0.5, 20.0, 13, 14)
    producer = ProducerSnapshot(f"{name}:camera", "camera", "video", "VP8", False, [layer])
    slots = [
        ConsumerSnapshot(str(mid), "video", None, layer_, None, 1, 2, 3, 4, 5, 6)
        for mid, layer_ in enumerate((None, 2, 2))
    ]
    return TransportSnapshot(
        name, "connected", None, 1, 2, 3, 4, 40.0, 0.25, None, 9e5, {"x": 7}, [producer], slots
    )


def sources(
    worker: WorkerSnapshot | None = None,
    transports: Mapping[str, Sequence[TransportSnapshot]] | None = None,
    classes: Sequence[ClassCount] = (),
    signalling: SignallingSnapshot = NOTHING,
    stalls: Stalls | None = None,
    departed: Mapping[str, TrafficTotals] | None = None,
) -> Sources:
    """Sources that always tell the same; `transports` and `departed` are by class."""
    totals = worker or WorkerSnapshot(0, 0, 0, 0, 0, 0)
    present, gone = transports or {}, departed or {}

    def routers() -> list[RouterReading]:
        return [
            RouterReading(key, replace(gone.get(key, TrafficTotals())), iter(present.get(key, ())))
            for key in {**present, **gone}
        ]

    return Sources(
        lambda: (),
        lambda: totals,
        lambda: stalls or Stalls(),
        routers,
        lambda: signalling,
        lambda: iter(classes),
    )


def parse(text: str) -> Samples:
    """Samples by name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def scrape(told: Sources, scope: Scope = Scope.CLASSES) -> Samples:
    """One scrape, in one go."""
    return parse("".join(steps(told, scope)))


def value(samples: Samples, name: str, **labels: str) -> float:
    """One sample's value."""
    return samples[f"liveclass_{name}", frozenset(labels.items())]


def names(samples: Iterable[tuple[str, frozenset[tuple[str, str]]]]) -> list[str]:
    """The names of all samples."""
    return [name for name, _ in samples]
