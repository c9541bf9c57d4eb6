"""The gate, and the job that keeps catalogue and live classes together."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from billing.context import Context
from billing.service import accounts, classes
from billing.service import live_classes as live
from billing.service.enrolments import enrol_without_paying
from billing.service.live_classes import BillingGate, LiveWatch
from billing.service.rights import Asker
from common.errors import LiveclassError
from common.roles import Admission, Role
from tests.billing.school import (
    MINUTE,
    START,
    Rooms,
    clock,
    counted_queries,
    end,
    enrolled,
    enrolments_of,
    fill,
    identity,
    set_class,
    state_of,
)
from tests.billing.support import DAY, make_context, user

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
async def context(tmp_path: Path) -> AsyncIterator[Context]:
    async with make_context(tmp_path) as context:
        await fill(context)
        clock(context).now = START
        yield context


async def refusal(context: Context, name: str, role: Role = Role.STUDENT) -> str | None:
    try:
        admission = await BillingGate(context).admit(identity(name, role))
    except LiveclassError as error:
        return error.code
    assert admission is not None
    assert admission.title == "Maths"
    return None


async def test_gate_is_open_where_the_catalogue_knows_no_class(context: Context) -> None:
    assert await BillingGate(context).admit(identity("ravi", class_id="demo")) is None


async def test_gate_lets_in_who_is_enrolled(context: Context) -> None:
    assert await refusal(context, "ravi") == "not_enrolled"
    await enrolled(context, "ravi")
    assert await refusal(context, "ravi") is None
    assert await refusal(context, "bala") == "not_enrolled"
    assert context.counts["entry_refused:not_enrolled"] == 2


@pytest.mark.parametrize("reason", ["refunded", "disputed"])
async def test_gate_says_what_ended_an_enrolment(context: Context, reason: str) -> None:
    await enrolled(context, "ravi")
    await end(context, "ravi", reason)
    assert await refusal(context, "ravi") == reason
    await enrolled(context, "ravi")
    assert await refusal(context, "ravi") is None


async def test_gate_opens_some_minutes_before(context: Context) -> None:
    await enrolled(context, "ravi")
    clock(context).now = START - 15 * MINUTE - 1
    assert await refusal(context, "ravi") == "not_yet_open"
    clock(context).advance(1)
    assert await refusal(context, "ravi") is None


async def test_gate_tells_strangers_that_a_class_is_full(context: Context) -> None:
    await set_class(context, seats=1)
    await enrolled(context, "ravi")
    assert await refusal(context, "bala") == "class_full"
    assert await refusal(context, "ravi") is None


async def test_staff_enter_free(context: Context) -> None:
    assert await refusal(context, "asha", Role.TEACHER) is None
    assert await refusal(context, "tara", Role.ASSISTANT) is None
    assert await refusal(context, "dev", Role.ADMIN) is None


async def test_account_counts_more_than_what_its_token_says(context: Context) -> None:
    assert await refusal(context, "ravi", Role.TEACHER) == "not_enrolled"
    await classes.remove_assistant(context, Asker("u-asha", "teacher"), "maths", "tara@example.com")
    assert await refusal(context, "tara", Role.ASSISTANT) == "not_enrolled"


async def test_operators_own_people_enter_by_their_token_and_their_students_do_not(
    context: Context,
) -> None:
    for role in (Role.TEACHER, Role.ASSISTANT, Role.ADMIN, Role.OBSERVER):
        assert await refusal(context, "somebody", role) is None
    for role in (Role.STUDENT, Role.PARENT):
        assert await refusal(context, "somebody", role) == "not_enrolled"


async def test_parent_enters_with_an_enrolled_child(context: Context) -> None:
    assert await refusal(context, "meera", Role.PARENT) == "not_enrolled"
    await enrolled(context, "ravi")
    assert await refusal(context, "meera", Role.PARENT) is None


async def test_draft_and_cancelled_classes_open_to_nobody(context: Context) -> None:
    await set_class(context, state="draft")
    assert await refusal(context, "asha", Role.TEACHER) == "not_found"
    await set_class(context, state="cancelled")
    assert await refusal(context, "asha", Role.TEACHER) == "class_cancelled"


# States


async def test_class_is_live_while_it_is_taught(context: Context) -> None:
    rooms = Rooms()
    watch = LiveWatch(rooms)
    await watch.turn(context)
    assert await state_of(context) == ("scheduled", None)
    rooms.taught = {"maths", "demo"}
    await watch.turn(context)
    assert await state_of(context) == ("live", START)
    clock(context).advance(60 * MINUTE)
    await watch.turn(context)
    assert await state_of(context) == ("live", START)
    rooms.taught = set()
    await watch.turn(context)
    assert await state_of(context) == ("ended", None)


async def test_class_with_another_lesson_is_scheduled_again(context: Context) -> None:
    await set_class(context, schedule=WEEKLY)
    rooms = Rooms()
    watch = LiveWatch(rooms)
    rooms.taught = {"maths"}
    await watch.turn(context)
    rooms.taught = set()
    await watch.turn(context)
    assert await state_of(context) == ("scheduled", None)


async def test_teacher_who_ended_too_early_may_go_on(context: Context) -> None:
    rooms = Rooms()
    watch = LiveWatch(rooms)
    for taught in ({"maths"}, set()):
        rooms.taught = set(taught)
        await watch.turn(context)
    assert await state_of(context) == ("ended", None)
    await enrolled(context, "ravi")
    assert await refusal(context, "asha", Role.TEACHER) is None
    assert await refusal(context, "ravi") == "class_ended"
    rooms.taught = {"maths"}
    await watch.turn(context)
    assert (await state_of(context))[0] == "live"
    assert await refusal(context, "ravi") is None
    assert rooms.ended == []


async def test_restart_of_the_server_ends_no_class_for_good(context: Context) -> None:
    await set_class(context, state="live", live_since=START)
    clock(context).advance(2 * 60 * MINUTE)
    rooms = Rooms()
    watch = LiveWatch(rooms)
    await watch.turn(context)
    assert await state_of(context) == ("scheduled", None)
    assert await refusal(context, "asha", Role.TEACHER) is None
    rooms.taught = {"maths"}
    await watch.turn(context)
    assert (await state_of(context))[0] == "live"


async def test_cancelled_class_tells_who_paid_of_the_refund_and_others_that_it_is_off(
    context: Context,
) -> None:
    await enrolled(context, "ravi")
    await enrolled(context, "bala", kind="free")
    rooms = Rooms()
    rooms.taught = {"maths"}
    rooms.people["maths"] = [identity("ravi"), identity("bala"), identity("asha", Role.TEACHER)]
    watch = LiveWatch(rooms)
    await watch.turn(context)
    await set_class(context, state="cancelled")
    await end(context, "bala", "cancelled")
    await watch.turn(context)
    assert rooms.out == [("u-ravi", "refunded"), ("u-bala", "cancelled"), ("u-asha", "cancelled")]
    assert rooms.ended == ["maths"]


@pytest.mark.parametrize("taught", [True, False])
async def test_cancelled_class_of_hundreds_is_empty_after_a_few_queries(
    context: Context, taught: bool
) -> None:
    names = [f"student{number}" for number in range(300)]
    async with context.db.writing() as session:
        session.add_all(user(name) for name in names)
    for name in names:
        await enrolled(context, name)
    rooms = Rooms()
    rooms.taught = {"maths"} if taught else set()
    rooms.people["maths"] = [identity(name) for name in names]
    watch = LiveWatch(rooms)
    await watch.turn(context)
    await set_class(context, state="cancelled")
    with counted_queries(context) as queries:
        await watch.turn(context)
    assert sorted(rooms.out) == sorted((f"u-{name}", "refunded") for name in names)
    assert rooms.ended == (["maths"] if taught else [])
    assert len(queries) < 20


async def test_class_that_its_teacher_ends_on_the_site_is_over_for_who_is_there(
    context: Context,
) -> None:
    rooms = Rooms()
    watch = LiveWatch(rooms)
    rooms.taught = {"maths"}
    await watch.turn(context)
    await classes.end(context, Asker("u-asha", "teacher"), "maths")
    await watch.turn(context)
    assert rooms.ended == ["maths"]
    await watch.turn(context)
    assert await state_of(context) == ("ended", None)


# People


async def watched(context: Context, *names: tuple[str, Role]) -> tuple[LiveWatch, Rooms]:
    rooms = Rooms()
    rooms.people["maths"] = [identity(name, role) for name, role in names]
    watch = LiveWatch(rooms)
    await watch.turn(context)
    assert rooms.out == []
    return watch, rooms


async def test_refunded_student_is_put_out_alone(context: Context) -> None:
    await enrolled(context, "ravi")
    await enrolled(context, "bala")
    watch, rooms = await watched(
        context, ("asha", Role.TEACHER), ("ravi", Role.STUDENT), ("bala", Role.STUDENT)
    )
    clock(context).advance(1_000)
    await end(context, "ravi", "refunded")
    await watch.turn(context)
    assert rooms.out == [("u-ravi", "refunded")]
    await watch.turn(context)
    assert len(rooms.out) == 1


async def test_parent_leaves_with_their_child(context: Context) -> None:
    await enrolled(context, "ravi")
    watch, rooms = await watched(context, ("meera", Role.PARENT))
    await end(context, "ravi", "refunded")
    await watch.turn(context)
    assert rooms.out == [("u-meera", "refunded")]


async def test_disabled_account_is_put_out_and_not_let_in_again(context: Context) -> None:
    await enrolled(context, "ravi")
    watch, rooms = await watched(
        context, ("tara", Role.ASSISTANT), ("ravi", Role.STUDENT), ("dev", Role.ADMIN)
    )
    for name in ("ravi", "tara"):
        await accounts.change(context, f"u-{name}", accounts.AccountChange(disabled=True))
    await watch.turn(context)
    assert sorted(rooms.out) == [("u-ravi", "disabled"), ("u-tara", "disabled")]
    assert await refusal(context, "ravi") == "account_disabled"
    assert await refusal(context, "tara", Role.ASSISTANT) == "account_disabled"
    await accounts.change(context, "u-ravi", accounts.AccountChange(disabled=False))
    assert await refusal(context, "ravi") is None


async def test_staff_whose_part_is_taken_from_them_is_put_out(context: Context) -> None:
    watch, rooms = await watched(context, ("asha", Role.TEACHER), ("tara", Role.ASSISTANT))
    rooms.people["maths"].append(identity("operator", Role.ASSISTANT))
    await enrolled(context, "tara")
    await classes.remove_assistant(context, Asker("u-asha", "teacher"), "maths", "tara@example.com")
    await watch.turn(context)
    assert rooms.out == [("u-tara", "not_enrolled")]


async def test_gate_says_what_somebody_is_now(context: Context) -> None:
    await enrolled(context, "tara")
    gate, token = BillingGate(context), identity("tara", Role.ASSISTANT)
    assert await gate.admit(token) == Admission("Maths", Role.ASSISTANT)
    await classes.remove_assistant(context, Asker("u-asha", "teacher"), "maths", "tara@example.com")
    assert await gate.admit(token) == Admission("Maths", Role.STUDENT)


@pytest.mark.parametrize("role", [Role.TEACHER, Role.OBSERVER])
async def test_gate_leaves_the_operators_people_what_their_token_says(
    context: Context, role: Role
) -> None:
    token = identity("operator", role)
    assert await BillingGate(context).admit(token) == Admission("Maths", role)


async def test_trial_that_became_a_purchase_stays(context: Context) -> None:
    await enrolled(context, "ravi", kind="trial")
    watch, rooms = await watched(context, ("ravi", Role.STUDENT))
    await end(context, "ravi", "upgraded")
    await enrolled(context, "ravi")
    await watch.turn(context)
    assert rooms.out == []


async def test_minutes_of_a_trial_begin_with_a_late_teacher_and_only_once(context: Context) -> None:
    await set_class(context, price=100, trial_minutes=10)
    clock(context).now = START - MINUTE
    await enrol_without_paying(context, "u-ravi", "maths", trial=True)
    watch, rooms = await watched(context, ("ravi", Role.STUDENT))
    clock(context).now = START + 15 * MINUTE
    await live.expire_all(context)
    await watch.turn(context)
    assert rooms.out == []
    rooms.taught = {"maths"}
    await watch.turn(context)
    assert (await enrolments_of(context, "ravi"))[0].expires_at == START + 25 * MINUTE
    rooms.taught = set()
    await watch.turn(context)
    clock(context).advance(5 * MINUTE)
    rooms.taught = {"maths"}
    await watch.turn(context)
    assert (await enrolments_of(context, "ravi"))[0].expires_at == START + 25 * MINUTE
    clock(context).advance(5 * MINUTE)
    await watch.turn(context)
    assert rooms.out == [("u-ravi", "expired")]


async def test_start_gives_no_end_to_other_enrolments(context: Context) -> None:
    await set_class(context, price=100, trial_minutes=10)
    await enrolled(context, "ravi")
    rooms = Rooms()
    rooms.taught = {"maths"}
    await LiveWatch(rooms).turn(context)
    assert (await enrolments_of(context, "ravi"))[0].expires_at is None


async def test_enrolment_that_runs_out_in_the_lesson_is_ended_and_put_out(context: Context) -> None:
    await enrolled(context, "ravi", kind="trial", expires_at=START + 10 * MINUTE)
    watch, rooms = await watched(context, ("ravi", Role.STUDENT))
    clock(context).advance(10 * MINUTE - 1)
    await watch.turn(context)
    assert rooms.out == []
    clock(context).advance(1)
    await watch.turn(context)
    assert rooms.out == [("u-ravi", "expired")]
    (row,) = await enrolments_of(context, "ravi")
    assert (row.ended_at, row.ended_reason) == (START + 10 * MINUTE, "expired")


async def test_all_enrolments_that_have_run_out_are_swept(context: Context) -> None:
    await enrolled(context, "ravi", expires_at=START)
    await enrolled(context, "bala", expires_at=START + DAY)
    await live.expire_all(context)
    assert [row.ended_reason for row in await enrolments_of(context, "ravi")] == ["expired"]
    assert [row.ended_reason for row in await enrolments_of(context, "bala")] == [None]


async def test_late_commit_of_another_process_is_seen(context: Context) -> None:
    await enrolled(context, "ravi")
    watch, rooms = await watched(context, ("ravi", Role.STUDENT))
    clock(context).advance(4_000)
    await watch.turn(context)
    clock(context).advance(-4_000)
    await end(context, "ravi", "refunded")
    clock(context).advance(5_000)
    await watch.turn(context)
    assert rooms.out == [("u-ravi", "refunded")]
