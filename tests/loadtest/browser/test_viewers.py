"""Browser viewers apart from the browser, which tests/browser/test_viewers.py starts."""

import asyncio

import pytest

from loadtest.browser import viewers
from loadtest.browser.viewers import untrusted_origin, watch

LINK = "http://127.0.0.1:8080/class/demo?t=x"


async def test_nobody_needs_no_browser() -> None:
    assert await watch([], asyncio.Event(), [], asyncio.Event()) == []


async def test_a_browser_that_does_not_start_is_every_viewers_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LIVECLASS_CHROMIUM", "/nowhere/chromium")
    seated = asyncio.Event()
    results = await watch([LINK, LINK], asyncio.Event(), [], seated)
    assert seated.is_set()
    assert [result.name for result in results] == ["Browser 1", "Browser 2"]
    for result in results:
        assert not result.joined
        assert "Chromium does not run" in (result.error or "")


@pytest.mark.parametrize(
    ("link", "origin"),
    [
        (LINK, None),
        ("http://localhost/class/demo", None),
        ("http://127.0.0.2:8080/class/demo", None),
        ("http://[::1]:8080/class/demo", None),
        ("https://class.example:8443/class/demo", None),
        ("http://10.0.0.7:8080/class/demo?t=x", "http://10.0.0.7:8080"),
    ],
)
def test_only_a_plain_origin_elsewhere_must_be_trusted(link: str, origin: str | None) -> None:
    assert untrusted_origin(link) == origin


async def test_the_end_comes_before_a_viewer_could_join() -> None:
    viewer = viewers.Viewer("Browser 1", LINK)
    await viewer.ask()
    await viewer.leave()
    assert viewer.result().error == viewers.ENDED_EARLY
