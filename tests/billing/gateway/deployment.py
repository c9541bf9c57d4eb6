"""Billing on real sockets: its own pages' API, the SDK, the emulator and its webhooks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from billing.context import Context
from billing.gateway.client import RazorpayGateway
from billing.routes.session import WEBHOOK
from billing.service.reconcile import reconcile
from billing.service.refunds import run_refunds
from tests.billing.gateway.sandbox_server import WITHIN, SandboxServer, at_once, sandbox_server
from tests.billing.support import MINUTE, Clock, context_on, new_class, settings, user
from tests.billing.template import open_migrated
from tests.billing.web import Client, Site, site, told

PRICE = 149_900


@dataclass(frozen=True, slots=True)
class Deployment:
    """A student with a browser, a class to buy, and the gateway."""

    site: Site
    desk: SandboxServer
    student: Client

    @property
    def context(self) -> Context:
        return self.site.context

    async def order(self) -> dict[str, Any]:
        """The order that the page opens the checkout with."""
        return await told(await self.student.post("/payments/order", json={"classId": "maths"}))

    def pay(self, order_id: str) -> dict[str, str]:
        """The student pays in the checkout: what it hands to the page."""
        return self.desk.sandbox.emulator.pay(order_id, "card")

    async def verify(self, proof: dict[str, str]) -> int:
        """The page brings it; the status of the answer."""
        return (await self.student.post("/payments/verify", json=proof)).status

    async def webhook(self, body: bytes, signature: str, event_id: str = "evt_1") -> int:
        """A message from anybody; the status of the answer."""
        headers = {"X-Razorpay-Signature": signature, "x-razorpay-event-id": event_id}
        stranger = await self.site.browser()
        return (await stranger.post(WEBHOOK, data=body, headers=headers)).status

    async def calm(self) -> None:
        """All webhooks have come to their end."""
        async with asyncio.timeout(WITHIN):
            while self.desk.sandbox.hooks.waiting:
                await at_once(0)

    async def later(self) -> None:
        """The jobs have had their turns, an hour has passed, again and again."""
        clock = self.context.now
        assert isinstance(clock, Clock)
        for _ in range(4):
            await self.calm()
            clock.advance(60 * MINUTE)
            await reconcile(self.context)
            await run_refunds(self.context)
        await self.calm()

    async def is_enrolled(self) -> bool:
        found = await told(await self.student.get("/api/classes/maths"))
        enrolled: bool = found["my"]["enrolled"]
        return enrolled

    def taken(self) -> int:
        """Paise that the gateway has of the student's, by its own books."""
        payments = self.desk.sandbox.emulator.store.all("payment")
        held = (one for one in payments if one["captured"])
        return sum(one["amount"] - one["amount_refunded"] for one in held)


@asynccontextmanager
async def deployment(tmp_path: Path) -> AsyncIterator[Deployment]:
    """Open until the end of the block; webhooks go to its own server."""
    chosen = settings(tmp_path)
    db = await open_migrated(chosen.database)
    async with db.writing() as session:
        session.add(user("rao", "teacher"))
    async with db.writing() as session:
        session.add(new_class("maths", "rao", price=PRICE))
    try:
        async with sandbox_server() as desk:
            gateway: RazorpayGateway = desk.gateway
            async with site(context_on(db, chosen, gateway=gateway)) as opened:
                desk.sandbox.hooks.target = opened.origin + WEBHOOK
                yield Deployment(opened, desk, await opened.signed_up("asha"))
                desk.sandbox.hooks.target = None
    finally:
        await db.close()
