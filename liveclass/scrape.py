"""A scrape of /metrics and a dump of one class: read from the media plane, written in slices.

A step counts one class, writes one family or reads one transport, so media goes on in between.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

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
    """The sources of a scrape's numbers; their iterators may be drained over a while."""

    plane: MediaPlane
    process: Callable[[], Iterable[Metric]]
    stalls: Callable[[], Stalls]
    signalling: Callable[[], SignallingSnapshot]
    classes: Callable[[], Iterator[ClassCount]]
    billing: Callable[[], Iterable[Metric]] = tuple


async def scrape(sources: Sources, scope: Scope) -> AsyncIterator[bytes]:
    """Writes a scrape, slice by slice."""
    totals = await sources.plane.totals()
    families: Iterable[Metric] = chain(
        sources.process(),
        worker_metrics(totals),
        stall_metrics(sources.stalls()),
        signalling_metrics(sources.signalling()),
        sources.billing(),
    )
    if scope is Scope.CLASSES:
        sums, counts = await sources.plane.classes(), ClassCounts()
        async for part in in_slices(sources.classes()):
            for one in part:
                counts.add(one)
        families = chain(families, counts.families(), class_metrics(sums))
    # A family is made when it is written: with 200 classes each takes about a slice.
    async for texts in in_slices(generate_latest(_Single(family)) for family in families):
        yield b"".join(texts)


class _Single(Collector):
    """A collector of one family, which is written by itself."""

    def __init__(self, metric: Metric) -> None:
        self._metric = metric

    def collect(self) -> Iterable[Metric]:
        return (self._metric,)


async def dump(plane: MediaPlane, class_id: str, participants: list[str]) -> AsyncIterator[bytes]:
    """Writes the transports of a class as JSON: traffic, drops, layers and slots of each.

    It leaves out participants that have left meanwhile.
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
