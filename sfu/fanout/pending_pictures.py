"""Layers with packets to forward, and how long the beginning of a frame waits for its end.

Pure: no I/O, no clock.
"""

from sfu.publish.producer import Layer
from sfu.timers import earliest

FRAME_WAIT = 0.002  # s


class PendingLayers:
    """The layers that the next flush forwards.

    A frame can't be shown before its last packet, and the last would have to wait until the first
    ones had been sent to every subscriber. So the first packets of a frame wait for the last,
    FRAME_WAIT at most: all of them then leave in one send for each subscriber.
    """

    def __init__(self) -> None:
        self._layers: list[Layer] = []
        self._deadline: float | None = None

    def __len__(self) -> int:
        return len(self._layers)

    def append(self, layer: Layer) -> None:
        """Adds a layer, at its first packet since it was taken last."""
        self._layers.append(layer)

    def take(self, now: float) -> list[Layer]:
        """The layers whose packets are to be forwarded at `now`; the others stay."""
        ready: list[Layer] = []
        held: list[Layer] = []
        self._deadline = None
        for layer in self._layers:
            if layer.producer.closed:
                continue
            deadline = layer.pending_since + FRAME_WAIT
            if layer.is_whole or now >= deadline:
                ready.append(layer)
            else:
                held.append(layer)
                self._deadline = earliest(self._deadline, deadline)
        self._layers = held
        return ready

    def next_deadline(self) -> float | None:
        """The time at which the first frame has waited long enough."""
        return self._deadline
