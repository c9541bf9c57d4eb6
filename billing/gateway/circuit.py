"""Whether to ask a service that keeps failing. Pure: no I/O, no clock."""

FAILURES = 5  # one after the other until it rests
REST = 10.0  # s


class Circuit:
    """Closed until so many failures came in a row; then one question each `REST` tries whether
    the service is back, and all others are refused at once."""

    def __init__(self) -> None:
        self._failures = 0
        self._next_try = 0.0

    def allows(self, now: float) -> bool:
        """Whether to ask now; a yes while it rests is the one that tries."""
        if self._failures < FAILURES:
            return True
        if now < self._next_try:
            return False
        self._next_try = now + REST
        return True

    def succeeded(self) -> None:
        """There was an answer, be it a refusal."""
        self._failures = 0

    def failed(self, now: float) -> None:
        """There was none."""
        self._failures += 1
        self._next_try = now + REST
