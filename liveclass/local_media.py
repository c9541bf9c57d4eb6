"""The SFU in this process behind the MediaPlane: one worker on one UDP socket."""

import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from common.logs import get_logger
from common.slices import in_slices
from liveclass.delivery import DeliveryMeter
from sfu.config import WorkerConfig
from sfu.events import Event, MediaDelivered
from sfu.io.collector import Collector
from sfu.io.udp import UdpWorker
from sfu.io.watch import LoopWatch
from sfu.snapshot import read_routers, snapshot_totals, snapshot_transport
from sfu.stalls import StallWatch
from sfu.stats import RouterSums, TransportSnapshot, WorkerSnapshot, add_up
from sfu.worker import Worker
from signalling.classroom.effects import CloseClass, CloseMedia, OpenClass, SetLayout, SetSource
from signalling.media_plane import AnsweredSection, Command, MediaAnswer, OfferCommand, OpenMedia

log = get_logger(__name__)

STAFF = 100  # places beyond a full class, for teachers and helpers


class LocalMediaPlane:
    """Implements MediaPlane on the running event loop."""

    def __init__(self, udp: UdpWorker) -> None:
        self._udp = udp
        self._watch = LoopWatch(udp.stalls)
        self._collector = Collector(lambda: udp.worker.forwarded.packets)
        self._delivery = DeliveryMeter()
        self._handlers: list[Callable[[Event], None]] = []

    @classmethod
    async def start(
        cls,
        host: str,
        port: int,
        announced_ip: str,
        people: int = 1_000,
        stalls: StallWatch | None = None,
    ) -> "LocalMediaPlane":
        """Binds the worker's port (0: any free one); raises OSError when it is taken.

        `people` is how many students a class may have: as many transports fit, and staff's.
        `stalls` hears what takes long on the loop.
        """
        port = port or _free_port(host)
        limit = people + STAFF
        config = WorkerConfig(((announced_ip, port),), max_transports_per_router=limit)
        config = replace(config, max_transports=max(config.max_transports, limit))
        plane: LocalMediaPlane
        udp = UdpWorker.with_aiortc(config, lambda events: plane.dispatch(events), stalls)
        plane = cls(udp)
        await udp.start(host, port)
        plane._watch.start()
        plane._collector.start()
        log.info("media.started", announced=announced_ip, port=port)
        return plane

    def close(self) -> None:
        """Closes all connections, each of which hears a close_notify, and the socket; idempotent.

        No handler hears of the connections that end with it.
        """
        self._handlers.clear()
        self._udp.call(_close_all)
        self._collector.stop()
        self._watch.stop()
        self._udp.close()

    def dispatch(self, events: Sequence[Event]) -> None:
        """Hands events on; a fault in one does not keep back the others."""
        now = time.monotonic()
        for event in events:
            for told in (event, *self._delivery.take(event, now)):
                self._tell(told)

    def _tell(self, event: Event) -> None:
        for handler in self._handlers:
            try:
                handler(event)
            except Exception:
                log.exception("media.event_failed", kind=type(event).__name__)

    def subscribe(self, handler: Callable[[Event], None]) -> None:
        self._handlers.append(handler)

    async def run(self, command: Command) -> None:
        self._udp.call(lambda worker, now: _RUN[type(command)](worker, command, now))

    async def answer(self, offer: OfferCommand) -> MediaAnswer:
        answer = self._udp.call(
            lambda worker, now: worker.accept_offer(offer.participant_id, offer.sdp, now)
        )
        return MediaAnswer(
            answer.sdp,
            tuple(AnsweredSection(s.mid, s.direction, s.kind, s.source) for s in answer.sections),
        )

    async def totals(self) -> WorkerSnapshot:
        totals = snapshot_totals(self._udp.worker)
        totals.socket = self._udp.figures()
        return totals

    async def classes(self) -> list[RouterSums]:
        found: list[RouterSums] = []
        async for _ in in_slices(add_up(read_routers(self._udp.worker, time.monotonic), found)):
            pass
        return found

    async def participants(self, class_id: str) -> list[str] | None:
        router = self._udp.worker.routers.get(class_id)
        return None if router is None else list(router.transports)

    async def transport(self, class_id: str, participant_id: str) -> TransportSnapshot | None:
        router = self._udp.worker.routers.get(class_id)
        transport = None if router is None else router.transports.get(participant_id)
        return None if transport is None else snapshot_transport(transport, time.monotonic())

    async def delivered(self, class_id: str) -> list[MediaDelivered]:
        return list(self._delivery.so_far(class_id, time.monotonic()))


# The worker's call for each command; the key is the class of the command the function gets.
_RUN: dict[type, Callable[[Worker, Any, float], object]] = {
    OpenClass: lambda worker, one, now: worker.create_router(one.class_id, now),
    CloseClass: lambda worker, one, now: worker.close_router(one.class_id, now),
    OpenMedia: lambda worker, one, now: worker.create_transport(
        one.class_id, one.participant_id, now, pinned=one.pinned
    ),
    CloseMedia: lambda worker, one, now: worker.close_transport(one.participant_id, now),
    SetSource: lambda worker, one, now: worker.set_source(
        one.participant_id, one.source, one.enabled, now
    ),
    SetLayout: lambda worker, one, now: worker.set_layout(one.participant_id, one.slots, now),
}


def _close_all(worker: Worker, now: float) -> None:
    """Closes all classes; takes 0.1 ms a connection."""
    for router_id in tuple(worker.routers):
        worker.close_router(router_id, now)


def _free_port(host: str) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
