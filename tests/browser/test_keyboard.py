"""The class by keyboard alone."""

import pytest

from loadtest.browser.playwright_page import PlaywrightPage
from tests.browser.lesson import Lesson

FOCUSED = "document.activeElement?.closest('[data-testid]')?.dataset.testid ?? ''"


async def tabbed_to(visitor: PlaywrightPage, testid: str, at_most: int = 40) -> bool:
    """Presses Tab until an element has the focus."""
    for _ in range(at_most):
        await visitor.page.keyboard.press("Tab")
        if await visitor.page.evaluate(FOCUSED) == testid:
            return True
    return False


async def pressed(visitor: PlaywrightPage, testid: str) -> bool:
    return await visitor.find(testid).get_attribute("aria-pressed") == "true"


async def test_the_whole_way_in_works_without_a_mouse(lesson: Lesson) -> None:
    await lesson.enter("Asha", role="teacher", camera=False, microphone=False)
    student = await lesson.seat("Ben")
    await student.open()
    assert await tabbed_to(student, "join-button")
    await student.page.keyboard.press("Enter")
    await student.find("class").wait_for()
    for button in ("microphone", "camera", "screen", "hand", "reaction", "chat", "people", "leave"):
        assert await tabbed_to(student, f"button-{button}"), f"Tab does not reach {button}"


@pytest.mark.parametrize(
    ("key", "button"), [("m", "button-microphone"), ("v", "button-camera"), ("h", "button-hand")]
)
async def test_a_shortcut_toggles_its_button(lesson: Lesson, key: str, button: str) -> None:
    teacher = await lesson.enter("Asha", role="teacher", camera=False, microphone=False)
    for expected in (True, False):
        await teacher.page.keyboard.press(key)

        async def as_expected(expected: bool = expected) -> bool:
            return await pressed(teacher, button) is expected

        await teacher.until(f"{key} turns {button} {'on' if expected else 'off'}", as_expected)


async def test_shortcuts_rest_while_one_writes(lesson: Lesson) -> None:
    teacher = await lesson.enter("Asha", role="teacher", camera=False, microphone=False)
    await teacher.page.keyboard.press("c")
    await teacher.find("chat-input").click()
    await teacher.page.keyboard.type("mvh")
    assert await teacher.find("chat-input").input_value() == "mvh"
    assert not await pressed(teacher, "button-microphone")
    assert not await pressed(teacher, "button-hand")
    await teacher.page.keyboard.press("Escape")
    await teacher.find("chat-input").wait_for(state="hidden")


async def test_every_button_of_the_bar_has_a_name(lesson: Lesson) -> None:
    teacher = await lesson.enter("Asha", role="teacher", camera=False, microphone=False)
    for button in await teacher.page.get_by_role("button").all():
        name = await button.evaluate("e => e.ariaLabel || e.innerText || e.title")
        assert name.strip(), await button.evaluate("e => e.outerHTML")
