"""The gate, and the job that keeps catalogue and live classes together."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from billing.context import Shop
from billing.service import accounts, classes
from billing.service import live_classes as live
from billing.service.enrol import enrol
from billing.service.join_tokens import Asker
from billing.service.live_classes import BillingGate, LiveWatch
from common.errors import LiveclassError
from signalling.auth.gate import Admission
from signalling.classroom.permissions import Role
from tests.billing.catalogue.school import (
    MINUTE,
    START,
    Rooms,
    clock,
    counted_queries,
    end,
    enrolled,
    enrolments,
    fill,
    identity,
    set_class,
    state_of,
)
from tests.billing.support import DAY, make_shop, user

WEEKLY = {
    "kind": "weekly",
    "days": [0, 1, 2, 3, 4, 5, 6],
    "time": "18:00",
    "from": "2025-11-26",
    "until": "2025-12-31",
    "minutes": 60,
    "zone": "Asia/Kolkata",
}


@pytest_asyncio.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with make_shop(tmp_path) as shop:
        await fill(shop)
        clock(shop).now = START
        yield shop


async def refusal(shop: Shop, name: str, role: Role = Role.STUDENT) -> str | None:
    try:
        admission = await BillingGate(shop).admit(identity(name, role))
    except LiveclassError as error:
        return error.code
    assert admission is not None
    assert admission.title == "Maths"
    return None


async def test_gate_is_open_where_the_catalogue_knows_no_class(shop: Shop) -> None:
    assert await BillingGate(shop).admit(identity("ravi", class_id="demo")) is None


async def test_gate_lets_in_who_is_enrolled(shop: Shop) -> None:
    assert await refusal(shop, "ravi") == "not_enrolled"
    await enrolled(shop, "ravi")
    assert await refusal(shop, "ravi") is None
    assert await refusal(shop, "bala") == "not_enrolled"
    assert shop.counts["entry_refused:not_enrolled"] == 2


@pytest.mark.parametrize("reason", ["refunded", "disputed"])
async def test_gate_says_what_ended_an_enrolment(shop: Shop, reason: str) -> None:
    await enrolled(shop, "ravi")
    await end(shop, "ravi", reason)
    assert await refusal(shop, "ravi") == reason
    await enrolled(shop, "ravi")
    assert await refusal(shop, "ravi") is None


async def test_gate_opens_some_minutes_before(shop: Shop) -> None:
    await enrolled(shop, "ravi")
    clock(shop).now = START - 15 * MINUTE - 1
    assert await refusal(shop, "ravi") == "not_yet_open"
    clock(shop).advance(1)
    assert await refusal(shop, "ravi") is None


async def test_gate_tells_strangers_that_a_class_is_full(shop: Shop) -> None:
    await set_class(shop, seats=1)
    await enrolled(shop, "ravi")
    assert await refusal(shop, "bala") == "class_full"
    assert await refusal(shop, "ravi") is None


async def test_staff_enter_free(shop: Shop) -> None:
    assert await refusal(shop, "asha", Role.TEACHER) is None
    assert await refusal(shop, "tara", Role.ASSISTANT) is None
    assert await refusal(shop, "dev", Role.ADMIN) is None


async def test_account_counts_more_than_what_its_token_says(shop: Shop) -> None:
    assert await refusal(shop, "ravi", Role.TEACHER) == "not_enrolled"
    await classes.remove_assistant(shop, Asker("u-asha", "teacher"), "maths", "tara@example.com")
    assert await refusal(shop, "tara", Role.ASSISTANT) == "not_enrolled"


async def test_operators_own_people_enter_by_their_token_and_their_students_do_not(
    shop: Shop,
) -> None:
    for role in (Role.TEACHER, Role.ASSISTANT, Role.ADMIN, Role.OBSERVER):
        assert await refusal(shop, "somebody", role) is None
    for role in (Role.STUDENT, Role.PARENT):
        assert await refusal(shop, "somebody", role) == "not_enrolled"


async def test_parent_enters_with_an_enrolled_child(shop: Shop) -> None:
    assert await refusal(shop, "meera", Role.PARENT) == "not_enrolled"
    await enrolled(shop, "ravi")
    assert await refusal(shop, "meera", Role.PARENT) is None


async def test_draft_and_cancelled_classes_open_to_nobody(shop: Shop) -> None:
    await set_class(shop, state="draft")
    assert await refusal(shop, "asha", Role.TEACHER) == "not_found"
    await set_class(shop, state="cancelled")
    assert await refusal(shop, "asha", Role.TEACHER) == "class_cancelled"


# States


async def test_class_is_live_while_it_is_taught(shop: Shop) -> None:
    rooms = Rooms()
    watch = LiveWatch(rooms)
    await watch.turn(shop)
    assert await state_of(shop) == ("scheduled", None)
    rooms.taught = {"maths", "demo"}
    await watch.turn(shop)
    assert await state_of(shop) == ("live", START)
    clock(shop).advance(60 * MINUTE)
    await watch.turn(shop)
    assert await state_of(shop) == ("live", START)
    rooms.taught = set()
    await watch.turn(shop)
    assert await state_of(shop) == ("ended", None)


async def test_class_with_another_lesson_is_scheduled_again(shop: Shop) -> None:
    await set_class(shop, schedule=WEEKLY)
    rooms = Rooms()
    watch = LiveWatch(rooms)
    rooms.taught = {"maths"}
    await watch.turn(shop)
    rooms.taught = set()
    await watch.turn(shop)
    assert await state_of(shop) == ("scheduled", None)


async def test_teacher_who_ended_too_early_may_go_on(shop: Shop) -> None:
    rooms = Rooms()
    watch = LiveWatch(rooms)
    for taught in ({"maths"}, set()):
        rooms.taught = set(taught)
        await watch.turn(shop)
    assert await state_of(shop) == ("ended", None)
    await enrolled(shop, "ravi")
    assert await refusal(shop, "asha", Role.TEACHER) is None
    assert await refusal(shop, "ravi") == "class_ended"
    rooms.taught = {"maths"}
    await watch.turn(shop)
    assert (await state_of(shop))[0] == "live"
    assert await refusal(shop, "ravi") is None
    assert rooms.ended == []


async def test_restart_of_the_server_ends_no_class_for_good(shop: Shop) -> None:
    await set_class(shop, state="live", live_since=START)
    clock(shop).advance(2 * 60 * MINUTE)
    rooms = Rooms()
    watch = LiveWatch(rooms)
    await watch.turn(shop)
    assert await state_of(shop) == ("scheduled", None)
    assert await refusal(shop, "asha", Role.TEACHER) is None
    rooms.taught = {"maths"}
    await watch.turn(shop)
    assert (await state_of(shop))[0] == "live"


async def test_cancelled_class_tells_who_paid_of_the_refund_and_others_that_it_is_off(
    shop: Shop,
) -> None:
    await enrolled(shop, "ravi")
    await enrolled(shop, "bala", kind="free")
    rooms = Rooms()
    rooms.taught = {"maths"}
    rooms.people["maths"] = [identity("ravi"), identity("bala"), identity("asha", Role.TEACHER)]
    watch = LiveWatch(rooms)
    await watch.turn(shop)
    await set_class(shop, state="cancelled")
    await end(shop, "bala", "cancelled")
    await watch.turn(shop)
    assert rooms.out == [("u-ravi", "refunded"), ("u-bala", "cancelled"), ("u-asha", "cancelled")]
    assert rooms.ended == ["maths"]


@pytest.mark.parametrize("taught", [True, False])
async def test_cancelled_class_of_hundreds_is_empty_after_a_few_queries(
    shop: Shop, taught: bool
) -> None:
    names = [f"student{number}" for number in range(300)]
    async with shop.db.writing() as session:
        session.add_all(user(name) for name in names)
    for name in names:
        await enrolled(shop, name)
    rooms = Rooms()
    rooms.taught = {"maths"} if taught else set()
    rooms.people["maths"] = [identity(name) for name in names]
    watch = LiveWatch(rooms)
    await watch.turn(shop)
    await set_class(shop, state="cancelled")
    with counted_queries(shop) as queries:
        await watch.turn(shop)
    assert sorted(rooms.out) == sorted((f"u-{name}", "refunded") for name in names)
    assert rooms.ended == (["maths"] if taught else [])
    assert len(queries) < 20


async def test_class_that_its_teacher_ends_on_the_site_is_over_for_who_is_there(
    shop: Shop,
) -> None:
    rooms = Rooms()
    watch = LiveWatch(rooms)
    rooms.taught = {"maths"}
    await watch.turn(shop)
    await classes.end(shop, Asker("u-asha", "teacher"), "maths")
    await watch.turn(shop)
    assert rooms.ended == ["maths"]
    await watch.turn(shop)
    assert await state_of(shop) == ("ended", None)


# People


async def watched(shop: Shop, *names: tuple[str, Role]) -> tuple[LiveWatch, Rooms]:
    rooms = Rooms()
    rooms.people["maths"] = [identity(name, role) for name, role in names]
    watch = LiveWatch(rooms)
    await watch.turn(shop)
    assert rooms.out == []
    return watch, rooms


async def test_refunded_student_is_put_out_alone(shop: Shop) -> None:
    await enrolled(shop, "ravi")
    await enrolled(shop, "bala")
    watch, rooms = await watched(
        shop, ("asha", Role.TEACHER), ("ravi", Role.STUDENT), ("bala", Role.STUDENT)
    )
    clock(shop).advance(1_000)
    await end(shop, "ravi", "refunded")
    await watch.turn(shop)
    assert rooms.out == [("u-ravi", "refunded")]
    await watch.turn(shop)
    assert len(rooms.out) == 1


async def test_parent_leaves_with_their_child(shop: Shop) -> None:
    await enrolled(shop, "ravi")
    watch, rooms = await watched(shop, ("meera", Role.PARENT))
    await end(shop, "ravi", "refunded")
    await watch.turn(shop)
    assert rooms.out == [("u-meera", "refunded")]


async def test_disabled_account_is_put_out_and_not_let_in_again(shop: Shop) -> None:
    await enrolled(shop, "ravi")
    watch, rooms = await watched(
        shop, ("tara", Role.ASSISTANT), ("ravi", Role.STUDENT), ("dev", Role.ADMIN)
    )
    for name in ("ravi", "tara"):
        await accounts.change(shop, f"u-{name}", accounts.Change(disabled=True))
    await watch.turn(shop)
    assert sorted(rooms.out) == [("u-ravi", "disabled"), ("u-tara", "disabled")]
    assert await refusal(shop, "ravi") == "account_disabled"
    assert await refusal(shop, "tara", Role.ASSISTANT) == "account_disabled"
    await accounts.change(shop, "u-ravi", accounts.Change(disabled=False))
    assert await refusal(shop, "ravi") is None


async def test_staff_whose_part_is_taken_from_them_is_put_out(shop: Shop) -> None:
    watch, rooms = await watched(shop, ("asha", Role.TEACHER), ("tara", Role.ASSISTANT))
    rooms.people["maths"].append(identity("operator", Role.ASSISTANT))
    await enrolled(shop, "tara")
    await classes.remove_assistant(shop, Asker("u-asha", "teacher"), "maths", "tara@example.com")
    await watch.turn(shop)
    assert rooms.out == [("u-tara", "not_enrolled")]


async def test_gate_says_what_somebody_is_now(shop: Shop) -> None:
    await enrolled(shop, "tara")
    gate, token = BillingGate(shop), identity("tara", Role.ASSISTANT)
    assert await gate.admit(token) == Admission("Maths", Role.ASSISTANT)
    await classes.remove_assistant(shop, Asker("u-asha", "teacher"), "maths", "tara@example.com")
    assert await gate.admit(token) == Admission("Maths", Role.STUDENT)


@pytest.mark.parametrize("role", [Role.TEACHER, Role.OBSERVER])
async def test_gate_leaves_the_operators_people_what_their_token_says(
    shop: Shop, role: Role
) -> None:
    token = identity("operator", role)
    assert await BillingGate(shop).admit(token) == Admission("Maths", role)


async def test_trial_that_became_a_purchase_stays(shop: Shop) -> None:
    await enrolled(shop, "ravi", kind="trial")
    watch, rooms = await watched(shop, ("ravi", Role.STUDENT))
    await end(shop, "ravi", "upgraded")
    await enrolled(shop, "ravi")
    await watch.turn(shop)
    assert rooms.out == []


async def test_minutes_of_a_trial_begin_with_a_late_teacher_and_only_once(shop: Shop) -> None:
    await set_class(shop, price=100, trial_minutes=10)
    clock(shop).now = START - MINUTE
    await enrol(shop, "u-ravi", "maths", trial=True)
    watch, rooms = await watched(shop, ("ravi", Role.STUDENT))
    clock(shop).now = START + 15 * MINUTE
    await live.expire_all(shop)
    await watch.turn(shop)
    assert rooms.out == []
    rooms.taught = {"maths"}
    await watch.turn(shop)
    assert (await enrolments(shop, "ravi"))[0].expires_at == START + 25 * MINUTE
    rooms.taught = set()
    await watch.turn(shop)
    clock(shop).advance(5 * MINUTE)
    rooms.taught = {"maths"}
    await watch.turn(shop)
    assert (await enrolments(shop, "ravi"))[0].expires_at == START + 25 * MINUTE
    clock(shop).advance(5 * MINUTE)
    await watch.turn(shop)
    assert rooms.out == [("u-ravi", "expired")]


async def test_start_gives_no_end_to_other_enrolments(shop: Shop) -> None:
    await set_class(shop, price=100, trial_minutes=10)
    await enrolled(shop, "ravi")
    rooms = Rooms()
    rooms.taught = {"maths"}
    await LiveWatch(rooms).turn(shop)
    assert (await enrolments(shop, "ravi"))[0].expires_at is None


async def test_enrolment_that_runs_out_in_the_lesson_is_ended_and_put_out(shop: Shop) -> None:
    await enrolled(shop, "ravi", kind="trial", expires_at=START + 10 * MINUTE)
    watch, rooms = await watched(shop, ("ravi", Role.STUDENT))
    clock(shop).advance(10 * MINUTE - 1)
    await watch.turn(shop)
    assert rooms.out == []
    clock(shop).advance(1)
    await watch.turn(shop)
    assert rooms.out == [("u-ravi", "expired")]
    (row,) = await enrolments(shop, "ravi")
    assert (row.ended_at, row.ended_reason) == (START + 10 * MINUTE, "expired")


async def test_all_enrolments_that_have_run_out_are_swept(shop: Shop) -> None:
    await enrolled(shop, "ravi", expires_at=START)
    await enrolled(shop, "bala", expires_at=START + DAY)
    await live.expire_all(shop)
    assert [row.ended_reason for row in await enrolments(shop, "ravi")] == ["expired"]
    assert [row.ended_reason for row in await enrolments(shop, "bala")] == [None]


async def test_late_commit_of_another_process_is_seen(shop: Shop) -> None:
    await enrolled(shop, "ravi")
    watch, rooms = await watched(shop, ("ravi", Role.STUDENT))
    clock(shop).advance(4_000)
    await watch.turn(shop)
    clock(shop).advance(-4_000)
    await end(shop, "ravi", "refunded")
    clock(shop).advance(5_000)
    await watch.turn(shop)
    assert rooms.out == [("u-ravi", "refunded")]
