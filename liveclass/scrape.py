"""One scrape of /metrics, in slices: media goes on while a thousand transports are told.

A step is a transport read, a class counted or a family written; steps run until SLICE has
passed, then everything else gets its turn. A thread would not help: it would hold the
interpreter's lock for 5 ms at a time.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass

from liveclass.exposition import Family
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
from liveclass.transport_metrics import TransportFamilies
from sfu.stalls import Stalls
from sfu.stats import RouterReading, WorkerSnapshot

SLICE = 0.001  # s of the loop at a time


@dataclass(slots=True)
class Sources:
    """Where a scrape takes its numbers from; iterators may be drained over a while."""

    process: Callable[[], Iterable[Family]]
    worker: Callable[[], WorkerSnapshot]
    stalls: Callable[[], Stalls]
    routers: Callable[[], list[RouterReading]]
    signalling: Callable[[], SignallingSnapshot]
    classes: Callable[[], Iterator[ClassCount]]
    billing: Callable[[], Iterable[Family]] = tuple


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
    transports = TransportFamilies() if scope is Scope.TRANSPORTS else None
    for count in sources.classes():
        classes.add_class(count)
        yield ""
    for router in sources.routers():
        classes.add_router(router.router_id, router.departed)
        for transport in router.transports:
            classes.add_transport(router.router_id, transport)
            if transports is not None:
                transports.add(router.router_id, transport)
            yield ""
    yield from _texts(classes.families())
    if transports is not None:
        yield from _texts(transports.families())
    yield omitted(classes.omitted, 0 if transports is None else transports.omitted).text()


def _texts(families: Iterable[Family]) -> Iterator[str]:
    return (family.text() for family in families)


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
