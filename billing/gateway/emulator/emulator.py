"""The gateway's behaviour: orders, payments, captures, refunds, and the events that follow.

Field names and states are those of Razorpay's API. Decides at once; delivery of events and time
are given. Amounts in paise, times in seconds since 1970.
"""

import re
import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from billing.gateway.emulator.faults import Faults
from billing.gateway.emulator.store import Entity, Store
from billing.gateway.keys import Keys
from billing.gateway.signatures import payment_signature

LETTERS = string.ascii_letters + string.digits
MIN_AMOUNT = 100  # paise
PERSON = {"email": "payer@example.com", "contact": "+919000090000"}
PAYER: dict[str, Entity] = {
    "card": PERSON | {"card": {"entity": "card", "network": "Visa", "last4": "1111"}},
    "upi": PERSON | {"vpa": "payer@upi"},
    "netbanking": PERSON | {"bank": "SBIN"},
}
KEY = re.compile(r"[A-Za-z0-9_-]{10,128}")

Tell = Callable[[str, dict[str, Entity]], None]


class RefusedError(Exception):
    """The API's refusal: a code, a description, perhaps a field, and an HTTP status."""

    def __init__(self, description: str, field: str | None = None, status: int = 400) -> None:
        super().__init__(description)
        self.description = description
        self.field = field
        self.status = status


@dataclass(frozen=True, slots=True)
class RefundWish:
    """A request for a refund as it came; no amount: all that is left."""

    amount: Any = None
    notes: Any = None
    receipt: Any = None


def new_id(kind: str) -> str:
    """An id as the gateway makes them: a word and 14 letters or digits."""
    return f"{kind}_" + "".join(secrets.choice(LETTERS) for _ in range(14))


