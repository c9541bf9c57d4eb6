"""The discount of a coupon, and the rules for its use. Pure: no I/O, no clock."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from billing.errors import ConflictError

LEAST_PAID = 100  # paise; gateways take nothing smaller


class CouponKind(StrEnum):
    """The meaning of the value: percent of the price, or paise."""

    PERCENT = "percent"
    AMOUNT = "amount"


@dataclass(frozen=True, slots=True)
class CouponFacts:
    """A coupon beside the class and the person it is to be used for. `used`: by others and this
    person; `used_by_person`: by them alone; times in ms."""

    kind: CouponKind
    value: int
    is_for_class: bool
    max_uses: int | None
    used: int
    used_by_person: int
    expires_at: int | None
    disabled_at: int | None


_Row = tuple[Callable[[CouponFacts, int], bool], str, str]

# The first row that applies refuses.
_TABLE: tuple[_Row, ...] = (
    (
        lambda c, _: c.disabled_at is not None or not c.is_for_class,
        "coupon_unknown",
        "This coupon is not valid for this class.",
    ),
    (
        lambda c, now: c.expires_at is not None and c.expires_at <= now,
        "coupon_expired",
        "This coupon has expired.",
    ),
    (
        lambda c, _: c.used_by_person > 0,
        "coupon_used",
        "You have used this coupon already.",
    ),
    (
        lambda c, _: c.max_uses is not None and c.used >= c.max_uses,
        "coupon_used_up",
        "This coupon has been used up.",
    ),
)


def check(coupon: CouponFacts, now: int) -> None:
    """Raises ConflictError (field `coupon`) unless it may be used now (ms)."""
    for applies, code, message in _TABLE:
        if applies(coupon, now):
            raise ConflictError(code, message, "coupon")


def discount(kind: CouponKind, value: int, price: int) -> int:
    """The discount on a price, in paise; the student never pays a fraction more.

    A rest too small to be paid is not asked for.
    """
    off = -(-price * value // 100) if kind is CouponKind.PERCENT else value
    return price if price - off < LEAST_PAID else off
