"""Counts of the SFU and of the classes as Prometheus metrics.

Two scopes: `worker` is the process and the worker's totals, a fixed number of series; `classes`
adds sums of each class, while it exists and for a bounded number of classes: the others are
counted in liveclass_metrics_omitted. Pure: no I/O, no clock.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from common.metrics import Family, by_label, family, single
from sfu.stalls import Stalls
from sfu.stats import RouterSums, TrafficTotals, WorkerSnapshot

MAX_CLASSES = 200


class Scope(StrEnum):
    """The extent of a scrape."""

    WORKER = "worker"
    CLASSES = "classes"


@dataclass(slots=True)
class ClassCount:
    """Signalling's counts of one class."""

    class_id: str
    state: str
    present: int
    away: int
    hands: int


@dataclass(slots=True)
class SignallingSnapshot:
    """Signalling's counts of the whole server."""

    sockets: int
    messages: Mapping[str, int]
    refusals: Mapping[str, int]
    connections_refused: Mapping[str, int]
    sockets_closed: Mapping[str, int]
    http_refusals: Mapping[str, int]


def _counter(name: str, text: str, label: str, values: Mapping[str, float]) -> Family:
    return by_label(f"liveclass_{name}", text, "counter", label, values)


_WORKER: tuple[tuple[str, str, Callable[[WorkerSnapshot], int]], ...] = (
    ("datagrams_received", "Datagrams that reached the socket", lambda w: w.datagrams_received),
    ("datagrams_accepted", "Datagrams taken, not dropped", lambda w: w.datagrams_accepted),
    ("received_bytes", "Bytes that reached the socket", lambda w: w.bytes_received),
    ("packets_forwarded", "Media packets that were forwarded", lambda w: w.packets_forwarded),
    ("copies_sent", "Copies of media packets sent to subscribers", lambda w: w.copies_sent),
    ("sent_bytes", "Bytes sent to subscribers", lambda w: w.bytes_sent),
    ("stun_answers", "STUN requests answered", lambda w: w.stun_answers),
    ("overruns", "Datagrams lost as the receive buffer was full", lambda w: w.socket.overruns),
    ("runs_refused", "Destinations that get single sends", lambda w: w.socket.runs_refused),
)

_WORKER_NOW: tuple[tuple[str, str, Callable[[WorkerSnapshot], int]], ...] = (
    ("transports", "Transports now", lambda w: w.transports),
    ("waiting_datagrams", "Waiting for the socket now", lambda w: w.socket.waiting_datagrams),
    ("waiting_bytes", "Waiting for the socket now", lambda w: w.socket.waiting_bytes),
)


def worker_metrics(worker: WorkerSnapshot) -> Iterator[Family]:
    """Totals of the worker since its start, and drops by reason."""
    for name, text, read in _WORKER:
        yield single(f"liveclass_worker_{name}", text, "counter", read(worker))
    for name, text, read in _WORKER_NOW:
        yield single(f"liveclass_worker_{name}", text, "gauge", read(worker))
    yield _counter("worker_drops", "What went no further, by reason", "reason", worker.drops)


_STALLS: tuple[tuple[str, str, str, Callable[[Stalls], float]], ...] = (
    ("stalls", "Times the loop could not turn for 10 ms", "counter", lambda s: s.count),
    ("stall_seconds", "Time in such stalls", "counter", lambda s: s.seconds),
    ("longest_stall_seconds", "The longest since the start", "gauge", lambda s: s.longest),
)


def stall_metrics(stalls: Stalls) -> Iterator[Family]:
    """Stalls of the event loop, and what ran during them."""
    for name, text, kind, read in _STALLS:
        yield single(f"liveclass_loop_{name}", text, kind, read(stalls))
    yield _counter("loop_stall_causes", "Stalls by what ran", "cause", stalls.causes)


