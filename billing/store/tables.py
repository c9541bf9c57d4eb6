"""All tables by one import."""

from billing.store.catalogue import Assistant, Class, Coupon
from billing.store.columns import Base
from billing.store.journal import GatewayEvent, LedgerEntry
from billing.store.money import Enrolment, Order, Payment, Receipt, ReceiptCounter, Refund
from billing.store.people import Guardian, Notice, User

__all__ = [
    "Assistant",
    "Base",
    "Class",
    "Coupon",
    "Enrolment",
    "GatewayEvent",
    "Guardian",
    "LedgerEntry",
    "Notice",
    "Order",
    "Payment",
    "Receipt",
    "ReceiptCounter",
    "Refund",
    "User",
]
