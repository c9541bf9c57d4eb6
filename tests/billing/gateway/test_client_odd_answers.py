"""What is no answer of Razorpay's API, by the real SDK: an error of ours each time, soon, and
nothing of it is believed or shown."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from billing.errors import GatewayError
from billing.gateway.client import TRIES, GatewayAddress, RazorpayGateway
from billing.gateway.records import as_order, as_payment, as_refund, items
from tests.billing.gateway.sandbox_server import KEYS, at_once

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def gateway_of(handler: Handler, deadline: float = 5.0) -> AsyncIterator[RazorpayGateway]:
    """A client whose gateway answers everything by this handler."""
    app = web.Application()
    app.router.add_route("*", "/{any:.*}", handler)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    url = str(server.make_url("")).rstrip("/")
    address = GatewayAddress(lambda: url, "", True)
    gateway = RazorpayGateway(KEYS, address, pause=at_once, deadline=deadline)
    try:
        yield gateway
    finally:
        await gateway.close()
        await server.close()


async def code_of(question: Awaitable[object]) -> str:
    with pytest.raises(GatewayError) as raised:
        await question
    assert "hunter2" not in str(raised.value)
    return raised.value.code


@pytest.mark.interop
@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (200, "<html>hunter2</html>", "gateway_unreachable"),
        (200, "", "gateway_unreachable"),
        (200, "null", "gateway_odd_answer"),
        (200, "[]", "gateway_odd_answer"),
        (200, '"hunter2"', "gateway_odd_answer"),
        (200, '{"id": "order_1", "amount": "100"}', "gateway_odd_answer"),
        (204, "", "gateway_odd_answer"),
        (302, "", "gateway_unreachable"),
        (400, "hunter2", "gateway_unreachable"),
        (400, "[]", "gateway_unreachable"),
        (400, '{"error": null}', "gateway_unreachable"),
        (400, '{"error": "hunter2"}', "gateway_unreachable"),
        (
            400,
            '{"error": {"code": "BAD_REQUEST_ERROR", "description": "hunter2"}}',
            "gateway_refused",
        ),
        (400, '{"error": {"code": "GATEWAY_ERROR", "description": "x"}}', "gateway_unreachable"),
        (404, '{"error": {"code": "BAD_REQUEST_ERROR"}}', "gateway_refused"),
        (401, '{"error": {"code": "BAD_REQUEST_ERROR"}}', "gateway_keys"),
        (409, '{"error": {"code": "BAD_REQUEST_ERROR"}}', "gateway_unreachable"),
        (429, '{"error": {"code": "BAD_REQUEST_ERROR"}}', "gateway_unreachable"),
        (500, '{"error": {"code": "SERVER_ERROR"}}', "gateway_unreachable"),
        (502, "<html>", "gateway_unreachable"),
    ],
)
async def test_an_odd_answer_is_one_of_our_errors(
    status: int, body: str, code: str, capfd: pytest.CaptureFixture[str]
) -> None:
    async def answer(request: web.Request) -> web.Response:
        headers = {"Location": "/elsewhere"} if status == 302 else {}
        return web.Response(status=status, text=body, headers=headers)

    async with gateway_of(answer) as gateway:
        assert await code_of(gateway.create_order(100, "INR", "o-1", {})) == code
    assert "hunter2" not in "".join(capfd.readouterr())


@pytest.mark.interop
@pytest.mark.parametrize("body", ["null", "[]", "{}", '{"items": {}}', '{"items": [5]}'])
async def test_an_odd_list_is_not_taken_for_an_empty_one(body: str) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=body)

    async with gateway_of(answer) as gateway:
        assert await code_of(gateway.find_order("o-1")) == "gateway_odd_answer"
        assert await code_of(gateway.payments_of("order_1")) == "gateway_odd_answer"
        assert await code_of(gateway.refunds_of("pay_1")) == "gateway_odd_answer"


@pytest.mark.interop
async def test_questions_are_asked_so_often_and_no_more() -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.method)
        return web.Response(status=503)

    async with gateway_of(answer) as gateway:
        assert await code_of(gateway.payment("pay_1")) == "gateway_unreachable"
        assert asked == ["GET"] * TRIES
        assert await code_of(gateway.create_order(100, "INR", "o-1", {})) == "gateway_unreachable"
        assert asked == ["GET"] * TRIES + ["POST"]


@pytest.mark.interop
async def test_an_answer_that_drips_is_given_up_without_blocking_the_loop() -> None:
    over = asyncio.Event()

    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"{")
        await over.wait()
        return response

    async with gateway_of(drip, deadline=0.2) as gateway:
        asking = asyncio.ensure_future(code_of(gateway.create_order(100, "INR", "o-1", {})))
        turns = 0
        while not asking.done():
            turns += 1
            await at_once(0)
        assert await asking == "gateway_unreachable"
        assert turns > 100, "the loop went on meanwhile"
        over.set()


def test_records_are_read_strictly() -> None:
    order = {"id": "order_1", "amount": 100, "currency": "INR", "status": "paid", "receipt": None}
    assert as_order(order).receipt == ""
    payment = order | {"id": "pay_1", "notes": [], "amount_refunded": None}
    assert (as_payment(payment).notes, as_payment(payment).amount_refunded) == ({}, 0)
    refund = {"id": "rfnd_1", "payment_id": "pay_1", "amount": 1, "status": "pending"}
    assert as_refund(refund | {"notes": {"key": 5}}).notes == {"key": "5"}
    for odd in (order | {"amount": 1.5}, order | {"amount": True}, order | {"id": None}, None, 5):
        for read in (as_order, as_payment, as_refund):
            with pytest.raises(GatewayError):
                read(odd)
    with pytest.raises(GatewayError):
        items({"items": None})
