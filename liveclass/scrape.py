"""A scrape of /metrics, and a class's dump: read from the media plane, written in slices.

A step is a class counted, a family written or a transport read, so that media goes on meanwhile.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass

import msgspec
from prometheus_client import Metric, generate_latest
from prometheus_client.registry import Collector

from common.slices import in_slices
from liveclass.metrics import (
    ClassCount,
    ClassCounts,
    Scope,
    SignallingSnapshot,
    class_metrics,
    signalling_metrics,
    stall_metrics,
    worker_metrics,
)
from sfu.stalls import Stalls
from signalling.media_plane import MediaPlane


@dataclass(slots=True)
class Sources:
    """Where a scrape takes its numbers from; iterators may be drained over a while."""

    plane: MediaPlane
    process: Callable[[], Iterable[Metric]]
    stalls: Callable[[], Stalls]
    signalling: Callable[[], SignallingSnapshot]
    classes: Callable[[], Iterator[ClassCount]]
    billing: Callable[[], Iterable[Metric]] = tuple


async def scrape(sources: Sources, scope: Scope) -> AsyncIterator[bytes]:
    """The text of a scrape."""
    families = [
        *sources.process(),
        *worker_metrics(await sources.plane.totals()),
        *stall_metrics(sources.stalls()),
        *signalling_metrics(sources.signalling()),
        *sources.billing(),
    ]
    if scope is Scope.CLASSES:
        families += class_metrics(await sources.plane.classes())
        counts = ClassCounts()
        async for part in in_slices(sources.classes()):
            for one in part:
                counts.add(one)
        families += counts.families()
    async for texts in in_slices(generate_latest(_Single(family)) for family in families):
        yield b"".join(texts)


class _Single(Collector):
    """One family, to be written by itself."""

    def __init__(self, metric: Metric) -> None:
        self._metric = metric

    def collect(self) -> Iterable[Metric]:
        return (self._metric,)


async def dump(plane: MediaPlane, class_id: str, participants: list[str]) -> AsyncIterator[bytes]:
    """The transports of a class as JSON: what each sent, received and dropped, slot by slot.

    Participants that have left meanwhile are not in it.
    """
    delivered = msgspec.json.encode(await plane.delivered(class_id))
    yield b'{"class_id":%b,"delivered":%b,"transports":[' % (
        msgspec.json.encode(class_id),
        delivered,
    )
    separator = b""
    for participant_id in participants:
        transport = await plane.transport(class_id, participant_id)
        if transport is not None:
            yield separator + msgspec.json.encode(transport)
            separator = b",\n"
    yield b"]}\n"
