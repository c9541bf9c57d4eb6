"""Ends a coroutine at its k-th suspension, as the end of the process would; and the world that
outlives it: database file, gateway, clock."""

import gc
import json
import sqlite3
from collections import Counter
from collections.abc import Coroutine, Generator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import event

from billing.context import Context
from billing.errors import BillingError
from billing.service import checkout, webhook
from billing.service.reconcile import reconcile
from billing.service.refunds import request_refund, run_refunds
from billing.service.verify import Proof, verify
from billing.store.database import Database
from tests.billing.service.hooking_gateway import HookingGateway
from tests.billing.support import MINUTE, Clock, context_on, settings

HOUR = 60 * MINUTE
SECONDS_TO_WAIT = 10


class Crash(BaseException):
    """The process is gone."""


class Crashing:
    """Awaits a coroutine, which meets a Crash at its suspension number `at` (0: never)."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], at: int) -> None:
        self._coroutine = coroutine
        self._at = at
        self.suspensions = 0

    def __await__(self) -> Generator[Any, Any, Any]:
        while True:
            try:
                waited = self._coroutine.send(None)
                self.suspensions += 1
                if self.suspensions == self._at:
                    waited = self._coroutine.throw(Crash())
            except StopIteration as end:
                return end.value
            yield waited


@dataclass
class World:
    """The state that is left when the process ends."""

    path: Path
    gateway: HookingGateway = field(default_factory=HookingGateway)
    clock: Clock = field(default_factory=Clock)
    ids: Counter[str] = field(default_factory=Counter)
    context: Context = field(init=False)
    _opened: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """A new process on what is there."""
        db = Database(f"sqlite:///{self.path}")
        self._opened = []
        event.listen(db.engine.sync_engine, "connect", self._note)
        chosen = settings(self.path.parent)
        parts = {"gateway": self.gateway, "now": self.clock, "new_id": self._new_id}
        self.context = context_on(db, chosen, **parts)

    def _note(self, connection: Any, _: object) -> None:
        self._opened.append(connection.driver_connection)

    async def end(self) -> None:
        """The process ends, and with it all it had open."""
        for connection in self._opened:
            with suppress(ValueError, sqlite3.ProgrammingError):
                await connection.rollback()
                await connection.close()
        await self.context.db.close()
        self._opened.clear()
        gc.collect()  # statements that are still referred to keep a closed file locked

    def _new_id(self, kind: str) -> str:
        self.ids[kind] += 1
        return f"{kind}-{self.ids[kind]:016x}"

    async def run(self, step: Coroutine[Any, Any, Any], crash_at: int = 0) -> int:
        """Does a step; refusals are answers. After a crash the process starts anew. The number of
        suspensions there were before the crash, 0 when it did not come to it."""
        crashing = Crashing(step, crash_at)
        try:
            await crashing
            return 0
        except BillingError:
            return 0
        except Crash:
            pass
        reached = crashing.suspensions
        del crashing, step
        await self.end()
        self.start()
        return reached

    async def settle_down(self) -> None:
        """No webhook comes any more: reconciling and the worker alone put everything right."""
        self.gateway.broken = False
        for pause in (2 * MINUTE, *(7 * HOUR for _ in range(2))):
            self.clock.advance(pause)
            for refund in list(self.gateway.refunds.values()):
                if refund.status == "pending":
                    self.gateway.process(refund.id)
            await reconcile(self.context)
            await run_refunds(self.context)

    # Steps

    async def order(self, who: str, class_id: str = "maths") -> None:
        await checkout.order(self.context, f"u-{who}", class_id, None)

    async def verify(self, payment_id: str) -> None:
        payment = self.gateway.payments[payment_id]
        assert payment.order_id is not None
        owner = self.rows("SELECT user_id FROM orders WHERE gateway_order_id = ?", payment.order_id)
        signature = self.gateway.sign(payment.order_id, payment.id)
        await verify(self.context, owner[0][0], Proof(payment.order_id, payment.id, signature))

    async def deliver(self, number: int) -> None:
        hook = self.gateway.hooks[number]
        await webhook.receive(self.context, hook.body, self.gateway.sign_body(hook.body), hook.id)

    async def refund(self, payment_id: str) -> None:
        await request_refund(self.context, payment_id, None, "requested", "", "u-rao")

    async def work(self) -> None:
        await run_refunds(self.context)

    async def reconcile(self) -> None:
        await reconcile(self.context)

    # Looking

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(self.path, timeout=SECONDS_TO_WAIT)
        try:
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()

    def run_sql(self, query: str, *values: object) -> None:
        connection = sqlite3.connect(self.path, timeout=SECONDS_TO_WAIT)
        try:
            connection.execute(query, values)
            connection.commit()
        finally:
            connection.close()

    def picture(self) -> str:
        """The books as one text: what was written, without ids of rows."""
        asked = (
            "SELECT user_id, class_id, state, gateway_order_id, payment_id FROM orders",
            "SELECT id, state, confirmed FROM payments",
            "SELECT payment_id, state, attempts, gateway_refund_id FROM refunds",
            "SELECT user_id, class_id, ended_reason FROM enrolments",
            "SELECT key FROM ledger",
            "SELECT number FROM receipts",
            "SELECT kind, outcome FROM gateway_events",
            "SELECT user_id, kind FROM notices",
            "SELECT checked_at IS NULL FROM orders",
        )
        return json.dumps([sorted(map(str, self.rows(query))) for query in asked])


def check_seats(world: World) -> None:
    """Never more people than seats."""
    query = """SELECT c.id FROM classes c JOIN enrolments e ON e.class_id = c.id
        WHERE e.ended_at IS NULL GROUP BY c.id HAVING count(*) > c.seats"""
    assert not world.rows(query)


def check_books(world: World) -> None:
    """Money taken ⇔ enrolled or refunded, and the books say so."""
    check_seats(world)
    live = {row[0] for row in world.rows(_LIVE)}
    invoiced = Counter(row[0] for row in world.rows(_INVOICED))
    booked = dict(world.rows("SELECT payment_id, sum(amount) FROM ledger GROUP BY payment_id"))
    taken = [one for one in world.gateway.payments.values() if one.status != "failed"]
    for payment in taken:
        assert payment.status != "authorized", "money held and never taken"
        kept = payment.amount - payment.amount_refunded
        assert kept in (0, payment.amount)
        assert (payment.id in live) == (kept > 0), f"{payment}: kept but not enrolled, or both"
        assert booked[payment.id] == kept, f"{payment}: the ledger says {booked[payment.id]}"
        assert invoiced[payment.id] == 1 or payment.id not in live
    assert live <= {payment.id for payment in taken}, "enrolled for nothing"
    assert not world.rows("SELECT id FROM refunds WHERE state NOT IN ('processed', 'elsewhere')")
    _check_numbers(world)


_LIVE = """SELECT o.payment_id FROM orders o JOIN enrolments e ON e.order_id = o.id
    WHERE e.ended_at IS NULL AND e.kind = 'paid'"""
_INVOICED = """SELECT o.payment_id FROM receipts r JOIN orders o ON o.id = r.order_id
    WHERE r.kind = 'invoice'"""


def _check_numbers(world: World) -> None:
    for series, first, last, count in world.rows(
        "SELECT series, min(sequence), max(sequence), count(*) FROM receipts GROUP BY series"
    ):
        assert (first, last) == (1, count), f"gaps in {series}"
