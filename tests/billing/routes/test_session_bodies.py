"""Limits of a request's body; the bytes count before anything is parsed."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from billing.errors import SignInError
from billing.routes.auth import Login
from billing.routes.session import MAX_JSON, MAX_TEXTS
from tests.billing.routes.test_classes import person
from tests.billing.support import make_context
from tests.billing.web import Site, refused, site

JSON = {"Content-Type": "application/json"}
ARRAYS = b"[" + b"[]," * 300_000 + b"[]]"


@pytest_asyncio.fixture
async def web(tmp_path: Path) -> AsyncIterator[Site]:
    async with make_context(tmp_path) as context, site(context) as opened:
        yield opened


async def test_json_is_bounded_before_it_is_parsed(
    web: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[int] = []

    def parse(raw: bytes) -> Login:
        parsed.append(len(raw))
        raise SignInError("not_signed_in", "Parsed.")

    monkeypatch.setattr(Login, "model_validate_json", parse)
    browser = await web.browser()
    for size, status in ((MAX_JSON, 401), (MAX_JSON + 1, 400), (len(ARRAYS), 400)):
        response = await browser.post("/api/auth/login", data=ARRAYS[:size], headers=JSON)
        await refused(response, status)
    assert parsed == [MAX_JSON]


async def test_without_a_length_no_more_is_kept_either(web: Site) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(ARRAYS), 4_096):
            yield ARRAYS[start : start + 4_096]

    browser = await web.browser()
    response = await browser.post("/api/auth/login", data=pieces(), headers=JSON)
    assert await refused(response, 400) == "too_large"


async def test_only_a_teachers_class_may_be_longer(web: Site) -> None:
    ravi, asha = await web.signed_up("ravi"), await person(web, "asha", "teacher")
    body = b"{}" + b" " * MAX_JSON
    response = await ravi.patch("/api/me", data=body, headers=JSON)
    assert await refused(response, 400) == "too_large"
    assert await refused(await ravi.post("/api/classes", data=body, headers=JSON), 403)
    assert await refused(await asha.post("/api/classes", data=body, headers=JSON), 422)
    longer = body + b" " * MAX_TEXTS
    assert await refused(await asha.post("/api/classes", data=longer, headers=JSON), 400)
