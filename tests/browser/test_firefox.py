"""Firefox in a class: its teacher is seen by both browsers, its student sees Chromium's teacher.

Firefox runs in a network namespace (tests/support/wire.py), which needs root.
"""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from typing import NoReturn

import pytest
import pytest_asyncio

from loadtest.browser.chromium import chromium
from loadtest.browser.page import ClassPage
from loadtest.run.local_server import local_server
from tests.browser.firefox import Firefox, FirefoxPage, executable, firefox
from tests.browser.lesson import Lesson
from tests.browser.watching import energy, moves, moves_network, picture, sees
from tests.support.wire import Wire, WireError, wire

pytestmark = pytest.mark.alone

# A stall of 10 ms spoils Firefox's only probes; its estimate then climbs (docs/browsers.md).
TOP_LAYER_WITHIN = 40.0


def _cannot(reason: str) -> NoReturn:
    """Where the tests must run, a missing piece is a failure."""
    if os.environ.get("CI") == "true" and os.geteuid() == 0:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def program() -> str:
    found = executable()
    if found is None:
        _cannot("firefox-esr is not installed (Debian: apt-get install firefox-esr)")
    return found


@pytest.fixture(scope="module")
def line(program: str) -> Iterator[Wire]:
    if os.geteuid() != 0:
        _cannot("a network namespace for Firefox needs root")
    with ExitStack() as stack:
        try:
            made = stack.enter_context(wire())
        except WireError as error:
            _cannot(f"no network namespace can be made: {error}")
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def fox(line: Wire, program: str) -> AsyncIterator[Firefox]:
    async with firefox(program, line.inside) as browser:
        yield browser


class Mixed(Lesson):
    """A class with people in both browsers."""

    fox: Firefox
    foxes: list[FirefoxPage]

    async def enter_firefox(
        self, name: str, role: str = "student", *, devices: bool = False
    ) -> FirefoxPage:
        link = self.link(name, role)
        page = await self.fox.enter(name, link, camera=devices, microphone=devices)
        self.foxes.append(page)
        return page

    async def close(self) -> None:
        problems = [f"{fox.name}: {problem}" for fox in self.foxes for problem in fox.problems]
        for fox in self.foxes:
            await fox.leave()
        await super().close()
        assert not problems, "\n".join(problems)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def classroom(
    line: Wire, fox: Firefox, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Mixed]:
    folder = tmp_path_factory.mktemp("firefox-server")
    async with (
        local_server(folder, line.here) as server,
        chromium(trusting=server.url) as browser,
    ):
        lesson = Mixed(server, browser, "lesson-firefox")
        lesson.fox, lesson.foxes = fox, []
        yield lesson


@pytest_asyncio.fixture(loop_scope="session")
async def mixed(classroom: Mixed, request: pytest.FixtureRequest) -> AsyncIterator[Mixed]:
    """An empty class; at the end everybody leaves and no console may have complained."""
    classroom.class_id = f"firefox-{request.node.name.replace('_', '-')}"[:60]
    yield classroom
    await classroom.close()
    classroom.visitors.clear()
    classroom.foxes.clear()


async def hears(listener: ClassPage, speaker: ClassPage) -> None:
    before = await energy(listener, speaker)

    async def more() -> bool:
        return await energy(listener, speaker) > before

    await listener.until(f"hears {speaker.name}", more)


async def test_a_firefox_teacher_is_decoded_at_the_top_layer_by_both_browsers(
    mixed: Mixed,
) -> None:
    teacher = await mixed.enter_firefox("Asha", "teacher", devices=True)
    chromium_student = await mixed.enter("Ben", camera=False, microphone=False)
    firefox_student = await mixed.enter_firefox("Chitra")
    for student in (chromium_student, firefox_student):
        await sees(student, teacher, "camera", 720, within=TOP_LAYER_WITHIN)
        await hears(student, teacher)
    rids = {layer["rid"] for layer in (await teacher.stats())["outbound"] if layer["framesEncoded"]}
    assert rids == {"q", "h", "f"}


async def test_a_firefox_student_follows_a_chromium_teacher_through_layers_and_a_reload(
    mixed: Mixed,
) -> None:
    teacher = await mixed.enter("Asha", "teacher")
    student = await mixed.enter_firefox("Ben")
    await sees(student, teacher, "camera", 720)
    await hears(student, teacher)
    await student.call("setViewport", {"width": 420, "height": 400})

    async def is_smaller() -> bool:
        slot = await picture(student, teacher)
        return slot is not None and 0 < slot["height"] < 720

    await student.until("decodes a lower layer in a small window", is_smaller)
    await student.call("setViewport", {"width": 1280, "height": 720})
    await sees(student, teacher, "camera", 720)
    assert await student.offers() == 1
    identity = await student.own_id()
    await student.call("reload")
    await student.shows("class")
    assert await student.own_id() == identity
    await sees(student, teacher, "camera", 720)
    await hears(student, teacher)
    assert len((await teacher.state())["participants"]) == 2


async def test_a_slot_moves_in_firefox_without_an_offer(mixed: Mixed) -> None:
    await mixed.enter("Asha", "teacher", camera=False, microphone=False)
    watcher = await mixed.enter_firefox("Ben")
    first = await mixed.enter("Chitra", microphone=False)
    await sees(watcher, first, "camera", 90, frames=3)
    slot = await picture(watcher, first)
    assert slot is not None
    second = await mixed.enter("Dev", camera=False, microphone=False)
    await first.switch("camera", False)
    await second.switch("camera", True)
    await moves(watcher, slot, second)
    assert await watcher.offers() == 1


async def test_a_firefox_teachers_reload_brings_the_picture_back(mixed: Mixed) -> None:
    teacher = await mixed.enter_firefox("Asha", "teacher", devices=True)
    student = await mixed.enter("Ben", camera=False, microphone=False)
    await sees(student, teacher, "camera", 180)
    await teacher.call("reload")
    await teacher.shows("class")
    await sees(student, teacher, "camera", 180)
    assert await student.offers() == 1


async def test_a_picture_moves_to_a_new_address_when_firefox_has_answered_there(
    mixed: Mixed,
) -> None:
    teacher = await mixed.enter("Asha", "teacher")
    student = await mixed.enter_firefox("Ben")
    await sees(student, teacher, "camera", 90)
    await moves_network(student, teacher)
    assert await student.offers() == 2
