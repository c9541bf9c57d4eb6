"""The SFU in this process behind the MediaPlane: one worker on one UDP socket."""

import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from common.logs import get_logger
from sfu.config import WorkerConfig
from sfu.events import Event
from sfu.io.collector import Collector
from sfu.io.udp import UdpWorker
from sfu.io.watch import LoopWatch
from sfu.layout import SlotWant
from sfu.snapshot import read_routers, snapshot_totals
from sfu.stalls import StallWatch
from sfu.stats import RouterReading, WorkerSnapshot
from sfu.worker import Worker
from signalling.classroom.messages import WantedSlot
from signalling.media_plane import MediaAnswer

log = get_logger(__name__)

STAFF = 100  # who come into a full class all the same


class LocalMediaPlane:
    """Implements MediaPlane on the running event loop."""

    def __init__(self, udp: UdpWorker) -> None:
        self._udp = udp
        self._watch = LoopWatch(udp.stalls)
        self._collector = Collector(lambda: udp.worker.forwarded.packets)
        self._handlers: list[Callable[[Event], None]] = []

    @classmethod
    async def start(
        cls, host: str, port: int, announced_ip: str, people: int = 1_000
    ) -> "LocalMediaPlane":
        """Bind the worker's port (0: any free one); raises OSError when it is taken.

        `people` is how many students a class may have: as many transports fit, and staff's.
        """
        port = port or _free_port(host)
        room = people + STAFF
        config = WorkerConfig(((announced_ip, port),), max_transports_per_router=room)
        config = replace(config, max_transports=max(config.max_transports, room))
        plane: LocalMediaPlane
        udp = UdpWorker.with_aiortc(config, lambda events: plane.dispatch(events))
        plane = cls(udp)
        await udp.start(host, port)
        plane._watch.start()
        plane._collector.start()
        log.info("media.started", announced=announced_ip, port=port)
        return plane

    def close(self) -> None:
        """Close all connections, each of which hears a close_notify, and the socket; idempotent.

        Nobody is told of what ends with it.
        """
        self._handlers.clear()
        self._udp.call(_close_all)
        self._collector.stop()
        self._watch.stop()
        self._udp.close()

    def dispatch(self, events: Sequence[Event]) -> None:
        """Hand events on; a fault in one does not keep back the others."""
        for event in events:
            for handler in self._handlers:
                try:
                    handler(event)
                except Exception:
                    log.exception("media.event_failed", kind=type(event).__name__)

    def subscribe(self, handler: Callable[[Event], None]) -> None:
        self._handlers.append(handler)

    @property
    def stalls(self) -> StallWatch:
        return self._udp.stalls

    async def open_class(self, class_id: str) -> None:
        self._udp.call(lambda worker, now: worker.create_router(class_id, now))

    async def close_class(self, class_id: str) -> None:
        self._udp.call(lambda worker, now: worker.close_router(class_id, now))

    async def join(self, class_id: str, participant_id: str, *, pinned: bool) -> None:
        self._udp.call(
            lambda worker, now: worker.create_transport(
                class_id, participant_id, now, pinned=pinned
            )
        )

    async def answer(self, participant_id: str, sdp: str) -> MediaAnswer:
        answer = self._udp.call(lambda worker, now: worker.accept_offer(participant_id, sdp, now))
        sections: list[dict[str, object]] = []
        for section in answer.sections:
            line: dict[str, object] = {
                "mid": section.mid,
                "direction": section.direction,
                "kind": section.kind,
            }
            if section.source is not None:
                line["source"] = section.source
            sections.append(line)
        return MediaAnswer(answer.sdp, sections)

    async def set_layout(self, participant_id: str, slots: Sequence[WantedSlot]) -> None:
        wants = [SlotWant(one.mid, one.want, one.producer, one.max_height) for one in slots]
        self._udp.call(lambda worker, now: worker.set_layout(participant_id, wants, now))

    async def set_source(self, participant_id: str, source: str, enabled: bool) -> None:
        self._udp.call(lambda worker, now: worker.set_source(participant_id, source, enabled, now))

    async def leave(self, participant_id: str) -> None:
        self._udp.call(lambda worker, now: worker.close_transport(participant_id, now))

    def totals(self) -> WorkerSnapshot:
        totals = snapshot_totals(self._udp.worker)
        totals.socket = self._udp.figures()
        return totals

    def routers(self) -> list[RouterReading]:
        return read_routers(self._udp.worker, time.monotonic)


def _close_all(worker: Worker, now: float) -> None:
    """0.1 ms a connection."""
    for router_id in tuple(worker.routers):
        worker.close_router(router_id, now)


def _free_port(host: str) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
