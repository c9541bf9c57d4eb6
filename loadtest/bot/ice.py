"""The controlling end of ICE towards a lite server: checks, nominates, asks for consent, and
answers when the server asks whether it is there.

RFC 8445 (one pair, nominated with its first check), RFC 7675 (consent).
Pure: no I/O, no clock.
"""

from collections.abc import Callable

from sfu.ice.agent import IceCredentials, IceState
from sfu.wire import stun

CONSENT_EVERY = 2.5  # s, as Chromium on a pair that is stable
UNANSWERED_AFTER = 0.5  # s; then it asks sooner
CHECKS_AFTER = (0.05, 0.1, 0.2, 0.4, 0.8)  # s between the first checks; later ones as the last
FAILED_AFTER = 10.0  # s without any answer at the beginning
LOST_AFTER = 30.0  # s without consent, RFC 7675 5.1

_HOST_PRIORITY = (126 << 24) + (65535 << 8) + 255  # RFC 8445 5.1.2.1
_REMEMBERED = 16  # requests whose answers still count


class IceClient:
    """One path to the server. `state`: NEW until the first answer, FAILED for good."""

    def __init__(
        self,
        local: IceCredentials,
        remote: IceCredentials,
        random: Callable[[int], bytes],
        now: float,
    ) -> None:
        self.state = IceState.NEW
        self.round_trip: float | None = None  # s, of the last request that was answered
        self._random = random
        self._key, self._own_key = remote.pwd.encode(), local.pwd.encode()
        self._attributes = (
            (stun.USERNAME, f"{remote.ufrag}:{local.ufrag}".encode()),
            (stun.ICE_CONTROLLING, random(8)),
            (stun.USE_CANDIDATE, b""),
            (stun.PRIORITY, _HOST_PRIORITY.to_bytes(4, "big")),
        )
        self._asked: dict[bytes, float] = {}  # transactions, the oldest first
        self._tries = 0
        self._next = now
        self._give_up = now + FAILED_AFTER

    def next_deadline(self) -> float:
        """When handle_timers has something to send, or to say."""
        return min(self._next, self._give_up)

    def handle_timers(self, now: float) -> bytes | None:
        """The request to send now, if any; afterwards `state` may be FAILED."""
        if self.state is IceState.FAILED or now >= self._give_up:
            self.state = IceState.FAILED
            return None
        if now < self._next:
            return None
        self._tries += 1
        self._next = now + self._pause()
        return self._request(now)

    def _pause(self) -> float:
        if self.state is IceState.CONNECTED:
            return UNANSWERED_AFTER
        return CHECKS_AFTER[min(self._tries - 1, len(CHECKS_AFTER) - 1)]

    def _request(self, now: float) -> bytes:
        transaction = self._random(12)
        self._asked[transaction] = now
        if len(self._asked) > _REMEMBERED:
            del self._asked[next(iter(self._asked))]
        return stun.build(stun.BINDING_REQUEST, transaction, self._attributes, self._key)

    def answer(self, data: bytes) -> bytes | None:
        """To a request of the server's, which asks whether a nominated address is ours."""
        try:
            message = stun.parse(data)
        except stun.StunFormatError:
            return None
        if message.kind != stun.BINDING_REQUEST or not stun.proves(message, data, self._own_key):
            return None
        return stun.build(stun.BINDING_SUCCESS, message.transaction, (), self._own_key)

    def receive(self, data: bytes, now: float) -> bool:
        """True for a success response to one of our requests with the server's integrity."""
        try:
            message = stun.parse(data)
        except stun.StunFormatError:
            return False
        asked = self._asked.get(message.transaction)
        if asked is None or message.kind != stun.BINDING_SUCCESS or self.state is IceState.FAILED:
            return False
        if not stun.proves(message, data, self._key):
            return False
        self._asked.clear()
        self.state = IceState.CONNECTED
        self.round_trip = now - asked
        self._next = asked + CONSENT_EVERY
        self._give_up = now + LOST_AFTER
        return True
