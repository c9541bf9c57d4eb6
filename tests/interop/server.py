"""A worker on a real socket with one open class, and what it tells."""

import socket
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from sfu.config import WorkerConfig
from sfu.events import Event
from sfu.io.udp import UdpWorker
from sfu.layout import SlotWant
from sfu.negotiation.negotiator import Answer
from sfu.snapshot import read_routers
from sfu.stats import ConsumerSnapshot, LayerSnapshot, TransportSnapshot
from sfu.wire.address import Address
from tests.interop.waiting import Signal

HOST = "127.0.0.1"
CLASS = "physics"

Told = TypeVar("Told")


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


class ClassServer:
    """Control calls by participant; `told` waits for an event."""

    def __init__(self) -> None:
        self.port = free_port()
        self.events: list[Event] = []
        config = WorkerConfig(candidates=((HOST, self.port),))
        self._udp = UdpWorker.with_aiortc(config, self._on_events)
        self.worker = self._udp.worker
        self._signal = Signal()

    def _on_events(self, events: Sequence[Event]) -> None:
        self.events.extend(events)
        self._signal.ring()

    async def start(self) -> None:
        await self._udp.start(HOST, self.port)
        self._udp.call(lambda worker, now: worker.create_router(CLASS, now))

    def close(self) -> None:
        self._udp.call(lambda worker, now: worker.close_router(CLASS, now))
        self._udp.close()

    def join(self, name: str, *, pinned: bool = False) -> None:
        self._udp.call(lambda worker, now: worker.create_transport(CLASS, name, now, pinned=pinned))

    def offer(self, name: str, sdp: str) -> Answer:
        return self._udp.call(lambda worker, now: worker.accept_offer(name, sdp, now))

    def show(self, name: str, mid: str, producer: str) -> None:
        """Asks for one producer in a video slot of this participant."""
        wants = [SlotWant(mid, "pinned", producer)]
        self._udp.call(lambda worker, now: worker.set_layout(name, wants, now))

    def remove(self, name: str) -> None:
        self._udp.call(lambda worker, now: worker.close_transport(name, now))

    async def told(
        self, kind: type[Told], is_it: Callable[[Told], bool] = lambda event: True
    ) -> Told:
        """The first event of this kind that fits, past or to come."""
        return await self._signal.until(
            lambda: next((e for e in self.events if isinstance(e, kind) and is_it(e)), None)
        )

    def transports(self) -> list[TransportSnapshot]:
        """Who is in the class, as the metrics read it."""
        (router,) = read_routers(self.worker, time.monotonic)
        return list(router.transports)

    def transport(self, name: str) -> TransportSnapshot:
        return next(t for t in self.transports() if t.transport_id == name)

    def sends_to(self, name: str) -> Address | None:
        """Where this participant's media goes."""
        return self.worker.routers[CLASS].transports[name].downlink.address

    def slot(self, name: str, mid: str) -> ConsumerSnapshot:
        return next(c for c in self.transport(name).consumers if c.mid == mid)

    def layer(self, name: str, source: str) -> LayerSnapshot:
        """The only layer of one source of this participant."""
        (producer,) = (p for p in self.transport(name).producers if p.source == source)
        (layer,) = producer.layers
        return layer
