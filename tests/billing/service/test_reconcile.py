"""Reconciling goes on past what the gateway refuses."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from billing.errors import GatewayError
from billing.gateway.protocol import GatewayPayment
from billing.service import reconcile as reconciling
from billing.service.reconcile import PATIENCE, reconcile
from tests.billing.service.conftest import school
from tests.billing.service.crash import World
from tests.billing.service.hooking_gateway import HookingGateway
from tests.billing.support import MINUTE

WHO = ("asha", "bela", "chand")


class RefusingGateway(HookingGateway):
    """`refused`: ids of orders and payments that it says no to, with this `code`."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: set[str] = set()
        self.code = "gateway_refused"

    def _judge(self, about: str) -> None:
        if about in self.refused:
            raise GatewayError(self.code, "No.")

    async def payments_of(self, gateway_order_id: str) -> list[GatewayPayment]:
        self._judge(gateway_order_id)
        return await super().payments_of(gateway_order_id)

    async def payment(self, payment_id: str) -> GatewayPayment:
        self._judge(payment_id)
        return await super().payment(payment_id)

    async def capture(self, payment_id: str, amount: int, currency: str) -> GatewayPayment:
        self._judge(payment_id)
        return await super().capture(payment_id, amount, currency)


@pytest_asyncio.fixture
async def gateway() -> RefusingGateway:
    return RefusingGateway()


@pytest_asyncio.fixture
async def world(tmp_path: Path, gateway: RefusingGateway) -> AsyncIterator[World]:
    path = tmp_path / "context.db"
    await (await school(f"sqlite:///{path}", seats=None)).close()
    made = World(path, gateway)
    yield made
    await made.end()


async def order(world: World, gateway: RefusingGateway, who: str, class_id: str) -> str:
    """The gateway's id of a new order."""
    await world.order(who, class_id)
    return list(gateway.orders)[-1]


def enrolled(world: World, class_id: str) -> list[str]:
    query = "SELECT user_id FROM enrolments WHERE class_id = ? ORDER BY user_id"
    return [row[0] for row in world.rows(query, class_id)]


async def test_refused_orders_do_not_keep_a_later_one_from_being_asked_about(
    world: World, gateway: RefusingGateway
) -> None:
    gateway.refused = {await order(world, gateway, who, "maths") for who in WHO}
    assert len(gateway.refused) == PATIENCE
    world.clock.advance(MINUTE)
    gateway.pay(await order(world, gateway, "asha", "physics"))
    report = await reconcile(world.context)
    assert (report.orders, report.failures) == (4, 3)
    assert enrolled(world, "physics") == ["u-asha"]
    assert not world.rows("SELECT id FROM orders WHERE checked_at IS NULL")


async def test_a_refused_payment_does_not_hide_another_one_of_its_order(
    world: World, gateway: RefusingGateway
) -> None:
    order_id = await order(world, gateway, "asha", "maths")
    gateway.refused = {gateway.pay(order_id, status="authorized").id}
    gateway.pay(order_id)
    await reconcile(world.context)
    assert enrolled(world, "maths") == ["u-asha"]


async def test_a_gateway_that_is_away_ends_the_turn_and_all_is_asked_again(
    world: World, gateway: RefusingGateway
) -> None:
    gateway.refused = {await order(world, gateway, who, "maths") for who in WHO}
    world.clock.advance(MINUTE)
    gateway.pay(await order(world, gateway, "asha", "physics"))
    gateway.code = "gateway_unreachable"
    assert (await reconcile(world.context)).orders == PATIENCE
    assert not enrolled(world, "physics")
    gateway.refused.clear()
    assert (await reconcile(world.context)).orders == 4
    assert enrolled(world, "physics") == ["u-asha"]


async def test_payments_that_stay_refused_take_turns_with_the_others(
    world: World, gateway: RefusingGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = [
        gateway.pay(await order(world, gateway, who, "maths"), status="authorized") for who in WHO
    ]
    gateway.refused = {payment.id for payment in held}
    await reconcile(world.context)  # all are known as held now
    world.run_sql("UPDATE orders SET checked_at = ?, closed_at = 0", world.clock.now)
    world.run_sql("UPDATE orders SET state = 'expired'")
    gateway.refused.discard(held[-1].id)
    monkeypatch.setattr(reconciling, "BATCH", 2)
    for _ in range(2):
        world.clock.advance(MINUTE)
        await reconcile(world.context)
    assert enrolled(world, "maths") == ["u-chand"]
