"""The real SDK against the emulator, over a real loopback socket."""

import asyncio
from collections.abc import AsyncIterator
from threading import enumerate as enumerate_threads

import pytest
import pytest_asyncio

from billing.errors import GatewayError
from billing.gateway.bounds import FAILURES, REST
from billing.gateway.client import MAX_WAITING, THREADS
from billing.gateway.keys import Keys
from tests.billing.gateway.sandbox_server import KEYS, WITHIN, Hold, SandboxServer, sandbox_server

pytestmark = pytest.mark.interop


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[SandboxServer]:
    async with sandbox_server() as opened:
        yield opened


async def paid(desk: SandboxServer, amount: int = 149_900) -> tuple[str, str]:
    """A paid order's id and its payment's."""
    order = await desk.gateway.create_order(amount, "INR", "o-1", {"class": "maths"})
    answer = desk.sandbox.emulator.pay(order.id, "card")
    return order.id, answer["razorpay_payment_id"]


async def test_an_order_is_made_and_found_by_its_receipt(desk: SandboxServer) -> None:
    order = await desk.gateway.create_order(149_900, "INR", "o-1", {})
    assert (order.amount, order.currency, order.status) == (149_900, "INR", "created")
    assert await desk.gateway.find_order("o-1") == order
    assert await desk.gateway.find_order("o-2") is None
    assert await desk.gateway.payments_of(order.id) == []


async def test_a_payment_is_signed_and_captured(desk: SandboxServer) -> None:
    order = await desk.gateway.create_order(149_900, "INR", "o-1", {})
    answer = desk.sandbox.emulator.pay(order.id, "upi")
    payment_id, signature = answer["razorpay_payment_id"], answer["razorpay_signature"]
    assert desk.gateway.is_payment_signature(order.id, payment_id, signature)
    assert not desk.gateway.is_payment_signature(order.id, "pay_other", signature)
    assert not desk.gateway.is_payment_signature(order.id, payment_id, "é" + signature)
    payment = await desk.gateway.payment(payment_id)
    assert (payment.status, payment.amount, payment.order_id) == ("captured", 149_900, order.id)
    assert await desk.gateway.payments_of(order.id) == [payment]


async def test_an_authorized_payment_is_captured_once(desk: SandboxServer) -> None:
    desk.break_by(capture="late")
    _, payment_id = await paid(desk)
    assert (await desk.gateway.payment(payment_id)).status == "authorized"
    with pytest.raises(GatewayError):
        await desk.gateway.capture(payment_id, 1_000, "INR")
    assert (await desk.gateway.capture(payment_id, 149_900, "INR")).status == "captured"
    assert (await desk.gateway.capture(payment_id, 149_900, "INR")).status == "captured"


async def test_a_refund_with_the_same_key_is_one_refund(desk: SandboxServer) -> None:
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


@pytest.mark.parametrize("times", [1, 2])
async def test_a_lost_answer_to_a_refund_does_not_send_money_twice(
    desk: SandboxServer, times: int
) -> None:
    _, payment_id = await paid(desk)
    desk.break_by(answers="cut", only="writes", times=times)
    refund = await desk.gateway.refund(payment_id, 50_000, "r-1")
    assert [one.id for one in await desk.gateway.refunds_of(payment_id)] == [refund.id]


async def test_a_refund_is_asked_for_again_after_all_answers_were_lost(desk: SandboxServer) -> None:
    _, payment_id = await paid(desk)
    desk.break_by(answers="cut")
    with pytest.raises(GatewayError):
        await desk.gateway.refund(payment_id, 149_900, "r-1")
    desk.break_by()
    await desk.gateway.refund(payment_id, 149_900, "r-1")
    assert len(await desk.gateway.refunds_of(payment_id)) == 1


async def test_a_lost_answer_to_an_order_is_found_by_its_receipt(desk: SandboxServer) -> None:
    desk.break_by(answers="cut")
    with pytest.raises(GatewayError) as raised:
        await desk.gateway.create_order(149_900, "INR", "o-1", {})
    assert raised.value.code == "gateway_unreachable"
    desk.break_by()
    assert await desk.gateway.find_order("o-1") is not None


async def test_a_lost_answer_to_a_capture_is_no_error(desk: SandboxServer) -> None:
    desk.break_by(capture="late")
    _, payment_id = await paid(desk)
    desk.break_by(answers="cut", times=1)
    assert (await desk.gateway.capture(payment_id, 149_900, "INR")).status == "captured"


async def test_questions_are_asked_again_and_orders_are_not(desk: SandboxServer) -> None:
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
    desk: SandboxServer, amount: int, currency: str
) -> None:
    with pytest.raises(GatewayError) as raised:
        await desk.gateway.create_order(amount, currency, "o-1", {})
    assert raised.value.code == "gateway_refused"


async def test_unknown_ids_are_refused(desk: SandboxServer) -> None:
    for question in (
        desk.gateway.payment("pay_unknown"),
        desk.gateway.payments_of("order_unknown"),
        desk.gateway.refunds_of("pay_unknown"),
        desk.gateway.capture("pay_unknown", 100, "INR"),
    ):
        with pytest.raises(GatewayError):
            await question


async def test_wrong_keys_are_told_without_them(capfd: pytest.CaptureFixture[str]) -> None:
    wrong = Keys("rzp_test_0123456789", "not the secret at all", "nor this")
    async with sandbox_server(wrong) as desk:
        with pytest.raises(GatewayError) as raised:
            await desk.gateway.create_order(149_900, "INR", "o-1", {})
    assert raised.value.code == "gateway_keys"
    shown = "".join(capfd.readouterr()) + str(raised.value) + repr(wrong)
    assert "not the secret" not in shown
    assert "nor this" not in shown


