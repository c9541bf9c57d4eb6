"""What every test gets: an event loop that must be left clean."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.support import thorough
from tests.support.coded_plane import Crossing

thorough.register()


# Where a media plane is behind signalling, tests run twice: with one in this process, and with
# one to which every call, and from which every answer and event, is encoded and decoded.
TWICE = ("tests.signalling.", "tests.liveclass.")
ONCE = ("tests.signalling.socket.test_websocket",)  # frames alone, and slow


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    has_plane = {"class_server", "across"} & set(vars(metafunc.module))
    name = metafunc.module.__name__
    if has_plane and name.startswith(TWICE) and name not in ONCE:
        metafunc.parametrize("crossing", ["direct", "coded"], indirect=True)


@pytest.fixture(autouse=True)
def crossing(request: pytest.FixtureRequest) -> None:
    """How the test's media planes are reached."""
    Crossing.is_coded = getattr(request, "param", "direct") == "coded"


@pytest.fixture(autouse=True)
def _clean_loop(request: pytest.FixtureRequest) -> None:
    """Asynchronous tests on a loop of their own leave no task and no unhandled failure behind."""
    marker = request.node.get_closest_marker("asyncio")
    if marker is not None and marker.kwargs.get("loop_scope", "function") == "function":
        request.getfixturevalue("loop_left_clean")


@pytest_asyncio.fixture
async def loop_left_clean() -> AsyncIterator[None]:
    """Fails the test that left tasks running, or whose callbacks and tasks failed unseen."""
    loop = asyncio.get_running_loop()
    failures: list[str] = []

    def note(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        failures.append(f"{context['message']} {context.get('exception')!r}")

    loop.set_exception_handler(note)
    before = asyncio.all_tasks(loop)
    yield
    await _settle(loop, before)
    left = sorted(repr(task.get_coro()) for task in asyncio.all_tasks(loop) - before - _own())
    assert not left, f"tasks left running: {left}"
    assert not failures, f"failures the event loop reported: {failures}"


async def _settle(loop: asyncio.AbstractEventLoop, before: set[asyncio.Task[Any]]) -> None:
    """Gives cancelled tasks the few turns they need to end."""
    for _ in range(20):
        if not asyncio.all_tasks(loop) - before - _own():
            return
        await asyncio.sleep(0)


def _own() -> set[asyncio.Task[Any]]:
    task = asyncio.current_task()
    return {task} if task else set()
