"""Documents as tests need them."""

from billing.receipts import document as receipts
from billing.receipts import tax

GSTIN = "29AAGCB7383J1Z4"


def document(
    *,
    title: str = "Maths for class 8",
    buyer: str = "Asha Rao",
    buyer_state: str | None = "27",
    gstin: str | None = GSTIN,
    total: int = 1_499_00,
    discount: int = 0,
    rate: int = 18_000,
    address: str = "12 MG Road\nBengaluru 560001",
) -> receipts.Document:
    """An invoice of a seller in Karnataka."""
    supply = tax.Supply(gstin, rate, "29", buyer_state)
    return receipts.Document(
        kind="invoice",
        number="INV/26-27/000123",
        issued_at=1_795_500_000_000,
        zone="Asia/Kolkata",
        seller=receipts.Seller(name="Bright Lessons", address=address, gstin=gstin, state="29"),
        buyer=receipts.Buyer(name=buyer, email="asha@example.org", state=buyer_state),
        item=receipts.Item(
            class_id="maths",
            title=title,
            hsn_sac="999293",
            list_price=total + discount,
            discount=discount,
            coupon="DIWALI" if discount else None,
            total=total,
            currency="INR",
        ),
        split=receipts.split_of(tax.included(total, supply), supply),
        order_id="o-0123456789abcdef",
        payment_id="pay_Nx8kfOe7sQ2JrT",
    )
