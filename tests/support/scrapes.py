"""What a scrape of made-up snapshots says, as Prometheus's own parser reads it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from prometheus_client.parser import text_string_to_metric_families

from liveclass import scrape
from liveclass.metrics import ClassCount, Scope, SignallingSnapshot
from liveclass.scrape import Sources
from sfu.stalls import Stalls
from sfu.stats import (
    RouterReading,
    RouterSums,
    TrafficTotals,
    TransportSnapshot,
    WorkerSnapshot,
    add_up,
)
from tests.support.fakes import RecordingMediaPlane

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]
NOTHING = SignallingSnapshot(0, {}, {}, {}, {}, {})


class TellingPlane(RecordingMediaPlane):
    """A media plane with these statistics; `transports` and `departed` are by class."""

    def __init__(
        self,
        worker: WorkerSnapshot | None,
        transports: Mapping[str, Sequence[TransportSnapshot]],
        departed: Mapping[str, TrafficTotals],
    ) -> None:
        super().__init__()
        self._worker = worker or WorkerSnapshot(0, 0, 0, 0, 0, 0)
        self._transports, self._departed = transports, departed

    async def totals(self) -> WorkerSnapshot:
        return self._worker

    async def classes(self) -> list[RouterSums]:
        found: list[RouterSums] = []
        for _ in add_up(map(self._reading, {**self._transports, **self._departed}), found):
            pass
        return found

    def _reading(self, key: str) -> RouterReading:
        gone = replace(self._departed.get(key, TrafficTotals()))
        return RouterReading(key, gone, iter(self._transports.get(key, ())))

    async def participants(self, class_id: str) -> list[str] | None:
        found = self._transports.get(class_id)
        return None if found is None else [one.transport_id for one in found]

    async def transport(self, class_id: str, participant_id: str) -> TransportSnapshot | None:
        return {one.transport_id: one for one in self._transports[class_id]}.get(participant_id)


def sources(
    worker: WorkerSnapshot | None = None,
    transports: Mapping[str, Sequence[TransportSnapshot]] | None = None,
    classes: Sequence[ClassCount] = (),
    signalling: SignallingSnapshot = NOTHING,
    stalls: Stalls | None = None,
    departed: Mapping[str, TrafficTotals] | None = None,
) -> Sources:
    """Sources that always tell the same; `transports` and `departed` are by class."""
    return Sources(
        TellingPlane(worker, transports or {}, departed or {}),
        lambda: (),
        lambda: stalls or Stalls(),
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


async def text_of(told: Sources, scope: Scope = Scope.CLASSES) -> str:
    """One scrape as it is sent."""
    return b"".join([part async for part in scrape.scrape(told, scope)]).decode()


async def samples_of(told: Sources, scope: Scope = Scope.CLASSES) -> Samples:
    """One scrape, as Prometheus reads it."""
    return parse(await text_of(told, scope))


def value(samples: Samples, name: str, **labels: str) -> float:
    """One sample's value."""
    return samples[f"liveclass_{name}", frozenset(labels.items())]


def names(samples: Iterable[tuple[str, frozenset[tuple[str, str]]]]) -> list[str]:
    """The names of all samples."""
    return [name for name, _ in samples]
