"""Coupons: the discount and the rules for their use."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.catalogue.coupons import LEAST_PAID, CouponFacts, CouponKind, check, discount
from billing.errors import ConflictError

NOW = 1_000
FRESH = CouponFacts(CouponKind.PERCENT, 20, True, 2, 1, 0, NOW + 1, None)


@pytest.mark.parametrize(
    ("kind", "value", "price", "off"),
    [
        ("percent", 20, 49_900, 9_980),
        ("percent", 33, 100_01, 33_01),  # 33.0033 rupees: the student pays the smaller figure
        ("percent", 100, 49_900, 49_900),
        ("amount", 20_000, 49_900, 20_000),
        ("amount", 60_000, 49_900, 49_900),
        ("amount", 49_801, 49_900, 49_900),  # 99 paise can't be paid
        ("amount", 49_800, 49_900, 49_800),
    ],
)
def test_discount(kind: str, value: int, price: int, off: int) -> None:
    assert discount(CouponKind(kind), value, price) == off


@given(st.sampled_from(CouponKind), st.integers(1, 100), st.integers(LEAST_PAID, 10_000_000))
def test_what_is_left_is_nothing_or_can_be_paid(kind: CouponKind, value: int, price: int) -> None:
    rest = price - discount(kind, value, price)
    assert rest == 0 or LEAST_PAID <= rest < price


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (FRESH, None),
        (replace(FRESH, is_for_class=False), "coupon_unknown"),
        (replace(FRESH, disabled_at=1), "coupon_unknown"),
        (replace(FRESH, expires_at=NOW), "coupon_expired"),
        (replace(FRESH, expires_at=None), None),
        (replace(FRESH, used_by_person=1), "coupon_used"),
        (replace(FRESH, used=2), "coupon_used_up"),
        (replace(FRESH, used=2, max_uses=None), None),
    ],
)
def test_check(facts: CouponFacts, code: str | None) -> None:
    if code is None:
        check(facts, NOW)
        return
    with pytest.raises(ConflictError) as caught:
        check(facts, NOW)
    assert (caught.value.code, caught.value.field) == (code, "coupon")
