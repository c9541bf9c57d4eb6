"""Goods and services tax that is contained in a price. Pure: no I/O, no clock.

Prices include tax. Amounts are paise, rates thousandths of a percent (18000 is 18 %), states the
two digits that GSTINs begin with.
"""

from dataclasses import dataclass

STATES = {
    "01": "Jammu and Kashmir",
    "02": "Himachal Pradesh",
    "03": "Punjab",
    "04": "Chandigarh",
    "05": "Uttarakhand",
    "06": "Haryana",
    "07": "Delhi",
    "08": "Rajasthan",
    "09": "Uttar Pradesh",
    "10": "Bihar",
    "11": "Sikkim",
    "12": "Arunachal Pradesh",
    "13": "Nagaland",
    "14": "Manipur",
    "15": "Mizoram",
    "16": "Tripura",
    "17": "Meghalaya",
    "18": "Assam",
    "19": "West Bengal",
    "20": "Jharkhand",
    "21": "Odisha",
    "22": "Chhattisgarh",
    "23": "Madhya Pradesh",
    "24": "Gujarat",
    "26": "Dadra and Nagar Haveli and Daman and Diu",
    "27": "Maharashtra",
    "29": "Karnataka",
    "30": "Goa",
    "31": "Lakshadweep",
    "32": "Kerala",
    "33": "Tamil Nadu",
    "34": "Puducherry",
    "35": "Andaman and Nicobar Islands",
    "36": "Telangana",
    "37": "Andhra Pradesh",
    "38": "Ladakh",
    "97": "Other Territory",
}
# Union territories without a legislature: their half is called UTGST (UTGST Act, section 7).
_UNION_TERRITORIES = frozenset(("04", "26", "31", "35", "38", "97"))


@dataclass(frozen=True, slots=True)
class Supply:
    """A supply from one state to another at a rate. No GSTIN: not registered, no tax."""

    gstin: str | None
    rate: int
    seller_state: str | None
    buyer_state: str | None

    @property
    def origin(self) -> str | None:
        """The seller's state; a GSTIN begins with it."""
        return self.seller_state or (self.gstin[:2] if self.gstin else None)

    @property
    def place(self) -> str | None:
        """The place of supply: the buyer's state where it is known, else the seller's."""
        return self.buyer_state or self.origin


@dataclass(frozen=True, slots=True)
class TaxPart:
    """One tax of a supply."""

    name: str
    rate: int
    amount: int


@dataclass(frozen=True, slots=True)
class Tax:
    """A total taken apart: `taxable` and the parts add up to it, to the paise."""

    taxable: int
    parts: tuple[TaxPart, ...]

    @property
    def amount(self) -> int:
        """All taxes together."""
        return sum(part.amount for part in self.parts)


def included(total: int, supply: Supply) -> Tax:
    """The tax that `total` contains.

    Within a state the two halves are equal (CGST and SGST have one rate), so the taxable value
    takes what rounding leaves.
    """
    if supply.gstin is None or supply.rate == 0:
        return Tax(total, ())
    if supply.place != supply.origin:
        tax = _share(total, supply.rate, 1)
        return Tax(total - tax, (TaxPart("IGST", supply.rate, tax),))
    local = "UTGST" if supply.origin in _UNION_TERRITORIES else "SGST"
    half = _share(total, supply.rate, 2)
    parts = (("CGST", supply.rate // 2), (local, supply.rate - supply.rate // 2))
    return Tax(total - 2 * half, tuple(TaxPart(name, rate, half) for name, rate in parts))


def credited(before: int, amount: int, supply: Supply) -> Tax:
    """The tax in `amount` that is sent back after `before` of the same invoice was: the notes of
    an invoice, however many, add up to its tax."""
    old, new = included(before, supply), included(before + amount, supply)
    parts = tuple(
        TaxPart(there.name, there.rate, there.amount - here.amount)
        for here, there in zip(old.parts, new.parts, strict=True)
    )
    return Tax(new.taxable - old.taxable, parts)


def _share(total: int, rate: int, divisor: int) -> int:
    """One of `divisor` equal parts of the tax in a total, half a paisa rounded up."""
    over, under = total * rate, (100_000 + rate) * divisor
    return (2 * over + under) // (2 * under)


_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def is_gstin(text: str) -> bool:
    """True for 15 characters that begin with a state, with the right check character (mod 36)."""
    if len(text) != 15 or text[:2] not in STATES or not set(text) <= set(_DIGITS):
        return False
    total = 0
    for place, character in enumerate(text[:14]):
        product = _DIGITS.index(character) * (1 + place % 2)
        total += product // 36 + product % 36
    return _DIGITS[-total % 36] == text[14]
