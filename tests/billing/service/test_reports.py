"""Orders found by what people know of them; totals of the seller's days."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from billing.context import Context
from billing.errors import NotFoundError
from billing.service import journal, receipts, reports
from billing.service.reports import OrderFilter, Span
from billing.store.tables import LedgerEntry, User
from tests.billing import seller
from tests.billing.support import DAY, NOW, make_context

HOUR = 3_600_000
TARA, TOM = Span(teacher_id="u-tara"), Span(teacher_id="u-tom")


@pytest.fixture
async def context(tmp_path: Path) -> AsyncIterator[Context]:
    async with make_context(tmp_path, **seller.SELLER) as made:
        await fill(made)
        yield made


async def fill(context: Context) -> None:
    """Two orders that are paid, two that are not."""
    await seller.furnish(context)
    async with context.db.writing() as session:
        await seller.pay(session, context, 1)
        await seller.pay(session, context, 2, student="ben", class_id="music")
        session.add(seller.order(3, student="ben", state="open"))
        session.add(seller.order(4, student="asha", class_id="music", state="expired"))


async def found(context: Context, wanted: OrderFilter) -> list[int]:
    return [int(one.order.id[2:], 16) for one in await reports.orders(context, wanted, 50, "")]


async def test_the_newest_come_first(context: Context) -> None:
    assert await found(context, OrderFilter()) == [4, 3, 2, 1]


@pytest.mark.parametrize(
    ("search", "numbers"),
    [
        ("ASHA", [4, 1]),
        ("ben@example", [3, 2]),
        ("music", [4, 2]),
        ("o-0000000000000003", [3]),
        ("order_00000000000002", [2]),
        ("pay_00000000000001", [1]),
        ("INV/25-26/000002", [2]),
        ("nobody", []),
        ("%", []),
        ("_sha", []),
        ("a%a", []),
        ("\\", []),
        ("' OR 1=1 --", []),
    ],
)
async def test_search_finds_what_people_know(
    context: Context, search: str, numbers: list[int]
) -> None:
    assert await found(context, OrderFilter(search=search)) == numbers


async def test_wildcards_in_a_name_are_letters(context: Context) -> None:
    async with context.db.writing() as session:
        (await session.get_one(User, "u-ben")).name = "50% B_n"
    assert await found(context, OrderFilter(search="0% b_")) == [3, 2]


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (OrderFilter(class_id="maths"), [3, 1]),
        (OrderFilter(state="paid"), [2, 1]),
        (OrderFilter(class_id="maths", state="paid", search="asha"), [1]),
        (OrderFilter(span=Span(begin=NOW + 3)), [4, 3]),
        (OrderFilter(span=Span(end=NOW + 3)), [2, 1]),
        (OrderFilter(span=TARA), [3, 1]),
        (OrderFilter(span=TOM), [4, 2]),
        (OrderFilter(span=TARA, search="music"), []),
        (OrderFilter(span=Span(teacher_id="u-asha")), []),
    ],
)
async def test_filters_narrow(context: Context, wanted: OrderFilter, numbers: list[int]) -> None:
    assert await found(context, wanted) == numbers


async def test_an_order_has_all_that_hangs_on_it(context: Context) -> None:
    async with context.db.writing() as session:
        await seller.give_back(session, context, 1, 50_000)
    reported = {one.order.id: one for one in await reports.orders(context, OrderFilter(), 50, "")}
    one = reported["o-0000000000000001"]
    assert (one.student.name, one.offer.title) == ("Asha", "Maths")
    assert [payment.id for payment in one.payments] == ["pay_00000000000001"]
    assert [refund.amount for refund in one.refunds] == [50_000]
    assert sorted(receipt.kind for receipt in one.receipts) == ["credit_note", "invoice"]
    assert reports.refunded(one, one.payments[0]) == 50_000
    assert not reported["o-0000000000000003"].payments


def entry(number: int, at: int, amount: int, class_id: str | None = "maths") -> LedgerEntry:
    kind = "captured" if amount > 0 else "refunded" if amount else "enrolled"
    return LedgerEntry(
        key=f"{kind}:{number}",
        at=at,
        kind=kind,
        amount=amount,
        currency="INR",
        class_id=class_id,
        source="webhook",
        note="",
    )


async def test_totals_are_of_the_sellers_days(context: Context) -> None:
    midnight = 1_764_009_000_000  # 2025-11-25T00:00 in Kolkata
    async with context.db.writing() as session:
        session.add_all(
            [
                entry(1, midnight - 1, 100_00),
                entry(2, midnight, 200_00),
                entry(3, midnight + HOUR, 0),
                entry(4, midnight + 2 * HOUR, -50_00),
                entry(5, midnight + 3 * HOUR, 300_00, "music"),
                entry(6, midnight + DAY, 400_00),
                entry(7, midnight + DAY, 5_00, None),
            ]
        )
    days, classes = await reports.totals(context, Span())
    assert [(d.day, d.title, d.paid, d.refunded, d.count) for d in days] == [
        ("2025-11-24", "Maths", 100_00, 0, 1),
        ("2025-11-25", "Maths", 200_00, 50_00, 1),
        ("2025-11-25", "Music", 300_00, 0, 1),
        ("2025-11-26", "Maths", 400_00, 0, 1),
        ("2025-11-26", "No class", 5_00, 0, 1),
    ]
    assert [(c.class_id, c.paid, c.refunded, c.count) for c in classes] == [
        ("maths", 700_00, 50_00, 3),
        ("music", 300_00, 0, 1),
        (None, 5_00, 0, 1),
    ]
    days, classes = await reports.totals(context, Span(midnight, midnight + DAY, "u-tom"))
    assert [(d.day, d.title, d.paid) for d in days] == [("2025-11-25", "Music", 300_00)]
    assert [c.title for c in classes] == ["Music"]


async def test_a_payment_is_refunded_by_its_own_seller_alone(context: Context) -> None:
    await reports.check_seller(context, "pay_00000000000001", None)
    await reports.check_seller(context, "pay_00000000000001", "u-tara")
    for payment_id, teacher in (("pay_00000000000001", "u-tom"), ("pay_x", None)):
        with pytest.raises(NotFoundError):
            await reports.check_seller(context, payment_id, teacher)


async def told(context: Context) -> list[object]:
    """Answers to all kinds of questions."""
    wanted = OrderFilter(Span(NOW, NOW + DAY, "u-tara"), search="a", class_id="maths", state="paid")
    searches = ("ASHA", "%", "inv/25-26/000002", "pay_", "order_00000000000003")
    async with context.db.writing() as session:
        session.add_all([entry(1, NOW, 1_499_00), entry(2, NOW, -100_00), entry(3, NOW, 1, None)])
    return [
        await found(context, wanted),
        *[await found(context, OrderFilter(search=text)) for text in searches],
        [int(one.order.id[2:]) for one in await reports.orders(context, OrderFilter(), 2, "")],
        [one.order.id for one in await reports.orders(context, OrderFilter(), 9, f"{NOW + 3}.o-x")],
        await reports.totals(context, Span(end=NOW + 1)),
        await journal.mismatches(context),
        [text async for text in journal.lines(context, Span(begin=NOW))],
        [one.number for one in await receipts.of_person(context, "u-mum", 5, "")],
        (await receipts.read(context, "u-tara", "teacher", "INV/25-26/000001")).number,
    ]


async def test_postgresql_tells_the_same(
    context: Context, tmp_path: Path, postgres_url: str
) -> None:
    async with make_context(tmp_path, database_url=postgres_url, **seller.SELLER) as other:
        await fill(other)
        assert await told(other) == await told(context)