class Emulator:
    """`tell` gets each event's name and the entities it is about."""

    def __init__(self, keys: Keys, store: Store, clock: Callable[[], float], tell: Tell) -> None:
        self.keys = keys
        self.store = store
        self.faults = Faults()
        self._clock = clock
        self._tell = tell

    def _now(self) -> int:
        return int(self._clock())

    # Orders

    def create_order(self, amount: Any, currency: Any, receipt: Any, notes: Any) -> Entity:
        """A new order; the same receipt may be used again, as at Razorpay."""
        if not isinstance(amount, int) or isinstance(amount, bool) or amount < MIN_AMOUNT:
            raise RefusedError("Order amount less than minimum amount allowed", "amount")
        if not isinstance(currency, str) or len(currency) != 3:
            raise RefusedError("The currency should be 3 letters", "currency")
        if receipt is not None and (not isinstance(receipt, str) or len(receipt) > 40):
            raise RefusedError("The receipt may not be greater than 40 characters.", "receipt")
        order = {
            "id": new_id("order"),
            "entity": "order",
            "amount": amount,
            "amount_paid": 0,
            "amount_due": amount,
            "currency": currency,
            "receipt": receipt,
            "status": "created",
            "attempts": 0,
            "notes": notes or [],
            "created_at": self._now(),
        }
        self.store.put(order)
        return order

    def order(self, order_id: str) -> Entity:
        """Raises RefusedError."""
        return self._known("order", order_id)

    def orders(self, receipt: str | None) -> list[Entity]:
        """The newest first."""
        every = self.store.all("order")
        return [one for one in every if receipt is None or one["receipt"] == receipt]

    def payments_of(self, order_id: str) -> list[Entity]:
        """All tries, the newest first."""
        self.order(order_id)
        return [one for one in self.store.all("payment") if one["order_id"] == order_id]

    def _known(self, kind: str, key: str) -> Entity:
        found = self.store.get(kind, key)
        if found is None:
            raise RefusedError("The id provided does not exist")
        return found

    # Paying, as a student does in the checkout

    def pay(self, order_id: str, method: str) -> dict[str, str]:
        """A payment that goes through; what the checkout hands to the page."""
        order = self.order(order_id)
        if order["status"] == "paid":
            raise RefusedError("Payment already done for this order.")
        payment = self._attempt(order, method)
        payment["amount"] += self.faults.amount
        payment["currency"] = self.faults.currency or payment["currency"]
        payment["status"] = "authorized"
        self.store.put(payment)
        self._tell("payment.authorized", {"payment": payment})
        if self.faults.capture == "automatic":
            self._take(payment, order)
        return {
            "razorpay_payment_id": payment["id"],
            "razorpay_order_id": order_id,
            "razorpay_signature": payment_signature(order_id, payment["id"], self.keys.key_secret),
        }

    def fail(self, order_id: str, method: str) -> Entity:
        """A try that the bank refuses."""
        payment = self._attempt(self.order(order_id), method)
        payment["status"] = "failed"
        payment["error_code"] = "BAD_REQUEST_ERROR"
        payment["error_description"] = "Payment was not completed: the bank declined it."
        payment["error_source"] = "bank"
        payment["error_reason"] = "payment_failed"
        self.store.put(payment)
        self._tell("payment.failed", {"payment": payment})
        return payment

    def _attempt(self, order: Entity, method: str) -> Entity:
        order["attempts"] += 1
        if order["status"] == "created":
            order["status"] = "attempted"
        self.store.put(order)
        return {
            "id": new_id("pay"),
            "entity": "payment",
            "amount": order["amount"],
            "currency": order["currency"],
            "status": "created",
            "order_id": order["id"],
            "method": method,
            "captured": False,
            "amount_refunded": 0,
            "refund_status": None,
            "notes": order["notes"],
            **PAYER[method],
            "error_code": None,
            "error_description": None,
            "created_at": self._now(),
        }

    # Payments

    def payment(self, payment_id: str) -> Entity:
        """Raises RefusedError."""
        return self._known("payment", payment_id)

    def capture(self, payment_id: str, amount: Any) -> Entity:
        """Takes the money that was authorized."""
        payment = self.payment(payment_id)
        if payment["status"] != "authorized":
            raise RefusedError("This payment has already been captured")
        if amount != payment["amount"]:
            raise RefusedError("Capture amount must be equal to the amount authorized", "amount")
        self._take(payment, self.order(payment["order_id"]))
        return payment

    def _take(self, payment: Entity, order: Entity) -> None:
        payment["status"], payment["captured"] = "captured", True
        order["status"] = "paid"
        order["amount_paid"], order["amount_due"] = order["amount"], 0
        self.store.put(payment)
        self.store.put(order)
        self._tell("payment.captured", {"payment": payment})
        self._tell("order.paid", {"payment": payment, "order": order})

    # Refunds

    def refund_once(self, payment_id: str, wanted: RefundWish, key: str) -> Entity:
        """Does the same as `refund`, but a key that was used before gets the refund it got then."""
        if KEY.fullmatch(key) is None:
            raise RefusedError("The idempotency key has 10 or more letters, digits, - and _.")
        question = [payment_id, wanted.amount, wanted.notes, wanted.receipt]
        known = self.store.get("key", key)
        if known is not None and known["question"] != question:
            raise RefusedError(
                "Different request with the same idempotency key has already been processed."
            )
        if known is not None:
            return self.refund_of(known["refund"])
        made = self.refund(payment_id, wanted)
        self.store.put({"entity": "key", "id": key, "question": question, "refund": made["id"]})
        return made

    def refund(self, payment_id: str, wish: RefundWish) -> Entity:
        """Money on its way back; `settle` brings it there."""
        payment = self.payment(payment_id)
        rest = payment["amount"] - payment["amount_refunded"]
        wanted = rest if wish.amount is None else wish.amount
        if payment["status"] not in ("captured", "refunded"):
            raise RefusedError("The payment status should be captured for action to be taken")
        is_number = isinstance(wanted, int) and not isinstance(wanted, bool)
        if not is_number or not MIN_AMOUNT <= wanted <= rest:
            raise RefusedError("The total refund amount is greater than the refund payment amount")
        refund = {
            "id": new_id("rfnd"),
            "entity": "refund",
            "amount": wanted,
            "currency": payment["currency"],
            "payment_id": payment_id,
            "notes": wish.notes or [],
            "receipt": wish.receipt,
            "status": "pending",
            "created_at": self._now(),
        }
        payment["amount_refunded"] += wanted
        payment["refund_status"] = "full" if wanted == rest else "partial"
        if wanted == rest:
            payment["status"] = "refunded"
        self.store.put(refund)
        self.store.put(payment)
        self._tell("refund.created", {"refund": refund, "payment": payment})
        return refund

    def pending_refunds(self) -> list[str]:
        """Ids of those that have not arrived, the oldest first."""
        return [one["id"] for one in self.store.all("refund") if one["status"] == "pending"][::-1]

    def settle(self, refund_id: str) -> None:
        """The bank has booked a refund, or refuses it."""
        refund = self.refund_of(refund_id)
        if refund["status"] != "pending":
            return
        payment = self.payment(refund["payment_id"])
        if self.faults.refunds == "fail":
            refund["status"] = "failed"
            payment["amount_refunded"] -= refund["amount"]
            payment["status"] = "captured"
            payment["refund_status"] = "partial" if payment["amount_refunded"] else None
            self.store.put(payment)
        else:
            refund["status"] = "processed"
        self.store.put(refund)
        event = "refund.processed" if refund["status"] == "processed" else "refund.failed"
        self._tell(event, {"refund": refund, "payment": payment})

    def refund_of(self, refund_id: str) -> Entity:
        """Raises RefusedError."""
        return self._known("refund", refund_id)

    def refunds_of(self, payment_id: str) -> list[Entity]:
        """The newest first."""
        self.payment(payment_id)
        return [one for one in self.store.all("refund") if one["payment_id"] == payment_id]

    # Disputes

    def dispute(self, payment_id: str, phase: str) -> Entity:
        """The student's bank asks for the money: created, won, lost, closed."""
        payment = self.payment(payment_id)
        dispute = {
            "id": new_id("disp"),
            "entity": "dispute",
            "payment_id": payment_id,
            "amount": payment["amount"],
            "currency": payment["currency"],
            "amount_deducted": payment["amount"] if phase == "lost" else 0,
            "reason_code": "goods_or_services_not_received",
            "status": {"created": "open"}.get(phase, phase),
            "phase": "chargeback",
            "created_at": self._now(),
        }
        self._tell(f"payment.dispute.{phase}", {"payment": payment, "dispute": dispute})
        return dispute
