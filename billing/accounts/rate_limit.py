"""Limits of tries by address or account. Pure: no I/O, no clock.

Times in ms. The tables are bounded: a full one forgets the key that has been quiet longest.
"""

from collections import OrderedDict
from dataclasses import dataclass, field

from billing.errors import TooManyError

MAX_KEYS = 10_000


@dataclass(slots=True)
class Limit:
    """At most `burst` at once, and one more every `every` ms, for each key."""

    burst: int
    every: int
    _due: OrderedDict[str, int] = field(default_factory=OrderedDict)
    """The time at which a key has all its tries again."""

    def take(self, key: str, now: int) -> None:
        """Uses up one try; raises TooManyError when there is none."""
        due = max(self._due.pop(key, 0), now)
        wait = due - now - (self.burst - 1) * self.every
        self._due[key] = due if wait > 0 else due + self.every
        if len(self._due) > MAX_KEYS:
            self._due.popitem(last=False)
        if wait > 0:
            seconds = -(-wait // 1000)
            raise TooManyError("Too many tries. Wait a little, then try again.", seconds)

    def forgive(self, key: str) -> None:
        """Gives the key all its tries again."""
        self._due.pop(key, None)
