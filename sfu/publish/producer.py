"""A Producer: one published track with its layers. Pure: no I/O, no clock."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from sfu.negotiation.capabilities import Published
from sfu.publish.layer import Layer
from sfu.subscribe.allocator import LayerInfo

if TYPE_CHECKING:
    from sfu.publish.uplink import Uplink
    from sfu.subscribe.consumer import Consumer

# Heights assumed until a key frame tells: by number of layers, smallest first.
NOMINAL_HEIGHTS = {1: (720,), 2: (360, 720), 3: (180, 360, 720)}


class Producer:
    """A track that a participant publishes; closed with its uplink."""

    __slots__ = (
        "closed",
        "codec",
        "kind",
        "layers",
        "paused",
        "producer_id",
        "source",
        "uplink",
        "watchers",
    )

    def __init__(
        self,
        producer_id: str,
        published: Published,
        uplink: "Uplink",
        on_pending: Callable[[Layer], None],
    ) -> None:
        self.producer_id = producer_id
        self.source = published.source
        self.kind = published.kind
        self.codec = published.codecs[0]
        self.uplink = uplink
        self.paused = False
        self.closed = False
        self.watchers: dict[Consumer, None] = {}  # in order of arrival
        rids = published.rids or ("",)
        heights = NOMINAL_HEIGHTS.get(len(rids), (720,) * len(rids))
        self.layers = tuple(
            Layer(self, rid, position, heights[position], on_pending)
            for position, rid in enumerate(rids)
        )

    @property
    def transport_id(self) -> str:
        """Who publishes it."""
        return self.uplink.transport_id

    @property
    def available(self) -> bool:
        """True while subscribers may be pointed at it."""
        return not self.paused and not self.closed

    def layer_by_rid(self, rid: str) -> Layer | None:
        """The layer that a rid names; a producer without simulcast has the one with rid ''."""
        return next((layer for layer in self.layers if layer.rid == rid), None)

    def by_height(self) -> list[Layer]:
        """Layers from the smallest to the largest picture."""
        return sorted(self.layers, key=lambda layer: (layer.height, layer.position))

    def layer_infos(self, now: float) -> tuple[LayerInfo, ...]:
        """What an allocator chooses from; index is the place in `by_height`.

        While every layer is silent (a still screen, a pause), those that once ran stay
        on offer with a token bit rate, so that a late joiner can wait for their key frame.
        """
        running = [layer for layer in self.layers if layer.active]
        candidates = running or [layer for layer in self.layers if layer.ssrc]
        return tuple(
            LayerInfo(place, max(layer.reception.bitrate(now), 1.0), layer.height)
            for place, layer in enumerate(self.by_height())
            if layer in candidates
        )

    def request_keyframe(self, layer: Layer, now: float) -> None:
        """Asks the publisher, through its throttled requester, unless one is just arriving."""
        arriving = any(packet.starts for packet in layer.pending)
        if self.kind == "video" and layer.ssrc and not arriving:
            self.uplink.request_keyframe(layer, now)

    def pause(self, now: float) -> None:
        """Empties the slots that show this producer; what comes meanwhile is lost to all."""
        self.paused = True
        self._detach_consumers(now)
        for layer in self.layers:
            layer.end_segment()

    def close(self, now: float) -> None:
        """Empties the slots and forgets the packets; idempotent."""
        self.closed = True
        self._detach_consumers(now)
        for consumer in tuple(self.watchers):
            consumer.assign(None, now)
        for layer in self.layers:
            layer.forget_packets()

    def _detach_consumers(self, now: float) -> None:
        for layer in self.layers:
            for consumer in (*layer.consumers(), *layer.waiters):
                consumer.detach(now)
