"""The people who have, or lately had, sockets of a class: their budgets and their messages.

A person's budget outlives the last socket by a minute, so that connecting anew gains nothing.
Both tables are bounded: by the sockets of the server, and by MAX_REMEMBERED.
"""

from dataclasses import dataclass, field

from signalling.socket.budgets import Budget
from signalling.socket.inbox import Inbox

REMEMBERED = 60.0  # seconds after the last socket
MAX_REMEMBERED = 10_000  # people without a socket

Key = tuple[str, str]  # class and user


@dataclass(slots=True)
class Caller:
    """One person of one class, whatever sockets come and go."""

    key: Key
    budget: Budget
    inbox: Inbox = field(default_factory=Inbox)
    sockets: list[str] = field(default_factory=list)  # the oldest first
    barred_until: float = 0.0


class Callers:
    """Those with sockets, and those who left lately in the order of their leaving."""

    def __init__(self) -> None:
        self._here: dict[Key, Caller] = {}
        self._left: dict[Key, tuple[Caller, float]] = {}

    def __len__(self) -> int:
        return len(self._here) + len(self._left)

    def find(self, key: Key, now: float) -> Caller:
        """The person as known, else somebody new."""
        self._forget(now)
        caller = self._here.get(key)
        if caller is None and key in self._left:
            caller = self._left[key][0]
        return caller or Caller(key, Budget(now))

    def add(self, caller: Caller, socket: str) -> None:
        """A socket of the person was let in."""
        caller.sockets.append(socket)
        self._left.pop(caller.key, None)
        self._here[caller.key] = caller

    def remove(self, caller: Caller, socket: str, now: float) -> None:
        """A socket of the person is gone."""
        caller.sockets.remove(socket)
        if caller.sockets:
            return
        del self._here[caller.key]
        self._left[caller.key] = (caller, now)
        self._forget(now)

    def _forget(self, now: float) -> None:
        while self._left:
            key, (_, since) = next(iter(self._left.items()))
            if now - since < REMEMBERED and len(self._left) <= MAX_REMEMBERED:
                break
            del self._left[key]
