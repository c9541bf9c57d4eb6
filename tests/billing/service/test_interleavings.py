"""Random histories of students, gateway and crashes: in the end money taken means enrolled or sent
back, whatever came in between.

The long run tries many more, with other histories each time; `-s` tells the numbers.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.service import webhook
from tests.billing.service.conftest import copy_of, school
from tests.billing.service.crash import HOUR, World, check_books
from tests.billing.support import MINUTE
from tests.support.thorough import is_long

pytestmark = pytest.mark.sweep

EXAMPLES = 2_000 if is_long() else 40
LONGEST = 18  # steps of a history
SETTLING = 3  # times that reconciling and the refund worker get to put everything right
TRIED: Counter[str] = Counter()

Choice = int  # which of those there are
Step = Callable[[World, Choice], Awaitable[None]]


async def _order(world: World, choice: Choice) -> None:
    await world.order(("asha", "bela", "chand")[choice % 3])


def _payable(world: World) -> list[str]:
    """Orders that a page can know of."""
    known = "SELECT gateway_order_id FROM orders WHERE gateway_order_id IS NOT NULL ORDER BY id"
    return [row[0] for row in world.rows(known)]


async def _pay(world: World, choice: Choice) -> None:
    if orders := _payable(world):
        world.gateway.pay(orders[choice % len(orders)])


async def _hold(world: World, choice: Choice) -> None:
    if orders := _payable(world):
        world.gateway.pay(orders[choice % len(orders)], status="authorized")


async def _overpay(world: World, choice: Choice) -> None:
    if orders := _payable(world):
        world.gateway.pay(orders[choice % len(orders)], amount=70_000)


async def _verify(world: World, choice: Choice) -> None:
    if payments := list(world.gateway.payments):
        await world.verify(payments[choice % len(payments)])


async def _deliver(world: World, choice: Choice) -> None:
    """Any webhook so far, so that they come late, twice, out of order."""
    if count := len(world.gateway.hooks):
        await world.deliver(choice % count)


async def _forge(world: World, choice: Choice) -> None:
    if hooks := world.gateway.hooks:
        body = hooks[choice % len(hooks)].body.replace(b"50000", b"50001")
        await webhook.receive(world.context, body, "0" * 64, f"forged-{choice}")


async def _refund(world: World, choice: Choice) -> None:
    if payments := list(world.gateway.payments):
        await world.refund(payments[choice % len(payments)])


async def _refund_by_hand(world: World, choice: Choice) -> None:
    if payments := list(world.gateway.payments):
        world.gateway.refund_by_hand(payments[choice % len(payments)])


async def _work(world: World, _: Choice) -> None:
    await world.work()


async def _reconcile(world: World, _: Choice) -> None:
    await world.reconcile()


async def _gateway_away(world: World, _: Choice) -> None:
    world.gateway.broken = not world.gateway.broken


async def _bank_takes_time(world: World, _: Choice) -> None:
    world.gateway.refunds_pend = not world.gateway.refunds_pend


async def _bank_refuses(world: World, choice: Choice) -> None:
    pending = [one.id for one in world.gateway.refunds.values() if one.status == "pending"]
    if pending:
        world.gateway.fail(pending[choice % len(pending)])


async def _wait(world: World, choice: Choice) -> None:
    world.clock.advance((MINUTE, 40 * MINUTE, 7 * HOUR)[choice % 3])


async def _change_price(world: World, choice: Choice) -> None:
    price = (50_000, 60_000)[choice % 2]
    world.run_sql("UPDATE classes SET price = ? WHERE id = 'maths'", price)


STEPS: dict[str, Step] = {
    "order": _order,
    "pay": _pay,
    "hold": _hold,
    "overpay": _overpay,
    "verify": _verify,
    "deliver": _deliver,
    "forge": _forge,
    "refund": _refund,
    "refund by hand": _refund_by_hand,
    "refund worker": _work,
    "reconcile": _reconcile,
    "gateway away": _gateway_away,
    "bank takes time": _bank_takes_time,
    "bank refuses": _bank_refuses,
    "wait": _wait,
    "change price": _change_price,
}
OFTEN = ("order", "pay", "verify", "deliver", "deliver")  # else most histories sell nothing
HISTORIES = st.lists(
    st.tuples(
        st.sampled_from((*STEPS, *OFTEN)),
        st.integers(0, 11),
        st.one_of(st.just(0), st.just(0), st.integers(1, 120)),  # where it crashes; 0: nowhere
    ),
    min_size=3,
    max_size=LONGEST,
)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("school") / "school.db"

    async def build() -> None:
        await (await school(f"sqlite:///{path}")).close()

    asyncio.run(build())
    return path


@pytest.fixture(scope="module", autouse=True)
def _told() -> Iterator[None]:
    yield
    steps = sum(TRIED[name] for name in STEPS)
    print(f"\n{TRIED['histories']} histories, {steps} steps, {TRIED['crashes']} crashes")


async def _live_through(world: World, history: list[tuple[str, Choice, int]]) -> None:
    TRIED["histories"] += 1
    try:
        for name, choice, crash_at in history:
            TRIED[name] += 1
            TRIED["crashes"] += bool(await world.run(_taken(STEPS[name], world, choice), crash_at))
        for _ in range(SETTLING):
            await world.settle_down()
        check_books(world)
    finally:
        await world.end()


async def _taken(step: Step, world: World, choice: Choice) -> None:
    await step(world, choice)


@pytest.mark.timeout(120 + EXAMPLES)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=not is_long(),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(history=HISTORIES)
def test_money_taken_is_enrolled_or_sent_back(
    history: list[tuple[str, Choice, int]],
    template: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    world_file = copy_of(template, tmp_path_factory.mktemp("world"))
    asyncio.run(_live_through(World(world_file), history))
