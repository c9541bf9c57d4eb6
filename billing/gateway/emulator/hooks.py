"""Webhooks: each event is sent until it is answered with 2xx, later and later, as Razorpay does."""

import asyncio
import json
import secrets
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aiohttp

from billing.gateway.emulator.faults import Faults
from billing.gateway.emulator.store import Entity, Store
from billing.gateway.signatures import body_signature

MAX_WAITING = 1_000
TRIES = 8
FIRST_PAUSE = 0.5  # s, doubled after each try
TIMEOUT = aiohttp.ClientTimeout(total=5)
BURST = 0.05  # s in which events count as one burst

Pause = Callable[[float], Awaitable[None]]


@dataclass(slots=True)
class Hook:
    """One event on its way."""

    id: str
    body: str
    tries: int = 0

    def entity(self) -> Entity:
        """The form in which the store keeps it."""
        return {"entity": "hook", "id": self.id, "body": self.body, "tries": self.tries}


class Hooks:
    """Events that wait to be sent, in order. One that is not taken waits beside the others, and
    does not hold them up. They are kept until they are taken or given up."""

    def __init__(
        self,
        secret: str,
        store: Store,
        clock: Callable[[], float],
        pause: Pause = asyncio.sleep,
    ) -> None:
        self.dropped = 0
        self._target: str | None = None
        self._secret = secret
        self._store = store
        self._clock = clock
        self._pause = pause
        kept = reversed(list(store.all("hook")))
        self._queue = deque(Hook(one["id"], one["body"], one["tries"]) for one in kept)
        self._ready = asyncio.Event()
        self._sending = 0
        self._later: set[asyncio.Task[None]] = set()

    @property
    def target(self) -> str | None:
        """The address that events are sent to; None: they wait until there is one."""
        return self._target

    @target.setter
    def target(self, url: str | None) -> None:
        self._target = url
        self._ready.set()

    @property
    def waiting(self) -> int:
        """Deliveries that have not come to an end."""
        return len(self._queue) + len(self._later) + self._sending

    def tell(self, event: str, entities: dict[str, Entity], faults: Faults) -> None:
        """Queues an event; when too many wait, the oldest is lost: reconciliation finds it."""
        if faults.webhooks == "none":
            return
        body = {
            "entity": "event",
            "account_id": "acc_sandbox",
            "event": event,
            "contains": list(entities),
            "payload": {name: {"entity": one} for name, one in entities.items()},
            "created_at": int(self._clock()),
        }
        hook = Hook(secrets.token_hex(7), json.dumps(body))
        self._store.put(hook.entity())
        for _ in range(2 if faults.webhooks == "twice" else 1):
            self._add(hook, first=faults.webhooks == "reversed")

    def _add(self, hook: Hook, *, first: bool = False) -> None:
        if first:
            self._queue.appendleft(hook)
        else:
            self._queue.append(hook)
        if len(self._queue) + len(self._later) > MAX_WAITING:
            self._drop(self._queue.popleft())
        self._ready.set()

    def _drop(self, hook: Hook) -> None:
        self._store.remove("hook", hook.id)
        self.dropped += 1

    async def run(self) -> None:
        """Sends until cancelled."""
        try:
            async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
                while True:
                    await self._ready.wait()
                    await self._pause(BURST)
                    self._ready.clear()
                    while self._queue and self._target is not None:
                        await self._deliver(session, self._target, self._queue.popleft())
        finally:
            for task in self._later:
                task.cancel()
            await asyncio.gather(*self._later, return_exceptions=True)

    async def _deliver(self, session: aiohttp.ClientSession, target: str, hook: Hook) -> None:
        self._sending = 1
        is_taken = await self._is_taken(session, target, hook)
        self._sending = 0
        if is_taken:
            self._store.remove("hook", hook.id)
            return
        hook.tries += 1
        if hook.tries >= TRIES:
            self._drop(hook)
            return
        self._store.put(hook.entity())
        task = asyncio.create_task(self._come_back(hook))
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def _come_back(self, hook: Hook) -> None:
        await self._pause(FIRST_PAUSE * 2 ** (hook.tries - 1))
        self._add(hook)

    async def _is_taken(self, session: aiohttp.ClientSession, target: str, hook: Hook) -> bool:
        body = hook.body.encode()
        headers = {
            "Content-Type": "application/json",
            "X-Razorpay-Signature": body_signature(body, self._secret),
            "x-razorpay-event-id": hook.id,
        }
        post = session.post(target, data=body, headers=headers, allow_redirects=False)
        try:
            async with post as response:
                return 200 <= response.status < 300
        except (aiohttp.ClientError, TimeoutError):
            return False
