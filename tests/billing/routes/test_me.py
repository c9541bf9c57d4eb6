"""One's own account, notices, and the link between parents and students, over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from billing.context import Context
from billing.routes.me import TRIES
from billing.service import notices
from billing.service.guardians import CODE_MINUTES, LinkCodes
from tests.billing.support import MINUTE, NOW, Clock, make_context
from tests.billing.web import Client, Site, refused, site, told


@pytest_asyncio.fixture
async def context(tmp_path: Path) -> AsyncIterator[Context]:
    async with make_context(tmp_path) as context:
        yield context


@pytest_asyncio.fixture
async def web(context: Context) -> AsyncIterator[Site]:
    async with site(context) as opened:
        yield opened


def clock(context: Context) -> Clock:
    assert isinstance(context.now, Clock)
    return context.now


async def account_id(browser: Client) -> str:
    return str((await told(await browser.get("/api/me")))["account"]["id"])


async def code_of(student: Client) -> str:
    return str((await told(await student.get("/api/me/link-code")))["code"])


async def test_name_and_state_can_be_changed_and_the_state_taken_back(web: Site) -> None:
    browser = await web.signed_up("asha")
    body = {"name": "Asha Rao", "state": "29"}
    changed = (await told(await browser.patch("/api/me", json=body)))["account"]
    assert (changed["name"], changed["state"]) == ("Asha Rao", "29")
    changed = (await told(await browser.patch("/api/me", json={"state": ""})))["account"]
    assert (changed["name"], changed["state"]) == ("Asha Rao", None)


@pytest.mark.parametrize(
    ("field", "value"), [("state", "99"), ("name", ""), ("role", "admin"), ("email", "a@b.example")]
)
async def test_nothing_else_can_be_changed(web: Site, field: str, value: str) -> None:
    browser = await web.signed_up("asha")
    error = (await told(await browser.patch("/api/me", json={field: value}), 422))["error"]
    assert error["field"] == field


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "/api/me"),
        ("GET", "/api/me/notices"),
        ("POST", "/api/me/notices/read"),
        ("GET", "/api/me/link-code"),
        ("GET", "/api/me/students"),
        ("POST", "/api/me/students"),
        ("DELETE", "/api/me/students/u-0000000000000001"),
        ("GET", "/api/users"),
        ("POST", "/api/users"),
        ("PATCH", "/api/users/u-0000000000000001"),
    ],
)
async def test_nobody_in_particular_gets_nothing(web: Site, method: str, path: str) -> None:
    browser = await web.browser()
    body: dict[str, str] | None = None if method == "GET" else {}
    assert await refused(await browser.request(method, path, json=body), 401) == "not_signed_in"


async def test_notices_are_counted_until_they_are_read(web: Site, context: Context) -> None:
    browser = await web.signed_up("asha")
    me = await account_id(browser)
    async with context.db.writing() as session:
        notices.tell(session, context, me, "refunded", "The class was full.", "maths")
    clock(context).advance(MINUTE)
    async with context.db.writing() as session:
        notices.tell(session, context, me, "enrolled", "You are enrolled.", "physics")
        notices.tell(session, context, me, "receipt", "Here is the receipt.", None)
    assert (await told(await browser.get("/api/me")))["notices"] == 3
    items = (await told(await browser.get("/api/me/notices")))["items"]
    assert {one["classId"] for one in items[:2]} == {"physics", None}
    assert items[2] == {
        "id": items[2]["id"],
        "kind": "refunded",
        "text": "The class was full.",
        "classId": "maths",
        "createdAt": NOW,
        "readAt": None,
    }
    await told(await browser.post("/api/me/notices/read"))
    assert (await told(await browser.get("/api/me")))["notices"] == 0
    items = (await told(await browser.get("/api/me/notices")))["items"]
    assert {one["readAt"] for one in items} == {NOW + MINUTE}


async def test_notices_are_for_one_person(web: Site, context: Context) -> None:
    asha, ravi = await web.signed_up("asha"), await web.signed_up("ravi")
    async with context.db.writing() as session:
        notices.tell(
            session, context, await account_id(asha), "enrolled", "You are enrolled.", None
        )
    assert (await told(await ravi.get("/api/me/notices")))["items"] == []
    await told(await ravi.post("/api/me/notices/read"))
    assert (await told(await asha.get("/api/me")))["notices"] == 1


async def test_a_code_links_once(web: Site) -> None:
    student, parent = await web.signed_up("ravi"), await web.signed_up("meera", "parent")
    code = await code_of(student)
    linked = await told(await parent.post("/api/me/students", json={"code": f" {code.lower()} "}))
    assert linked == {"id": await account_id(student), "name": "Ravi"}
    assert (await told(await parent.get("/api/me/students")))["items"] == [linked]
    other = await web.signed_up("dev", "parent")
    used = await other.post("/api/me/students", json={"code": code})
    assert await refused(used, 400) == "bad_code"


async def test_linking_again_and_unlinking_change_nothing_twice(web: Site) -> None:
    student, parent = await web.signed_up("ravi"), await web.signed_up("meera", "parent")
    for _ in range(2):
        code = await code_of(student)
        linked = await told(await parent.post("/api/me/students", json={"code": code}))
    assert len((await told(await parent.get("/api/me/students")))["items"]) == 1
    for _ in range(2):
        await told(await parent.delete(f"/api/me/students/{linked['id']}"))
    assert (await told(await parent.get("/api/me/students")))["items"] == []


async def test_a_code_is_valid_for_a_while_and_until_the_next(web: Site, context: Context) -> None:
    student, parent = await web.signed_up("ravi"), await web.signed_up("meera", "parent")
    first, second = await code_of(student), await code_of(student)
    for code in (first, "NOTACODE"):
        response = await parent.post("/api/me/students", json={"code": code})
        assert await refused(response, 400) == "bad_code"
    clock(context).advance(CODE_MINUTES * MINUTE)
    response = await parent.post("/api/me/students", json={"code": second})
    assert await refused(response, 400) == "bad_code"


async def test_codes_cannot_be_tried_out(web: Site) -> None:
    parent = await web.signed_up("meera", "parent")
    codes = [
        await refused(response, response.status)
        for response in [
            await parent.post("/api/me/students", json={"code": "NOTACODE"})
            for _ in range(TRIES + 1)
        ]
    ]
    assert codes == ["bad_code"] * TRIES + ["too_many_requests"]


async def test_students_give_codes_and_parents_use_them(web: Site) -> None:
    student, parent = await web.signed_up("ravi"), await web.signed_up("meera", "parent")
    assert await refused(await parent.get("/api/me/link-code"), 403) == "forbidden"
    body = {"code": await code_of(student)}
    assert await refused(await student.post("/api/me/students", json=body), 403) == "forbidden"


def test_codes_that_wait_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("billing.service.guardians.MAX_CODES", 2)
    codes = LinkCodes()
    made = [codes.make(f"u-{number}", NOW)[0] for number in range(3)]
    with pytest.raises(Exception, match="not valid"):
        codes.use(made[0], NOW)
    assert codes.use(made[2], NOW) == "u-2"
