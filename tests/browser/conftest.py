"""One server and one Chromium for all browser tests; a class of its own for each test."""

from collections.abc import AsyncIterator, Generator
from itertools import count
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from loadtest.browser.chromium import chromium
from loadtest.run.local_server import LocalServer, local_server
from tests.browser.lesson import Lesson
from tests.browser.school import ADMIN, TEACHER, School, school_server

HERE = Path(__file__).parent
RESULTS = HERE.parent.parent / "test-results"
FAILED = pytest.StashKey[bool]()
_numbers = count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here drives a browser, and shares one event loop with the browser's fixture."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalServer]:
    async with local_server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Leaves word for the fixtures that the test itself failed."""
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


async def _keep_evidence(request: pytest.FixtureRequest, lesson: Lesson | School) -> None:
    """After a failure, what each page shows and the server's log go to test-results/."""
    if request.node.stash.get(FAILED, False):
        folder = RESULTS / request.node.name
        folder.mkdir(parents=True, exist_ok=True)
        await lesson.keep_evidence(folder)


@pytest_asyncio.fixture(loop_scope="session")
async def lesson(
    request: pytest.FixtureRequest, server: LocalServer, browser: Browser
) -> AsyncIterator[Lesson]:
    """An empty class; at the end everybody leaves and no console may have complained."""
    lesson = Lesson(server, browser, f"lesson-{next(_numbers)}")
    yield lesson
    await _keep_evidence(request, lesson)
    await lesson.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shared_lesson(server: LocalServer, browser: Browser) -> AsyncIterator[Lesson]:
    """A teacher with camera and microphone and three who listen, for all tests of a module."""
    lesson = Lesson(server, browser, f"lesson-{next(_numbers)}")
    await lesson.enter("Asha", role="teacher")
    for name in ("Ben", "Chitra", "Dev"):
        await lesson.enter(name, camera=False, microphone=False)
    yield lesson
    await lesson.close()


@pytest_asyncio.fixture(loop_scope="session")
async def class_of_four(
    request: pytest.FixtureRequest, shared_lesson: Lesson
) -> AsyncIterator[Lesson]:
    """The shared class; a test that changes it puts it back."""
    yield shared_lesson
    await _keep_evidence(request, shared_lesson)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def school_house(
    tmp_path_factory: pytest.TempPathFactory, browser: Browser
) -> AsyncIterator[LocalServer]:
    """A server with a teacher and an admin, and nothing else."""
    async with school_server(tmp_path_factory.mktemp("school")) as server:
        school = School(server, browser)
        for person in (TEACHER, ADMIN):
            await school.add(person)
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def school(
    request: pytest.FixtureRequest, school_house: LocalServer, browser: Browser
) -> AsyncIterator[School]:
    """The module's school; after each test everybody leaves, and no console may have complained."""
    school = School(school_house, browser)
    yield school
    await _keep_evidence(request, school)
    await school.close()
