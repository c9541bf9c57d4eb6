"""Admins manage accounts over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from billing.context import Context
from billing.service import accounts
from tests.billing.support import make_context
from tests.billing.web import PASSWORD, Client, Site, refused, site, told


@pytest_asyncio.fixture
async def context(tmp_path: Path) -> AsyncIterator[Context]:
    async with make_context(tmp_path) as context:
        yield context


@pytest_asyncio.fixture
async def web(context: Context) -> AsyncIterator[Site]:
    async with site(context) as opened:
        yield opened


@pytest_asyncio.fixture
async def admin(web: Site, context: Context) -> Client:
    new = accounts.NewUser("admin@example.com", "Admin", "admin", PASSWORD)
    await accounts.create_user(context, new)
    return await signed_in(web, "admin@example.com")


async def signed_in(web: Site, email: str, password: str = PASSWORD) -> Client:
    browser = await web.browser()
    body = {"email": email, "password": password}
    await told(await browser.post("/api/auth/login", json=body))
    return browser


async def is_signed_in(browser: Client) -> bool:
    return (await told(await browser.get("/api/me")))["account"] is not None


NEW = {"email": "Asha@example.com", "name": "Asha", "role": "teacher"}


async def test_an_account_gets_a_password_that_is_told_once(web: Site, admin: Client) -> None:
    made = await told(await admin.post("/api/users", json=NEW), 201)
    teacher = await signed_in(web, "asha@example.com", made["password"])
    me = (await told(await teacher.get("/api/me")))["account"]
    assert (me["id"], me["role"]) == (made["id"], "teacher")
    listed = (await told(await admin.get("/api/users?search=asha")))["items"]
    assert [set(one) for one in listed] == [set(made) - {"password"}]


async def test_a_password_that_was_given_is_not_told(web: Site, admin: Client) -> None:
    made = await told(await admin.post("/api/users", json={**NEW, "password": PASSWORD}), 201)
    assert "password" not in made
    await signed_in(web, "asha@example.com")


async def test_accounts_are_found_by_parts_of_name_and_address(web: Site, admin: Client) -> None:
    for name in ("asha", "ravi", "meera"):
        await web.signed_up(name)

    async def found(search: str) -> list[str]:
        answer = await told(await admin.get("/api/users", params={"search": search}))
        return [one["name"] for one in answer["items"]]

    assert await found("") == ["Admin", "Asha", "Meera", "Ravi"]
    assert await found("EER") == ["Meera"]
    assert await found("%") == []
    assert await found("_") == []


async def test_lists_come_a_page_at_a_time(web: Site, admin: Client) -> None:
    for name in ("asha", "ravi", "meera"):
        await web.signed_up(name)
    first = await told(await admin.get("/api/users?limit=3"))
    assert [one["name"] for one in first["items"]] == ["Admin", "Asha", "Meera"]
    params = {"limit": "3", "cursor": first["next"]}
    second = await told(await admin.get("/api/users", params=params))
    assert [one["name"] for one in second["items"]] == ["Ravi"]
    assert second["next"] is None


@pytest.mark.parametrize("limit", ["0", "101", "x", "-1", "٣"])
async def test_a_wrong_limit_is_said(admin: Client, limit: str) -> None:
    response = await admin.get("/api/users", params={"limit": limit})
    assert await refused(response, 400) == "bad_limit"


async def test_another_role_or_password_ends_the_sessions(web: Site, admin: Client) -> None:
    ravi = await web.signed_up("ravi")
    path = f"/api/users/{(await told(await ravi.get('/api/me')))['account']['id']}"
    await told(await admin.patch(path, json={"name": "Ravi Kumar"}))
    assert await is_signed_in(ravi)
    changed = await told(await admin.patch(path, json={"role": "teacher"}))
    assert (changed["name"], changed["role"]) == ("Ravi Kumar", "teacher")
    assert not await is_signed_in(ravi)
    ravi = await signed_in(web, "ravi@example.com")
    await told(await admin.patch(path, json={"password": "another long password"}))
    assert not await is_signed_in(ravi)
    await signed_in(web, "ravi@example.com", "another long password")


async def test_who_is_disabled_cannot_sign_in_until_enabled(web: Site, admin: Client) -> None:
    ravi = await web.signed_up("ravi")
    path = f"/api/users/{(await told(await ravi.get('/api/me')))['account']['id']}"
    assert (await told(await admin.patch(path, json={"disabled": True})))["disabled"]
    assert not await is_signed_in(ravi)
    body = {"email": "ravi@example.com", "password": PASSWORD}
    response = await (await web.browser()).post("/api/auth/login", json=body)
    assert await refused(response, 401) == "wrong_password"
    await told(await admin.patch(path, json={"disabled": False}))
    await signed_in(web, "ravi@example.com")
    assert not await is_signed_in(ravi), "an old session stays over"


@pytest.mark.parametrize("change", [{"role": "teacher"}, {"disabled": True}])
async def test_the_last_admin_stays(web: Site, admin: Client, change: dict[str, object]) -> None:
    me = (await told(await admin.get("/api/me")))["account"]["id"]
    assert await refused(await admin.patch(f"/api/users/{me}", json=change), 409) == "last_admin"
    second = {"email": "second@example.com", "name": "Second", "role": "admin"}
    await told(await admin.post("/api/users", json=second), 201)
    await told(await admin.patch(f"/api/users/{me}", json=change))


async def test_only_admins_manage_accounts(web: Site, admin: Client) -> None:
    ravi = await web.signed_up("ravi")
    me = (await told(await ravi.get("/api/me")))["account"]["id"]
    assert await refused(await ravi.get("/api/users"), 403) == "forbidden"
    assert await refused(await ravi.post("/api/users", json=NEW), 403) == "forbidden"
    response = await ravi.patch(f"/api/users/{me}", json={"role": "admin"})
    assert await refused(response, 403) == "forbidden"


async def test_whom_nobody_knows_cannot_be_changed(admin: Client) -> None:
    assert await refused(await admin.patch("/api/users/u-x", json={}), 404) == "no_such_user"
