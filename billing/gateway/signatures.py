"""Razorpay's signatures: HMAC-SHA256 in hexadecimal, compared in constant time.

Source: Razorpay's documentation of checkout verification and of webhooks. Pure: no I/O, no clock.
"""

import hashlib
import hmac


def payment_signature(order_id: str, payment_id: str, key_secret: str) -> str:
    """The signature that the checkout answers for a payment that went through."""
    return body_signature(f"{order_id}|{payment_id}".encode(), key_secret)


def body_signature(body: bytes, secret: str) -> str:
    """The signature that comes with a webhook's raw body."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def is_same(expected: str, given: str) -> bool:
    """Compares in constant time, whatever was given."""
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))
