"""A context for tests: a migrated SQLite file, a set clock, counted ids, a gateway in memory."""

import hashlib
import hmac
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

from argon2 import PasswordHasher

from billing.accounts.passwords import Passwords
from billing.context import Context
from billing.errors import GatewayError
from billing.gateway.protocol import GatewayOrder, GatewayPayment, GatewayRefund
from billing.mail.letters import Letter
from billing.settings import BillingSettings
from billing.store.database import Database
from billing.store.tables import Class, User
from tests.billing.template import open_migrated

NOW = 1_764_000_000_000  # 2025-11-24T16:00:00Z
DAY = 86_400_000
MINUTE = 60_000
SECRET = b"the gateway's secret"
# A hash in 0.1 ms: what the parameters are does not matter to those who only sign in.
PASSWORDS = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


class Clock:
    """ms since 1970; moves when it is told to."""

    def __init__(self, now: int = NOW) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def advance(self, ms: int) -> None:
        self.now += ms


class Post:
    """A mail sender that keeps the letters; `broken`: it does not get through."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.broken = False

    async def send(self, letter: Letter) -> None:
        if self.broken:
            raise OSError("no way to the mail server")
        self.letters.append(letter)


class MemoryGateway:
    """Orders, payments and refunds in memory; `pay` is what a student does. `broken`: every
    question fails before anything is done."""

    key_id = "rzp_test_memory"
    checkout_script = "/sandbox/checkout.js"
    is_sandbox = True

    def __init__(self) -> None:
        self.orders: dict[str, GatewayOrder] = {}
        self.payments: dict[str, GatewayPayment] = {}
        self.refunds: dict[str, GatewayRefund] = {}
        self.broken = False
        self._numbers: defaultdict[str, count[int]] = defaultdict(lambda: count(1))

    def _new(self, kind: str) -> str:
        return f"{kind}_{next(self._numbers[kind]):014}"

    def _work(self) -> None:
        if self.broken:
            raise GatewayError("gateway_unreachable", "The payment service does not answer.")

    def pay(
        self,
        order_id: str,
        amount: int | None = None,
        currency: str | None = None,
        status: str = "captured",
    ) -> GatewayPayment:
        order = self.orders[order_id]
        payment = GatewayPayment(
            self._new("pay"), order_id, amount or order.amount, currency or order.currency, status
        )
        self.payments[payment.id] = payment
        return payment

    def sign(self, order_id: str, payment_id: str) -> str:
        return hmac.new(SECRET, f"{order_id}|{payment_id}".encode(), hashlib.sha256).hexdigest()

    def sign_body(self, body: bytes) -> str:
        return hmac.new(SECRET, body, hashlib.sha256).hexdigest()

    async def create_order(
        self, amount: int, currency: str, receipt: str, notes: dict[str, str]
    ) -> GatewayOrder:
        self._work()
        order = GatewayOrder(self._new("order"), amount, currency, "created", receipt)
        self.orders[order.id] = order
        return order

    async def find_order(self, receipt: str) -> GatewayOrder | None:
        self._work()
        return next((one for one in self.orders.values() if one.receipt == receipt), None)

    async def payments_of(self, gateway_order_id: str) -> list[GatewayPayment]:
        self._work()
        return [one for one in self.payments.values() if one.order_id == gateway_order_id]

    async def payment(self, payment_id: str) -> GatewayPayment:
        self._work()
        return self.payments[payment_id]

    async def capture(self, payment_id: str, amount: int, currency: str) -> GatewayPayment:
        self._work()
        self.payments[payment_id] = replace(self.payments[payment_id], status="captured")
        return self.payments[payment_id]

    async def refund(self, payment_id: str, amount: int, key: str) -> GatewayRefund:
        self._work()
        for one in self.refunds.values():
            if one.notes.get("key") == key:
                return one
        refund = GatewayRefund(self._new("rfnd"), payment_id, amount, "processed", {"key": key})
        self.refunds[refund.id] = refund
        return refund

    async def refunds_of(self, payment_id: str) -> list[GatewayRefund]:
        self._work()
        return [one for one in self.refunds.values() if one.payment_id == payment_id]

    def is_payment_signature(self, order_id: str, payment_id: str, signature: str) -> bool:
        return hmac.compare_digest(self.sign(order_id, payment_id), signature)

    def is_webhook_signature(self, body: bytes, signature: str) -> bool:
        return hmac.compare_digest(self.sign_body(body), signature)

    async def close(self) -> None:
        """Nothing to let go of."""


def numbered_ids() -> "defaultdict[str, count[int]]":
    return defaultdict(lambda: count(1))


def settings(tmp_path: Path, **values: object) -> BillingSettings:
    """Settings of which nothing comes from the environment."""
    given = {"database_url": f"sqlite:///{tmp_path / 'test.db'}", "var_dir": tmp_path, **values}
    return BillingSettings.model_validate(given)


def context_on(db: Database, chosen: BillingSettings, **parts: object) -> Context:
    """A context on an open database; parts are given or those of tests."""
    numbers = numbered_ids()
    made: dict[str, object] = {
        "gateway": MemoryGateway(),
        "mail": Post(),
        "now": Clock(),
        "passwords": PASSWORDS,
        "new_id": lambda kind: f"{kind}-{next(numbers[kind]):016x}",
        **parts,
    }
    return Context(db, chosen, **made)  # type: ignore[arg-type]


@asynccontextmanager
async def make_context(tmp_path: Path, **values: object) -> AsyncIterator[Context]:
    """A context whose database is migrated, and closed at the end; `values` are settings."""
    chosen = settings(tmp_path, **values)
    db = await open_migrated(chosen.database)
    try:
        yield context_on(db, chosen)
    finally:
        await db.close()


def user(name: str, role: str = "student", **values: object) -> User:
    """An account that nobody can sign in to: its id is u-name."""
    fields = {
        "id": f"u-{name}",
        "email": f"{name}@example.com",
        "name": name.capitalize(),
        "role": role,
        "password_hash": "none",
        "epoch": 0,
        "created_at": NOW - DAY,
        **values,
    }
    return User(**fields)


def new_class(id: str, teacher: str, **values: object) -> Class:
    """A class on sale for ₹1,499 that begins in two days; its teacher is u-teacher's name."""
    fields = {
        "id": id,
        "title": id.replace("-", " ").capitalize(),
        "description": "",
        "teacher_id": f"u-{teacher}",
        "price": 149_900,
        "currency": "INR",
        "seats": None,
        "state": "scheduled",
        "schedule": {
            "kind": "single",
            "start": "2025-11-26T18:00",
            "minutes": 60,
            "zone": "Asia/Kolkata",
        },
        "trial_minutes": 0,
        "created_at": NOW - DAY,
        "updated_at": NOW - DAY,
        **values,
    }
    return Class(**fields)
