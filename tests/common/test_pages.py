"""A page, the scripts its policy allows, and what one page is allowed beyond the others."""

import base64
import hashlib
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from common.pages import Extra, content_policy, page, permissions_policy

INLINE = b'{"imports": {}}'
HTML = b'<script type="importmap">' + INLINE + b'</script><script src="/static/a.js"></script>'


def test_an_inline_script_is_allowed_by_its_hash_alone() -> None:
    digest = base64.b64encode(hashlib.sha256(INLINE).digest()).decode()
    assert f"script-src 'self' 'sha256-{digest}';" in content_policy(HTML)
    assert "unsafe" not in content_policy(HTML)


def test_extra_sources_stand_behind_those_of_all_pages() -> None:
    policy = content_policy(
        extra={"frame-src": "https://a.example", "img-src": "https://b.example"}
    )
    assert "frame-src https://a.example" in policy
    assert "img-src 'self' data: blob: https://b.example" in policy


def test_nobody_may_ask_to_pay_unless_a_page_says_so() -> None:
    assert "payment=()" in permissions_policy()
    assert "payment=(self)" in permissions_policy("(self)")


@pytest.mark.interop
async def test_a_page_is_read_at_every_request(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    app = web.Application()
    app.router.add_get("/", page(file, Extra(headers={"Referrer-Policy": "strict-origin"})))
    async with TestClient(TestServer(app)) as client:
        async with client.get("/") as missing:
            assert missing.status == 404
        file.write_bytes(HTML)
        async with client.get("/") as found:
            assert await found.read() == HTML
            assert found.headers["Content-Security-Policy"] == content_policy(HTML)
            assert found.headers["Referrer-Policy"] == "strict-origin"
