"""Limits of requests for a price with a coupon, and for an order."""

from pathlib import Path

from billing.routes import payments
from tests.billing.support import make_context
from tests.billing.web import refused, site


async def test_coupons_cannot_be_guessed(tmp_path: Path) -> None:
    async with make_context(tmp_path) as context, site(context) as web:
        ravi = await web.signed_up("ravi")
        body = {"classId": "maths", "coupon": "GUESS"}
        tried = [await ravi.post("/payments/quote", json=body) for _ in range(payments.QUOTE_BURST)]
        assert {response.status for response in tried} == {404}
        response = await ravi.post("/payments/quote", json=body)
        assert await refused(response, 429) == "too_many_requests"
        plain = await ravi.post("/payments/quote", json={"classId": "maths"})
        assert plain.status == 404, "without a coupon the price may be asked on"
        other = await web.signed_up("mina")
        assert (await other.post("/payments/quote", json=body)).status == 404


async def test_orders_are_not_made_without_end(tmp_path: Path) -> None:
    async with make_context(tmp_path) as context, site(context) as web:
        ravi = await web.signed_up("ravi")
        for _ in range(payments.ORDER_BURST):
            assert (await ravi.post("/payments/order", json={"classId": "maths"})).status == 404
        response = await ravi.post("/payments/order", json={"classId": "maths"})
        assert await refused(response, 429) == "too_many_requests"
