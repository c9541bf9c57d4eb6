"""Registration, sign-in, sign-out, forgotten passwords, over HTTP."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from billing.accounts.sessions import SESSION_DAYS
from billing.context import Context
from billing.routes.session import COOKIE
from tests.billing.support import DAY, MINUTE, Clock, Post, make_context
from tests.billing.web import PASSWORD, Site, cookie, refused, site, told

ASHA = {"email": "Asha@Example.com", "password": PASSWORD, "name": " Asha "}


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


def letters(context: Context) -> Post:
    assert isinstance(context.mail, Post)
    return context.mail


async def test_who_registers_is_signed_in(web: Site) -> None:
    browser = await web.browser()
    assert (await told(await browser.get("/api/me")))["account"] is None
    made = await told(await browser.post("/api/auth/register", json=ASHA))
    assert made["account"]["email"] == "asha@example.com"
    assert made["account"]["name"] == "Asha"
    assert made["account"]["role"] == "student"
    me = await told(await browser.get("/api/me"))
    assert me == {"account": made["account"], "notices": 0}


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(web: Site) -> None:
    browser = await web.browser()
    response = await browser.post("/api/auth/register", json=ASHA)
    morsel = response.cookies[COOKIE]
    assert morsel["httponly"]
    assert morsel["samesite"] == "Lax"
    assert morsel["path"] == "/"
    assert PASSWORD not in str(response.headers)


async def test_an_address_has_one_account(web: Site) -> None:
    await web.signed_up("asha")
    again = await web.browser()
    assert await refused(await again.post("/api/auth/register", json=ASHA), 409) == "email_taken"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "no address"),
        ("email", "a@b"),
        ("email", '"><x@example.com'),
        ("password", "too short"),
        ("password", "x" * 201),
        ("name", "  "),
        ("name", "x" * 81),
        ("role", "teacher"),
        ("role", "admin"),
        ("admin", True),
    ],
)
async def test_what_is_wrong_is_named(web: Site, field: str, value: object) -> None:
    browser = await web.browser()
    response = await browser.post("/api/auth/register", json={**ASHA, field: value})
    error = (await told(response, 422))["error"]
    assert error["field"] == field


async def test_registration_can_be_closed(tmp_path: Path) -> None:
    async with make_context(tmp_path, registration="closed") as context, site(context) as web:
        browser = await web.browser()
        response = await browser.post("/api/auth/register", json=ASHA)
        assert await refused(response, 400) == "registration_closed"


async def test_signing_in_and_out(web: Site) -> None:
    await web.signed_up("asha")
    browser = await web.browser()
    body = {"email": "ASHA@example.com ", "password": PASSWORD}
    await told(await browser.post("/api/auth/login", json=body))
    assert (await told(await browser.get("/api/me")))["account"]["name"] == "Asha"
    await told(await browser.post("/api/auth/logout", json={}))
    assert cookie(browser, COOKIE) is None
    assert (await told(await browser.get("/api/me")))["account"] is None


@pytest.mark.parametrize("email", ["asha@example.com", "nobody@example.com"])
async def test_wrong_is_wrong_whoever_it_is(web: Site, email: str) -> None:
    await web.signed_up("asha")
    browser = await web.browser()
    response = await browser.post(
        "/api/auth/login", json={"email": email, "password": "not the password"}
    )
    assert await refused(response, 401) == "wrong_password"


async def test_tries_are_limited_for_each_account_and_come_back_with_time(
    web: Site, context: Context
) -> None:
    browser = await web.browser()
    body = {"email": "asha@example.com", "password": "not the password"}
    codes = [
        await refused(response, response.status)
        for response in [await browser.post("/api/auth/login", json=body) for _ in range(11)]
    ]
    assert codes == ["wrong_password"] * 10 + ["too_many_requests"]
    response = await browser.post("/api/auth/login", json=body)
    assert 0 < int(response.headers["Retry-After"]) <= 60
    clock(context).advance(MINUTE)
    assert await refused(await browser.post("/api/auth/login", json=body), 401) == "wrong_password"


async def test_a_session_ends_by_itself(web: Site, context: Context) -> None:
    browser = await web.signed_up("asha")
    clock(context).advance((SESSION_DAYS - 1) * DAY)
    assert (await told(await browser.get("/api/me")))["account"] is not None
    clock(context).advance(DAY)
    assert (await told(await browser.get("/api/me")))["account"] is None


@pytest.mark.parametrize("change", [lambda t: t + "x", lambda t: t[:-3] + "abc", lambda t: "x"])
async def test_a_forged_cookie_is_nobody(web: Site, change: object) -> None:
    browser = await web.signed_up("asha")
    token = cookie(browser, COOKIE)
    assert token is not None
    assert callable(change)
    stranger = await web.browser()
    response = await stranger.get("/api/me", headers={"Cookie": f"{COOKIE}={change(token)}"})
    assert (await told(response))["account"] is None


async def test_a_forgotten_password_is_set_anew_by_a_link_that_works_once(
    web: Site, context: Context
) -> None:
    old = await web.signed_up("asha")
    browser = await web.browser()
    await told(await browser.post("/api/auth/forgot", json={"email": "asha@example.com"}))
    [letter] = letters(context).letters
    assert letter.to == "asha@example.com"
    found = re.search(r"(http://\S+)/reset\?token=(\S+)", letter.text)
    assert found is not None
    assert found[1] == web.origin
    body = {"token": found[2], "password": "another long password"}
    await told(await browser.post("/api/auth/reset", json=body))
    assert (await told(await browser.get("/api/me")))["account"]["name"] == "Asha"
    assert (await told(await old.get("/api/me")))["account"] is None, "other sessions end"
    assert await refused(await browser.post("/api/auth/reset", json=body), 400) == "bad_link"
    login = {"email": "asha@example.com", "password": "another long password"}
    await told(await browser.post("/api/auth/login", json=login))


async def test_a_link_is_too_old_after_an_hour(web: Site, context: Context) -> None:
    browser = await web.signed_up("asha")
    await told(await browser.post("/api/auth/forgot", json={"email": "asha@example.com"}))
    token = letters(context).letters[0].text.partition("token=")[2].split()[0]
    clock(context).advance(60 * MINUTE)
    body = {"token": token, "password": "another long password"}
    assert await refused(await browser.post("/api/auth/reset", json=body), 400) == "bad_link"


async def test_a_session_is_no_link(web: Site) -> None:
    browser = await web.signed_up("asha")
    body = {"token": cookie(browser, COOKIE), "password": "another long password"}
    assert await refused(await browser.post("/api/auth/reset", json=body), 400) == "bad_link"


async def test_nothing_tells_whether_an_address_has_an_account(web: Site, context: Context) -> None:
    browser = await web.browser()
    body = {"email": "nobody@example.com"}
    assert await told(await browser.post("/api/auth/forgot", json=body)) == {}
    assert not letters(context).letters


async def test_mail_that_does_not_get_through_is_counted(web: Site, context: Context) -> None:
    browser = await web.signed_up("asha")
    letters(context).broken = True
    body = {"email": "asha@example.com"}
    assert await told(await browser.post("/api/auth/forgot", json=body)) == {}
    assert context.counts["mail_failed"] == 1


async def test_other_sites_cannot_act_for_who_is_signed_in(web: Site) -> None:
    browser = await web.signed_up("asha")
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        response = await browser.patch("/api/me", json={"name": "Evil"}, headers=headers)
        assert await refused(response, 403) == "foreign_origin"
    form = await browser.post("/api/auth/logout", data={"a": "b"})
    assert await refused(form, 400) == "bad_content_type"
    own = {"Origin": web.origin, "Sec-Fetch-Site": "same-origin"}
    await told(await browser.patch("/api/me", json={"name": "Asha Rao"}, headers=own))


async def test_what_is_no_json_is_said(web: Site) -> None:
    browser = await web.browser()
    headers = {"Content-Type": "application/json"}
    response = await browser.post("/api/auth/login", data=b"{", headers=headers)
    assert await refused(response, 422) == "invalid"
    response = await browser.post("/api/auth/login", data=b"x" * 200_000, headers=headers)
    assert await refused(response, 400) == "too_large"


SECURE = frozenset({"https://class.example"})


async def test_behind_a_proxy_with_a_certificate_cookie_and_origin_are_the_proxys(
    context: Context,
) -> None:
    async with site(context, SECURE) as web:
        browser = await web.browser()
        headers = {"Origin": "https://class.example", "Host": "class.example"}
        response = await browser.post("/api/auth/register", json=ASHA, headers=headers)
        await told(response)
        assert response.cookies[COOKIE]["secure"]
        headers["Origin"] = "https://class.example.evil.example"
        response = await browser.post("/api/auth/logout", json={}, headers=headers)
        assert await refused(response, 403) == "foreign_origin"


async def test_a_proxy_on_this_machine_says_who_tries(web: Site) -> None:
    browser = await web.browser()

    async def codes(address: str, times: int) -> list[str]:
        headers = {"X-Forwarded-For": f"198.51.100.9, {address}"}
        return [
            await refused(response, response.status)
            for response in [
                await browser.post("/api/auth/register", json={}, headers=headers)
                for _ in range(times)
            ]
        ]

    assert await codes("203.0.113.1", 21) == ["invalid"] * 20 + ["too_many_requests"]
    assert await codes("203.0.113.2", 1) == ["invalid"]
    assert await codes("2001:db8:0:1::1", 20) == ["invalid"] * 20
    assert await codes("2001:db8:0:1::2", 1) == ["too_many_requests"], "of the same customer"
    assert await codes("2001:db8:0:2::1", 1) == ["invalid"]


async def test_a_page_of_another_site_reads_nothing(web: Site) -> None:
    browser = await web.signed_up("asha")
    response = await browser.get("/api/me", headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in response.headers


async def test_a_large_body_without_a_length_is_refused(web: Site) -> None:
    browser = await web.browser()

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b" " * 1_000

    headers = {"Content-Type": "application/json"}
    response = await browser.post("/api/auth/login", data=pieces(), headers=headers)
    assert await refused(response, 400) == "too_large"


async def test_a_fault_of_ours_says_nothing_about_itself(
    web: Site, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise ValueError("the inside of the server")

    monkeypatch.setattr("billing.service.accounts.sign_in", broken)
    browser = await web.browser()
    body = {"email": "asha@example.com", "password": PASSWORD}
    response = await browser.post("/api/auth/login", json=body)
    assert "inside" not in await response.text()
    assert await refused(response, 500) == "internal"
    assert context.counts["request_failed"] == 1
