"""Browser viewers apart from the browser, which tests/browser/test_viewers.py starts."""

import asyncio
import os
import subprocess
import sys

import pytest

from loadtest import viewers
from loadtest.viewers import pinned, untrusted_origin, watch

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
        ("https://class.example:8443/class/demo", None),
        ("http://10.0.0.7:8080/class/demo?t=x", "http://10.0.0.7:8080"),
    ],
)
def test_only_a_plain_origin_elsewhere_must_be_trusted(link: str, origin: str | None) -> None:
    assert untrusted_origin(link) == origin


def test_a_process_started_while_pinned_stays_on_the_core_and_we_do_not() -> None:
    own = os.sched_getaffinity(0)
    core = max(own)
    command = [sys.executable, "-c", "import os; print(*os.sched_getaffinity(0))"]
    with pinned([core]):
        told = subprocess.run(command, check=True, capture_output=True, text=True)
    assert told.stdout.split() == [str(core)]
    assert os.sched_getaffinity(0) == own


def test_no_cores_means_any_core() -> None:
    own = os.sched_getaffinity(0)
    with pinned([]):
        assert os.sched_getaffinity(0) == own


async def test_the_end_comes_before_a_viewer_could_join() -> None:
    viewer = viewers.Viewer("Browser 1", LINK)
    await viewer.ask()
    await viewer.leave()
    assert viewer.result().error == viewers.ENDED_EARLY
