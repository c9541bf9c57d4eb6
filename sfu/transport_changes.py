"""Transports that have changed since they were last looked at. Pure: no I/O, no clock."""

from collections.abc import Callable

from sfu.transport import Transport


class TransportChanges:
    """The listener of all transports of a worker, which looks at each once per call.

    Each table has transports in the order in which they told.
    """

    def __init__(self, on_wake: Callable[[], None]) -> None:
        """`on_wake` is called at each change of state, which may come from outside of any call to
        the worker (DTLS)."""
        self.states: dict[Transport, None] = {}
        self.deadlines: dict[Transport, None] = {}
        self.slots: dict[Transport, None] = {}
        self._on_wake = on_wake

    def on_state(self, transport: Transport) -> None:
        """Its state, its quality, or the reason for its end has changed."""
        self.states[transport] = None
        self._on_wake()

    def on_deadline(self, transport: Transport) -> None:
        """Its next deadline may have changed."""
        self.deadlines[transport] = None

    def on_slots(self, transport: Transport) -> None:
        """Its slots show something else."""
        self.slots[transport] = None