async def test_nothing_is_printed_when_the_gateway_is_away(
    desk: SandboxServer, capfd: pytest.CaptureFixture[str]
) -> None:
    assert await desk.gateway.find_order("o-1") is None
    await desk.server.close()
    with pytest.raises(GatewayError) as raised:
        await desk.gateway.create_order(149_900, "INR", "o-1", {})
    assert raised.value.code == "gateway_unreachable"
    assert capfd.readouterr() == ("", "")


async def test_too_many_questions_are_refused_at_once_and_the_others_answered() -> None:
    hold = Hold()
    async with sandbox_server(pause=hold) as desk:
        questions = [desk.gateway.find_order(f"o-{n}") for n in range(THREADS + MAX_WAITING + 5)]
        tasks = [asyncio.ensure_future(one) for one in questions]
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        await asyncio.sleep(0)
        hold.let_go()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        busy = [one for one in answers if isinstance(one, GatewayError)]
        assert {one.code for one in busy} == {"gateway_busy"}
        assert len(busy) == 5
        assert done


async def test_stuck_threads_are_given_up_and_never_more_than_there_may_be() -> None:
    hold = Hold()
    async with sandbox_server(pause=hold, deadline=0.1) as desk:
        ask = [desk.gateway.create_order(100, "INR", f"o-{n}", {}) for n in range(20)]
        answers = await asyncio.gather(*ask, return_exceptions=True)
        codes = [one.code for one in answers if isinstance(one, GatewayError)]
        assert codes.count("gateway_unreachable") == THREADS
        assert codes.count("gateway_busy") == 20 - THREADS
        assert sum(one.name.startswith("razorpay") for one in enumerate_threads()) <= THREADS
        assert hold.waiting <= THREADS + 1, "the hooks pause, too"
        hold.let_go()
        desk.clock.now += REST
        async with asyncio.timeout(WITHIN):
            while not await is_answered(desk):
                desk.clock.now += REST


async def is_answered(desk: SandboxServer) -> bool:
    try:
        await desk.gateway.find_order("o-1")
    except GatewayError:
        return False
    return True


async def test_who_gives_up_leaves_no_work_behind() -> None:
    hold = Hold()
    async with sandbox_server(pause=hold) as desk:
        for _ in range(3):
            tasks = [asyncio.ensure_future(desk.gateway.find_order("o-1")) for _ in range(40)]
            await asyncio.sleep(0)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        hold.let_go()
        assert await desk.gateway.find_order("o-1") is None
        assert desk.gateway._threads._waiting == 0


async def test_a_gateway_that_is_away_is_left_alone_until_it_is_back(desk: SandboxServer) -> None:
    desk.break_by(answers="fail")
    for n in range(FAILURES):
        with pytest.raises(GatewayError):
            await desk.gateway.create_order(100, "INR", f"o-{n}", {})
    desk.break_by()
    with pytest.raises(GatewayError) as raised:
        await desk.gateway.create_order(100, "INR", "o-9", {})
    assert raised.value.code == "gateway_unreachable"
    assert await asyncio.to_thread(lambda: len(list(desk.sandbox.emulator.orders(None)))) == 0
    desk.clock.now += REST
    await desk.gateway.create_order(100, "INR", "o-9", {})
    assert await desk.gateway.find_order("o-9") is not None


@pytest.mark.parametrize("key", ["", "pay_x/../../orders", "pay_x?count=1", "pay x", "pay_é"])
async def test_an_id_cannot_lead_to_another_address(desk: SandboxServer, key: str) -> None:
    for question in (
        desk.gateway.payment(key),
        desk.gateway.payments_of(key),
        desk.gateway.refunds_of(key),
        desk.gateway.refund(key, 100, "r-1"),
        desk.gateway.capture(key, 100, "INR"),
    ):
        with pytest.raises(GatewayError) as raised:
            await question
        assert raised.value.code == "gateway_refused"


async def test_a_refund_that_the_bank_refused_is_asked_anew(desk: SandboxServer) -> None:
    _, payment_id = await paid(desk)
    desk.break_by(refunds="fail")
    first = await desk.gateway.refund(payment_id, 149_900, "r-1")
    desk.sandbox.emulator.settle(first.id)
    desk.break_by()
    second = await desk.gateway.refund(payment_id, 149_900, "r-1")
    assert second.id != first.id
    assert (await desk.gateway.refund(payment_id, 149_900, "r-1")).id == second.id
    desk.sandbox.emulator.settle(second.id)
    statuses = {one.id: one.status for one in await desk.gateway.refunds_of(payment_id)}
    assert statuses == {first.id: "failed", second.id: "processed"}


async def test_two_workers_send_the_same_refund_once(desk: SandboxServer) -> None:
    _, payment_id = await paid(desk)
    asked = [desk.gateway.refund(payment_id, 50_000, "r-1") for _ in range(6)]
    assert len({one.id for one in await asyncio.gather(*asked)}) == 1
    assert (await desk.gateway.payment(payment_id)).amount_refunded == 50_000


def test_keys_show_no_secret() -> None:
    assert KEYS.key_secret not in repr(KEYS)
    assert KEYS.webhook_secret not in repr(KEYS)
