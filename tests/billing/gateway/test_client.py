"""The real SDK against the emulator, over a real loopback socket."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from billing.errors import GatewayError
from billing.gateway.keys import Keys
from tests.billing.gateway.counter import KEYS, Counter, counter

pytestmark = pytest.mark.interop


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[Counter]:
    async with counter() as opened:
        yield opened


async def paid(desk: Counter, amount: int = 149_900) -> tuple[str, str]:
    """A paid order's id and its payment's."""
    order = await desk.gateway.create_order(amount, "INR", "o-1", {"class": "maths"})
    answer = desk.sandbox.emulator.pay(order.id, "card")
    return order.id, answer["razorpay_payment_id"]


async def test_an_order_is_made_and_found_by_its_receipt(desk: Counter) -> None:
    order = await desk.gateway.create_order(149_900, "INR", "o-1", {})
    assert (order.amount, order.currency, order.status) == (149_900, "INR", "created")
    assert await desk.gateway.find_order("o-1") == order
    assert await desk.gateway.find_order("o-2") is None
    assert await desk.gateway.payments_of(order.id) == []


async def test_a_payment_is_signed_and_captured(desk: Counter) -> None:
    order = await desk.gateway.create_order(149_900, "INR", "o-1", {})
    answer = desk.sandbox.emulator.pay(order.id, "upi")
    payment_id, signature = answer["razorpay_payment_id"], answer["razorpay_signature"]
    assert desk.gateway.is_payment_signature(order.id, payment_id, signature)
    assert not desk.gateway.is_payment_signature(order.id, "pay_other", signature)
    assert not desk.gateway.is_payment_signature(order.id, payment_id, "é" + signature)
    payment = await desk.gateway.payment(payment_id)
    assert (payment.status, payment.amount, payment.order_id) == ("captured", 149_900, order.id)
    assert await desk.gateway.payments_of(order.id) == [payment]


async def test_an_authorized_payment_is_captured_once(desk: Counter) -> None:
    desk.break_by(capture="late")
    _, payment_id = await paid(desk)
    assert (await desk.gateway.payment(payment_id)).status == "authorized"
    with pytest.raises(GatewayError):
        await desk.gateway.capture(payment_id, 1_000, "INR")
    assert (await desk.gateway.capture(payment_id, 149_900, "INR")).status == "captured"
    assert (await desk.gateway.capture(payment_id, 149_900, "INR")).status == "captured"


async def test_a_refund_with_the_same_key_is_one_refund(desk: Counter) -> None:
    _, payment_id = await paid(desk)
    first = await desk.gateway.refund(payment_id, 50_000, "r-1")
    again = await desk.gateway.refund(payment_id, 50_000, "r-1")
    assert again.id == first.id
    second = await desk.gateway.refund(payment_id, 99_900, "r-2")
    assert {one.id for one in await desk.gateway.refunds_of(payment_id)} == {first.id, second.id}
    assert (await desk.gateway.payment(payment_id)).status == "refunded"
    with pytest.raises(GatewayError) as raised:
        await desk.gateway.refund(payment_id, 100, "r-3")
    assert raised.value.code == "gateway_refused"


async def test_a_lost_answer_to_a_refund_does_not_send_money_twice(desk: Counter) -> None:
    _, payment_id = await paid(desk)
    desk.break_by(answers="cut")
    with pytest.raises(GatewayError):
        await desk.gateway.refund(payment_id, 149_900, "r-1")
    desk.break_by()
    await desk.gateway.refund(payment_id, 149_900, "r-1")
    assert len(await desk.gateway.refunds_of(payment_id)) == 1


async def test_a_lost_answer_to_an_order_is_found_by_its_receipt(desk: Counter) -> None:
    desk.break_by(answers="cut")
    with pytest.raises(GatewayError) as raised:
        await desk.gateway.create_order(149_900, "INR", "o-1", {})
    assert raised.value.code == "gateway_unreachable"
    desk.break_by()
    assert await desk.gateway.find_order("o-1") is not None


async def test_questions_are_asked_again_and_orders_are_not(desk: Counter) -> None:
    tries: list[float] = []

    async def pause(seconds: float) -> None:
        tries.append(seconds)
        if len(tries) == 2:
            desk.break_by()

    desk.gateway._pause = pause
    desk.break_by(answers="fail")
    assert await desk.gateway.find_order("o-1") is None
    assert len(tries) == 2
    assert tries[1] > tries[0]
    desk.break_by(answers="fail")
    with pytest.raises(GatewayError):
        await desk.gateway.create_order(149_900, "INR", "o-1", {})
    assert len(tries) == 2


@pytest.mark.parametrize(
    ("amount", "currency"), [(0, "INR"), (99, "INR"), (-5, "INR"), (149_900, "RUPEES")]
)
async def test_what_the_gateway_refuses_is_an_error(
    desk: Counter, amount: int, currency: str
) -> None:
    with pytest.raises(GatewayError) as raised:
        await desk.gateway.create_order(amount, currency, "o-1", {})
    assert raised.value.code == "gateway_refused"


async def test_unknown_ids_are_refused(desk: Counter) -> None:
    for question in (
        desk.gateway.payment("pay_unknown"),
        desk.gateway.payments_of("order_unknown"),
        desk.gateway.refunds_of("pay_unknown"),
        desk.gateway.capture("pay_unknown", 100, "INR"),
    ):
        with pytest.raises(GatewayError):
            await question


async def test_wrong_keys_are_told_without_them(
    capfd: pytest.CaptureFixture[str],
) -> None:
    wrong = Keys("rzp_test_0123456789", "not the secret at all", "nor this")
    async with counter(wrong) as desk:
        with pytest.raises(GatewayError) as raised:
            await desk.gateway.create_order(149_900, "INR", "o-1", {})
    shown = "".join(capfd.readouterr()) + str(raised.value) + repr(wrong)
    assert "not the secret" not in shown
    assert "nor this" not in shown


async def test_nothing_is_printed_when_the_gateway_is_away(
    desk: Counter, capfd: pytest.CaptureFixture[str]
) -> None:
    assert await desk.gateway.find_order("o-1") is None
    await desk.server.close()
    with pytest.raises(GatewayError) as raised:
        await desk.gateway.create_order(149_900, "INR", "o-1", {})
    assert raised.value.code == "gateway_unreachable"
    assert capfd.readouterr() == ("", "")


async def test_too_many_questions_at_once_are_refused_at_once(desk: Counter) -> None:
    desk.break_by(delay=0.2)
    questions = [desk.gateway.find_order(f"o-{n}") for n in range(70)]
    answers = await asyncio.gather(*questions, return_exceptions=True)
    busy = [one for one in answers if isinstance(one, GatewayError)]
    assert {one.code for one in busy} == {"gateway_busy"}
    assert len(busy) == 6


def test_keys_show_no_secret() -> None:
    assert KEYS.key_secret not in repr(KEYS)
    assert KEYS.webhook_secret not in repr(KEYS)
