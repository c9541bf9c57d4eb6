"""Signatures against published vectors, against the SDK's own checks, and against forgers."""

import hashlib
import hmac

import pytest
import razorpay
from hypothesis import given
from hypothesis import strategies as st

from billing.gateway.signatures import body_signature, is_same, payment_signature

SECRET = "a key's secret"


def test_rfc_4231_case_2() -> None:
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert body_signature(b"what do ya want for nothing?", "Jefe") == expected


def test_a_payment_is_signed_over_order_and_payment() -> None:
    message = b"order_IEIaMR65cu6nz3|pay_IH4NVgf4Dreq1l"
    expected = hmac.new(SECRET.encode(), message, hashlib.sha256).hexdigest()
    assert payment_signature("order_IEIaMR65cu6nz3", "pay_IH4NVgf4Dreq1l", SECRET) == expected


@given(st.text("abcXYZ019_", max_size=30), st.text("abcXYZ019_", max_size=30))
def test_the_sdk_takes_our_signatures(order_id: str, payment_id: str) -> None:
    sdk = razorpay.Client(auth=("rzp_test_1", SECRET))
    proof = {
        "razorpay_order_id": order_id,
        "razorpay_payment_id": payment_id,
        "razorpay_signature": payment_signature(order_id, payment_id, SECRET),
    }
    assert sdk.utility.verify_payment_signature(proof)


@given(st.text(max_size=200))
def test_the_sdk_takes_our_webhooks(body: str) -> None:
    body = body.encode("utf-8", "ignore").decode()
    sdk = razorpay.Client(auth=("rzp_test_1", "another"))
    signature = body_signature(body.encode(), SECRET)
    assert sdk.utility.verify_webhook_signature(body, signature, SECRET)


TRUE = payment_signature("order_1", "pay_1", SECRET)


@pytest.mark.parametrize(
    "forged",
    [
        "",
        TRUE[:-1],
        TRUE + "0",
        TRUE.upper(),
        TRUE[::-1],
        " " + TRUE,
        "é" * 64,
        "\ud800",
        payment_signature("order_2", "pay_1", SECRET),
        payment_signature("order_1", "pay_2", SECRET),
        payment_signature("order_1|pay_1", "", SECRET),
        payment_signature("order_1", "pay_1", SECRET + "x"),
        payment_signature("order_1", "pay_1", ""),
        hashlib.sha256(b"order_1|pay_1").hexdigest(),
    ],
)
def test_nothing_else_is_the_signature(forged: str) -> None:
    assert not is_same(TRUE, forged)


@given(st.integers(0, 63), st.sampled_from("0123456789abcdef"))
def test_each_digit_counts(place: int, digit: str) -> None:
    forged = TRUE[:place] + digit + TRUE[place + 1 :]
    assert is_same(TRUE, forged) == (forged == TRUE)
