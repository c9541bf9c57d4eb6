"""A crash at each suspension of each operation: nothing is lost, nothing is done twice."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from tests.billing.service.conftest import copy_of, school
from tests.billing.service.crash import World, check_books
from tests.support.thorough import is_long

pytestmark = pytest.mark.sweep

STRIDE = 1 if is_long() else 11  # the ordinary run takes a sample of the suspensions
Step = Callable[[World], Awaitable[None]]


async def _ordered(world: World) -> None:
    await world.order("asha")


async def _paid(world: World) -> None:
    await world.order("asha")
    world.gateway.pay(next(iter(world.gateway.orders)))


async def _held(world: World) -> None:
    await world.order("asha")
    world.gateway.pay(next(iter(world.gateway.orders)), status="authorized")


async def _full(world: World) -> None:
    """The seat went to another while the student paid."""
    await world.order("asha")
    await world.order("bela")
    mine, other = world.gateway.orders
    world.gateway.pay(other)
    await world.deliver(0)
    world.gateway.pay(mine)


async def _enrolled(world: World) -> None:
    await _paid(world)
    await world.deliver(0)


async def _due(world: World) -> None:
    await _enrolled(world)
    await world.refund(_first(world))


async def _sent(world: World) -> None:
    await _due(world)
    world.gateway.refunds_pend = True
    await world.work()
    world.gateway.process(next(iter(world.gateway.refunds)))


async def _nothing(_: World) -> None:
    """A fresh school."""


def _first(world: World) -> str:
    return next(iter(world.gateway.payments))


async def _verify_away(world: World) -> None:
    world.gateway.broken = True
    await world.verify(_first(world))


# Operation, what has happened before, the operation itself, where a student is in the end.
OPERATIONS: dict[str, tuple[Step, Step, str]] = {
    "order": (_nothing, lambda w: w.order("asha"), "not enrolled"),
    "verify": (_paid, lambda w: w.verify(_first(w)), "enrolled"),
    "verify, gateway away": (_paid, _verify_away, "enrolled"),
    "verify, authorized only": (_held, lambda w: w.verify(_first(w)), "enrolled"),
    "webhook payment.captured": (_paid, lambda w: w.deliver(0), "enrolled"),
    "webhook payment.authorized": (_held, lambda w: w.deliver(0), "enrolled"),
    "webhook, class full": (_full, lambda w: w.deliver(2), "refunded"),
    "reconcile a missed payment": (_paid, lambda w: w.reconcile(), "enrolled"),
    "refund asked for": (_enrolled, lambda w: w.refund(_first(w)), "enrolled or refunded"),
    "refund worker": (_due, lambda w: w.work(), "refunded"),
    "webhook refund.processed": (_sent, lambda w: w.deliver(3), "refunded"),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def template(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
    path = tmp_path_factory.mktemp("school") / "school.db"
    await (await school(f"sqlite:///{path}")).close()
    yield path


async def _crash(name: str, world: World, at: int) -> tuple[bool, str, str, str]:
    """Whether it crashed, and the books: before, after the crash, and in the end."""
    before, operation, _ = OPERATIONS[name]
    await before(world)
    first = world.picture()
    crashed = await world.run(_as_coroutine(operation, world), at)
    second = world.picture()
    await world.settle_down()
    check_books(world)
    end = _end(world)
    await world.end()
    return bool(crashed), first, second, end


async def _as_coroutine(step: Step, world: World) -> None:
    await step(world)


def _end(world: World) -> str:
    """Where the first student is."""
    row = world.rows("SELECT ended_at FROM enrolments WHERE user_id = 'u-asha'")
    back = world.rows("SELECT 1 FROM payments WHERE state = 'refunded'")
    if back:
        return "refunded"
    return "enrolled" if row and row[0][0] is None else "not enrolled"


async def _try_all(name: str, template: Path, folder: Path) -> tuple[Counter[str], set[str]]:
    """Every crash point of an operation: what the books were after it, and where it ended."""
    whole = World(copy_of(template, folder))
    _, _, done, _ = await _crash(name, whole, 0)
    found: Counter[str] = Counter()
    ends: set[str] = set()
    at = 1 + list(OPERATIONS).index(name) % STRIDE  # another sample for each operation
    while True:
        crashed, first, second, end = await _crash(name, World(copy_of(template, folder)), at)
        if not crashed:
            return found, ends
        ends.add(end)
        found["before" if second == first else "after" if second == done else "between"] += 1
        at += STRIDE


@pytest.mark.timeout(900)  # hundreds of worlds: minutes on a busy machine
@pytest.mark.parametrize("name", OPERATIONS)
async def test_a_crash_anywhere_is_made_good(name: str, template: Path, tmp_path: Path) -> None:
    found, ends = await _try_all(name, template, tmp_path)
    assert found.total() > 3, "the operation was not crashed"
    assert ends <= set(OPERATIONS[name][2].split(" or "))
