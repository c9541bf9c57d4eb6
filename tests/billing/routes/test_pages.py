"""The pages' addresses and what each may load."""

from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from billing.routes.pages import add_site
from liveclass.pages import add_headers

PATHS = ["/classes", "/classes/maths", "/me", "/teach", "/teach/new", "/teach/maths", "/admin"]
PATHS += ["/login", "/register", "/forgot", "/reset?token=x"]


async def get(static: Path, path: str, *, is_sandbox: bool) -> tuple[int, str, dict[str, str]]:
    app = web.Application()
    app.on_response_prepare.append(add_headers)
    add_site(app, static, is_sandbox=is_sandbox)
    async with TestClient(TestServer(app)) as client:
        response = await client.get(path)
        return response.status, await response.text(), dict(response.headers)


@pytest.mark.parametrize("path", PATHS)
async def test_every_page_is_the_one_file(tmp_path: Path, path: str) -> None:
    (tmp_path / "site.html").write_text("<h1>site</h1>")
    status, text, _ = await get(tmp_path, path, is_sandbox=True)
    assert (status, text) == (200, "<h1>site</h1>")


async def test_missing_file_is_not_found(tmp_path: Path) -> None:
    assert (await get(tmp_path, "/classes", is_sandbox=True))[0] == 404


async def test_only_a_class_page_with_real_keys_may_load_the_gateway(tmp_path: Path) -> None:
    (tmp_path / "site.html").write_text("<h1>site</h1>")
    for path in PATHS:
        for is_sandbox in (True, False):
            _, _, headers = await get(tmp_path, path, is_sandbox=is_sandbox)
            allowed = path == "/classes/maths" and not is_sandbox
            policy = headers["Content-Security-Policy"]
            assert ("razorpay" in policy) is allowed
            assert ("unsafe-inline" in policy) is allowed
            assert ("payment=()" in headers["Permissions-Policy"]) is not allowed
            opener = headers["Cross-Origin-Opener-Policy"]
            assert opener == ("same-origin-allow-popups" if allowed else "same-origin")


async def test_gateways_script_comes_from_its_own_host_alone(tmp_path: Path) -> None:
    (tmp_path / "site.html").write_text('<script type="importmap">{}</script>')
    _, _, headers = await get(tmp_path, "/classes/maths", is_sandbox=False)
    directives = dict(
        one.strip().split(" ", 1) for one in headers["Content-Security-Policy"].split(";")
    )
    scripts = directives["script-src"].split()
    assert scripts[0] == "'self'"
    assert scripts[1].startswith("'sha256-")
    assert scripts[2:] == ["https://checkout.razorpay.com"]
    assert directives["object-src"] == "'none'"
