"""The series of each transport and of each layer it publishes: the scope `transports`.

Pure: no I/O, no clock.
"""

from collections import Counter
from collections.abc import Callable, Iterator

from liveclass.exposition import Family, label_text
from liveclass.metrics import MAX_TRANSPORTS, TRAFFIC
from sfu.stats import LayerSnapshot, ProducerSnapshot, TransportSnapshot

_TransportReader = Callable[[TransportSnapshot], float | None]
_LayerReader = Callable[[LayerSnapshot], float]

_TRANSPORT_GAUGES: tuple[tuple[str, str, _TransportReader], ...] = (
    ("round_trip_seconds", "Round trip time", lambda t: _thousandth(t.round_trip_ms)),
    ("downlink_loss", "Loss the participant reports, 0 to 1", lambda t: t.downlink_loss),
    ("remb_bits", "The participant's own estimate, bits a second", lambda t: t.remb),
    ("budget_bits", "Limit in force, bits a second; absent: none", lambda t: t.budget),
)

_LAYER: tuple[tuple[str, str, str, _LayerReader], ...] = (
    ("packets", "Packets received", "counter", lambda layer: layer.packets),
    ("bytes", "Bytes received", "counter", lambda layer: layer.bytes),
    ("nacks_sent", "Packets asked for again", "counter", lambda layer: layer.nacks_sent),
    ("plis_sent", "Key frames asked for", "counter", lambda layer: layer.plis_sent),
    ("bits", "Bit rate now, bits a second", "gauge", lambda layer: layer.bitrate),
    ("loss", "Loss on the way to us, 0 to 1", "gauge", lambda layer: layer.fraction_lost),
    ("jitter_seconds", "Interarrival jitter", "gauge", lambda layer: layer.jitter_ms / 1000),
)


def _thousandth(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


class TransportFamilies:
    """The series of up to MAX_TRANSPORTS transports, taken in one by one."""

    def __init__(self) -> None:
        self._taken = 0
        self._traffic = [
            Family(f"liveclass_transport_{name}", text, "counter") for name, text, _ in TRAFFIC
        ]
        self._gauges = [
            Family(f"liveclass_transport_{name}", text) for name, text, _ in _TRANSPORT_GAUGES
        ]
        self._slots = Family(
            "liveclass_transport_video_slots", "Video slots by the layer they show"
        )
        self._layers = [
            Family(f"liveclass_layer_{name}", text, kind) for name, text, kind, _ in _LAYER
        ]

    def add(self, router_id: str, transport: TransportSnapshot) -> None:
        """One transport; beyond the limit it is only counted."""
        self._taken += 1
        if self._taken > MAX_TRANSPORTS:
            return
        names = {"class_id": router_id, "participant": transport.transport_id}
        labels, traffic = label_text(names), transport.traffic()
        for family, (_, _, count) in zip(self._traffic, TRAFFIC, strict=True):
            family.add(count(traffic), labels)
        for family, (_, _, read) in zip(self._gauges, _TRANSPORT_GAUGES, strict=True):
            if (value := read(transport)) is not None:
                family.add(value, labels)
        self._add_slots(transport, names)
        for producer in transport.producers:
            self._add_layers(producer, names)

    def _add_slots(self, transport: TransportSnapshot, names: dict[str, str]) -> None:
        """How many video slots show which layer; "none" counts those that show nothing."""
        slots = (slot for slot in transport.consumers if slot.kind == "video")
        shown = Counter("none" if slot.layer is None else str(slot.layer) for slot in slots)
        for layer, count in sorted(shown.items()):
            self._slots.add(count, label_text({**names, "layer": layer}))

    def _add_layers(self, producer: ProducerSnapshot, names: dict[str, str]) -> None:
        for layer in producer.layers:
            labels = label_text({**names, "source": producer.source, "rid": layer.rid})
            for family, (_, _, _, read) in zip(self._layers, _LAYER, strict=True):
                family.add(read(layer), labels)

    @property
    def omitted(self) -> int:
        """Transports without series of their own."""
        return max(0, self._taken - MAX_TRANSPORTS)

    def families(self) -> Iterator[Family]:
        """Everything that was taken in."""
        yield from (*self._traffic, *self._gauges, self._slots, *self._layers)
