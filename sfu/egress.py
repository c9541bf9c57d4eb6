"""Sends the copies of what has arrived: the way out of a worker.

The counterpart of sfu.ingress. Pure: no I/O, no clock.
"""

from collections.abc import Callable

from sfu.fanout.forward import Totals, forward
from sfu.fanout.outbox import Outbox
from sfu.fanout.pending_pictures import PendingLayers
from sfu.publish.producer import Layer
from sfu.wire.rtp import abs_send_time


class Egress:
    """Forwards layer by layer. A fault closes the one transport that it arose in."""

    def __init__(
        self,
        outbox: Outbox,
        totals: Totals,
        start: Callable[[Layer, float], None],
        on_fault: Callable[[str, Exception, float], None],
    ) -> None:
        """`start` makes a layer that has begun to send known to its router; `on_fault` hears of
        exceptions, with the id of the transport."""
        self.pending = PendingLayers()
        self._outbox = outbox
        self._totals = totals
        self._start = start
        self._on_fault = on_fault

    def flush(self, now: float) -> None:
        """Forwards what a batch of arrivals has gathered."""
        stamp = abs_send_time(now) or 1  # 0 means "not forwarded yet" in a packet
        pending = self.pending.take(now)
        for layer in pending:  # all of them first: a slot then goes straight to the layer it wants
            if not layer.active:
                self._start_layer(layer, now)
        for layer in pending:
            if layer.producer.closed:
                continue
            try:
                faults = forward(layer, stamp, now, self._outbox, self._totals)
            except Exception as error:  # the publisher's: its media could not be sent
                layer.take_pending()
                self._on_fault(layer.producer.transport_id, error, now)
                continue
            for consumer, fault in faults:
                self._on_fault(consumer.context.transport_id, fault, now)

    def _start_layer(self, layer: Layer, now: float) -> None:
        try:
            self._start(layer, now)
        except Exception as error:  # as in flush
            self._on_fault(layer.producer.transport_id, error, now)
