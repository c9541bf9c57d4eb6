"""The context that every service is given: database, settings, gateway, mail, clock, ids."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from billing.accounts.passwords import Passwords
from billing.gateway.protocol import Gateway
from billing.mail.letters import MailSender
from billing.settings import BillingSettings
from billing.store.database import Database


class Wake:
    """Wakes a job before its turn because there is something to do."""

    def __init__(self) -> None:
        self._events: dict[str, asyncio.Event] = {}

    def __call__(self, name: str) -> None:
        """Wakes the job of this name."""
        self._event(name).set()

    async def wait(self, name: str, seconds: float) -> None:
        """Waits until the job is woken, or for so long."""
        event = self._event(name)
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            pass
        event.clear()

    def _event(self, name: str) -> asyncio.Event:
        return self._events.setdefault(name, asyncio.Event())


@dataclass(frozen=True, slots=True)
class Context:
    """`now` in ms since 1970; `new_id("o")` makes the id of an order. `wake`: "entry" when an
    enrolment has ended, "refunds" when a refund is due. `counts` are for the metrics."""

    db: Database
    settings: BillingSettings
    gateway: Gateway
    mail: MailSender
    now: Callable[[], int]
    new_id: Callable[[str], str]
    passwords: Passwords
    wake: Wake = field(default_factory=Wake)
    counts: Counter[str] = field(default_factory=Counter)