def signalling_metrics(signalling: SignallingSnapshot) -> Iterator[Family]:
    """Counts of sockets, messages and refusals."""
    yield single("liveclass_sockets", "Connected sockets", "gauge", signalling.sockets)
    yield _counter("messages", "Client messages by event", "event", signalling.messages)
    yield _counter("refusals", "Refused messages by error code", "code", signalling.refusals)
    refused = signalling.connections_refused
    yield _counter("connections_refused", "Refused connections by error code", "code", refused)
    closed = signalling.sockets_closed
    yield _counter("sockets_closed", "Sockets the server ended, by reason", "reason", closed)
    refused = signalling.http_refusals
    yield _counter("http_refusals", "HTTP requests and connections refused", "reason", refused)


_CLASS: tuple[tuple[str, str, Callable[[ClassCount], int]], ...] = (
    ("present", "Participants with a connection", lambda c: c.present),
    ("away", "Participants that may come back", lambda c: c.away),
    ("hands", "Raised hands", lambda c: c.hands),
)

_TRAFFIC: tuple[tuple[str, str, Callable[[TrafficTotals], int]], ...] = (
    ("packets_received", "Media packets from participants", lambda t: t.packets_received),
    ("received_bytes", "Media bytes from participants", lambda t: t.bytes_received),
    ("copies_sent", "Copies sent to participants", lambda t: t.copies_sent),
    ("sent_bytes", "Bytes sent to participants", lambda t: t.bytes_sent),
    ("drops", "What went no further, all reasons", lambda t: t.drops),
    ("nacks_received", "NACKs", lambda t: t.nacks_received),
    ("plis_received", "Key frame requests", lambda t: t.plis_received),
    ("retransmitted", "Copies sent again", lambda t: t.retransmitted),
    ("switches", "Moves of slots and layers", lambda t: t.switches),
)


_SUMS: tuple[tuple[str, str, Callable[[RouterSums], float]], ...] = (
    ("connected", "Transports with media", lambda s: s.connected),
    ("limited", "Transports whose network limits what is sent", lambda s: s.limited),
    ("worst_loss", "The greatest loss a participant reports, 0 to 1", lambda s: s.worst_loss),
    ("worst_round_trip_seconds", "The longest round trip", lambda s: s.worst_round_trip_ms / 1000),
)


class ClassCounts:
    """The series of signalling's counts; classes are added one by one."""

    def __init__(self) -> None:
        self._states: Counter[str] = Counter()
        self._counted = 0
        self._families = [_of_class(name, text) for name, text, _ in _CLASS]

    def add(self, one: ClassCount) -> None:
        """Adds a class; beyond the limit it is only counted."""
        self._states[one.state] += 1
        self._counted += 1
        if self._counted <= MAX_CLASSES:
            for found, (_, _, read) in zip(self._families, _CLASS, strict=True):
                found.add_metric((one.class_id,), read(one))

    def families(self) -> Iterator[Family]:
        """All that was added, and the number of classes without series of their own."""
        yield by_label("liveclass_classes", "Classes by state", "gauge", "state", self._states)
        yield from self._families
        omitted = {"class": max(0, self._counted - MAX_CLASSES)}
        text = "Classes without series"
        yield by_label("liveclass_metrics_omitted", text, "gauge", "kind", omitted)


def class_metrics(classes: Iterable[RouterSums]) -> Iterator[Family]:
    """The traffic of each class, summed over its transports."""
    shown = tuple(islice(classes, MAX_CLASSES))
    for name, text, read in _SUMS:
        found = _of_class(name, text)
        for one in shown:
            found.add_metric((one.router_id,), read(one))
        yield found
    for name, text, count in _TRAFFIC:
        found = _of_class(name, text, "counter")
        for one in shown:
            found.add_metric((one.router_id,), count(one.traffic))
        yield found


def _of_class(name: str, text: str, kind: str = "gauge") -> Family:
    return family(f"liveclass_class_{name}", text, kind, ("class_id",))
