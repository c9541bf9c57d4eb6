"""One scrape of /metrics, or one class's dump, in slices: media goes on meanwhile.

A step is a transport read, a class counted or a family written; steps run until SLICE has
passed, then the event loop serves everything else once. A thread would not help: it would hold
the interpreter's lock for 5 ms at a time.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import asdict, dataclass

from prometheus_client import Metric, generate_latest
from prometheus_client.registry import Collector

from liveclass.metrics import (
    ClassCount,
    ClassFamilies,
    Scope,
    SignallingSnapshot,
    omitted,
    signalling_metrics,
    stall_metrics,
    worker_metrics,
)
from sfu.stalls import Stalls
from sfu.stats import RouterReading, WorkerSnapshot

SLICE = 0.001  # s of the loop at a time


@dataclass(slots=True)
class Sources:
    """Where a scrape takes its numbers from; iterators may be drained over a while."""

    process: Callable[[], Iterable[Metric]]
    worker: Callable[[], WorkerSnapshot]
    stalls: Callable[[], Stalls]
    routers: Callable[[], list[RouterReading]]
    signalling: Callable[[], SignallingSnapshot]
    classes: Callable[[], Iterator[ClassCount]]
    billing: Callable[[], Iterable[Metric]] = tuple


def steps(sources: Sources, scope: Scope) -> Iterator[str]:
    """The text of a scrape in small steps; a step may be empty."""
    yield from _texts(sources.process())
    yield from _texts(worker_metrics(sources.worker()))
    yield from _texts(stall_metrics(sources.stalls()))
    yield from _texts(signalling_metrics(sources.signalling()))
    yield from _texts(sources.billing())
    if scope is Scope.WORKER:
        return
    classes = ClassFamilies()
    for count in sources.classes():
        classes.add_class(count)
        yield ""
    for router in sources.routers():
        classes.add_router(router.router_id, router.departed)
        for transport in router.transports:
            classes.add_transport(router.router_id, transport)
            yield ""
    yield from _texts(classes.families())
    yield from _texts((omitted(classes.omitted),))


def dump_steps(router: RouterReading) -> Iterator[str]:
    """A class's transports as JSON: what each has sent, received and dropped, slot by slot."""
    yield f'{{"class_id": {json.dumps(router.router_id)}, "transports": ['
    separator = ""
    for transport in router.transports:
        yield separator + json.dumps(asdict(transport))
        separator = ",\n"
    yield "]}\n"


class _Single(Collector):
    """One family, to be written by itself."""

    def __init__(self, metric: Metric) -> None:
        self._metric = metric

    def collect(self) -> Iterable[Metric]:
        return (self._metric,)


def _texts(families: Iterable[Metric]) -> Iterator[str]:
    return (generate_latest(_Single(family)).decode() for family in families)


async def in_slices(
    parts: Iterator[str], clock: Callable[[], float] = time.perf_counter
) -> AsyncIterator[str]:
    """What the steps of one slice gave, slice by slice, with a turn of the loop in between."""
    gathered: list[str] = []
    until = clock() + SLICE
    for part in parts:
        gathered.append(part)
        if clock() < until:
            continue
        if text := "".join(gathered):
            yield text
        gathered.clear()
        await asyncio.sleep(0)
        until = clock() + SLICE
    yield "".join(gathered)
