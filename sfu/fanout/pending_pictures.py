"""Layers with packets to forward, and how long the beginning of a frame waits for its end.

Pure: no I/O, no clock.
"""

from sfu.publish.producer import Layer
from sfu.timers import earliest

FRAME_WAIT = 0.002  # s


class PendingLayers:
    """The layers that the next flush forwards.

    A frame can't be shown before its last packet, and that one would have to wait until the
    others had been sent to everybody one by one. So the first packets of a frame wait for the
    last, FRAME_WAIT at most: all of them then leave in one send a subscriber.
    """

    def __init__(self) -> None:
        self._layers: list[Layer] = []
        self._deadline: float | None = None

    def __len__(self) -> int:
        return len(self._layers)

    def append(self, layer: Layer) -> None:
        """A layer has its first packet since it was taken."""
        self._layers.append(layer)

    def take(self, now: float) -> list[Layer]:
        """Those with something to forward at `now`."""
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
        """When a frame has waited long enough."""
        return self._deadline
