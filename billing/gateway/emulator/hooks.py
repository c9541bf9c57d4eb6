"""Webhooks: each event is sent until it is answered with 2xx, later and later, as Razorpay does."""

import asyncio
import json
import secrets
from collections import deque
from collections.abc import Awaitable, Callable
from copy import deepcopy
from dataclasses import dataclass

import aiohttp

from billing.gateway.emulator.faults import Faults
from billing.gateway.emulator.store import Entity
from billing.gateway.signatures import body_signature

MAX_QUEUED = 1_000
TRIES = 8
FIRST_PAUSE = 0.5  # s, doubled after each try
TIMEOUT = aiohttp.ClientTimeout(total=5)
BURST = 0.05  # s in which events count as one burst


@dataclass(slots=True)
class Hook:
    """One event on its way."""

    body: bytes
    event_id: str
    tries: int = 0


class Hooks:
    """Events that wait to be sent, in order; `target` is None until somebody wants them."""

    def __init__(self, secret: str, clock: Callable[[], float]) -> None:
        self.target: str | None = None
        self.dropped = 0
        self._secret = secret
        self._clock = clock
        self._queue: deque[Hook] = deque()
        self._ready = asyncio.Event()

    def tell(self, event: str, entities: dict[str, Entity], faults: Faults) -> None:
        """Queues an event; when too many wait, the oldest is lost: reconciliation finds it."""
        if faults.webhooks == "none":
            return
        body = {
            "entity": "event",
            "account_id": "acc_sandbox",
            "event": event,
            "contains": list(entities),
            "payload": {name: {"entity": deepcopy(one)} for name, one in entities.items()},
            "created_at": int(self._clock()),
        }
        hook = Hook(json.dumps(body).encode(), secrets.token_hex(7))
        for _ in range(2 if faults.webhooks == "twice" else 1):
            self._add(hook, faults.webhooks == "reversed")

    def _add(self, hook: Hook, first: bool) -> None:
        if first:
            self._queue.appendleft(hook)
        else:
            self._queue.append(hook)
        if len(self._queue) > MAX_QUEUED:
            self._queue.popleft()
            self.dropped += 1
        self._ready.set()

    async def run(self, pause: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Sends until cancelled."""
        async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
            while True:
                await self._ready.wait()
                await pause(BURST)
                self._ready.clear()
                while self._queue and self.target is not None:
                    await self._deliver(session, self._queue.popleft(), pause)

    async def _deliver(
        self,
        session: aiohttp.ClientSession,
        hook: Hook,
        pause: Callable[[float], Awaitable[None]],
    ) -> None:
        for attempt in range(TRIES):
            if await self._is_taken(session, hook):
                return
            await pause(FIRST_PAUSE * 2**attempt)
        self.dropped += 1

    async def _is_taken(self, session: aiohttp.ClientSession, hook: Hook) -> bool:
        if self.target is None:
            return False
        headers = {
            "Content-Type": "application/json",
            "X-Razorpay-Signature": body_signature(hook.body, self._secret),
            "x-razorpay-event-id": hook.event_id,
        }
        try:
            async with session.post(self.target, data=hook.body, headers=headers) as response:
                return 200 <= response.status < 300
        except (aiohttp.ClientError, TimeoutError):
            return False
