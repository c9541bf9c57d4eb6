"""A token bucket: how many messages may come at once and per second.

Pure: no I/O, no clock.
"""

from dataclasses import dataclass


@dataclass(slots=True)
class TokenBucket:
    """Holds up to `burst` tokens and gains `rate` a second."""

    burst: float
    rate: float
    updated_at: float
    tokens: float = -1.0

    def __post_init__(self) -> None:
        if self.tokens < 0:
            self.tokens = self.burst

    def take(self, now: float) -> bool:
        """Take one token; False when there is none."""
        gained = max(0.0, now - self.updated_at) * self.rate
        self.tokens = min(self.burst, self.tokens + gained)
        self.updated_at = now
        if self.tokens < 1.0:
            return False
        self.tokens -= 1.0
        return True
