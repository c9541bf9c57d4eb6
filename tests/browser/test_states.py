"""The pages around the class: before it begins, after it ends, and without devices."""

import pytest
from playwright.async_api import Locator

from loadtest.browser.chromium import chromium
from loadtest.run.local_server import LocalServer
from tests.browser.lesson import Lesson
from tests.browser.watching import sees


async def test_who_comes_early_waits_and_enters_when_the_class_begins(lesson: Lesson) -> None:
    student = await lesson.enter("Ben", camera=False, microphone=False)
    assert "has not begun yet" in await student.find("waiting").inner_text()
    teacher = await lesson.enter("Asha", role="teacher")
    await sees(student, teacher, "camera", 720)


async def test_the_end_of_a_class_is_shown_to_all(lesson: Lesson) -> None:
    teacher = await lesson.enter("Asha", role="teacher", camera=False, microphone=False)
    student = await lesson.enter("Ben", camera=False, microphone=False)
    await teacher.find("button-more").click()
    await teacher.page.get_by_role("menuitem", name="End the lesson for everyone").click()
    await teacher.page.get_by_role("dialog").get_by_role("button", name="End lesson").click()
    for visitor in (teacher, student):
        await visitor.find("ended").wait_for()


async def test_a_bad_link_says_what_to_do(lesson: Lesson) -> None:
    stranger = await lesson.seat("Mallory")
    stranger.link = stranger.link[:-6] + "forged"
    await stranger.open()
    await stranger.find("join-button").click()
    await stranger.find("join-error").wait_for()
    assert "link is not valid" in await stranger.find("join-error").inner_text()
    assert not await stranger.find("class").is_visible()


async def test_blocked_devices_are_explained_and_can_be_tried_again(
    server: LocalServer,
) -> None:
    async with chromium(asks_for_devices=True) as browser:
        lesson = Lesson(server, browser, "lesson-blocked")
        student = await lesson.seat("Ben")
        await student.open()
        troubles = {
            device: student.find(f"trouble-{device}") for device in ("camera", "microphone")
        }
        for device, trouble in troubles.items():
            await trouble.wait_for()
            assert f"Your {device} is blocked" in await trouble.inner_text()
        await student.context.grant_permissions(["camera", "microphone"])
        for device, trouble in troubles.items():
            await trouble.get_by_role("button", name="Retry").click()
            await trouble.wait_for(state="hidden")
            button = student.find(f"prejoin-{device}")

            async def is_on(button: Locator = button) -> bool:
                return await button.get_attribute("aria-pressed") == "true"

            await student.until(f"the {device} is on", is_on)
        await lesson.close()


async def test_a_class_can_be_attended_with_blocked_devices(server: LocalServer) -> None:
    async with chromium(asks_for_devices=True) as browser:
        lesson = Lesson(server, browser, "lesson-listener")
        student = await lesson.seat("Ben")
        await student.open()
        await student.find("join-button").click()
        await student.find("class").wait_for()
        await lesson.close()


@pytest.mark.parametrize("path", ["/class/nowhere", "/"])
async def test_pages_without_a_token_do_not_break(lesson: Lesson, path: str) -> None:
    visitor = await lesson.seat("Visitor")
    await visitor.page.goto(lesson.server.url + path)
    assert (await visitor.page.inner_text("body")).strip()
