"""Which part of a run is measured: from when everybody of the base is in, for the duration.

Pure: no I/O, no clock. Times are seconds after the run's start.
"""

PATIENCE = 30.0  # how long beyond the plan a bot is waited for


class Window:
    """As planned, or later when people come more slowly."""

    def __init__(self, planned_from: float, planned_to: float, settle: float) -> None:
        self._planned = planned_from
        self._length = planned_to - planned_from
        self._settle = settle
        self._start: float | None = None
        self._gave_up = False

    def update(self, now: float, in_at: float | None) -> None:
        """Called often until the start is known; `in_at`: when the last one came, None: not yet."""
        if self._start is not None or now < self._planned - self._settle:
            return
        if in_at is not None:
            late = in_at > self._planned
            self._start = in_at + self._settle if late else self._planned
        elif now >= self._planned + PATIENCE:
            self._start = now
            self._gave_up = True

    @property
    def start(self) -> float:
        """The latest it can be, while it is not known."""
        return self._planned + PATIENCE if self._start is None else self._start

    @property
    def shift(self) -> float | None:
        """How much later than planned it begins; None while that is not known."""
        return None if self._start is None else self._start - self._planned

    @property
    def end(self) -> float:
        return self.start + self._length

    def phase(self, now: float) -> str:
        """The phase of the run."""
        if now < 0:
            return "starting"
        return "joining" if self._start is None or now < self._start else "measuring"

    @property
    def note(self) -> str:
        """A note for the reader; empty when all went as planned."""
        if self._gave_up:
            return f"Bots were still missing {PATIENCE:.0f} s later than planned; measured anyway"
        late = self.start - self._planned
        if self._start is None or late < 1.0:
            return ""
        return f"People came more slowly than planned: measured {late:.0f} s later"
