"""Takes the pictures in docs/screenshots: `make screenshots`.

A teacher and four students in a class, seen on a desktop in both colour schemes and on a phone;
the pages around the class at three sizes (docs/screenshots/site).
"""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from loadtest.browser.chromium import chromium
from loadtest.browser.playwright_page import PlaywrightPage
from loadtest.run.local_server import local_server
from tests.browser.lesson import Lesson
from tests.browser.school import ADMIN, TEACHER, School, school_server
from tests.browser.site_pictures import picture_site
from tests.browser.watching import sees

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
SETTLES = 1.5


async def take(visitor: PlaywrightPage, name: str) -> None:
    """Lets the page come to rest, then keeps what it shows."""
    await asyncio.sleep(SETTLES)
    await visitor.page.screenshot(path=FOLDER / f"{name}.png")


async def talk(lesson: Lesson) -> None:
    """A few words, a hand."""
    said = {
        "Asha Verma": "Today: why the area under a curve is a sum.",
        "Ben Okafor": "Is this in chapter 4?",
        "Chitra Rao": "Yes, page 112: https://example.org/calculus/area",
    }
    for visitor in lesson.visitors:
        if visitor.name in said:
            await visitor.find("button-chat").click()
            await visitor.find("chat-input").fill(said[visitor.name])
            await visitor.find("chat-send").click()
            await visitor.find("button-chat").click()
    await lesson.students[2].switch("hand", True)


async def picture_class(lesson: Lesson) -> None:
    """The class as its people see it."""
    teacher = await lesson.enter("Asha Verma", role="teacher", viewport=DESKTOP)
    dark = await lesson.enter("Ben Okafor", viewport=DESKTOP, color_scheme="dark")
    light = await lesson.enter("Chitra Rao", camera=False, viewport=DESKTOP, color_scheme="light")
    phone = await lesson.enter(
        "Dev Patel", viewport=PHONE, camera=False, has_touch=True, is_mobile=True
    )
    await lesson.enter("Elif Aydin", camera=False, microphone=False)
    await talk(lesson)
    for visitor in (dark, light, phone):
        await sees(visitor, teacher, "camera", 180, frames=1)
    await take(dark, "class-dark")
    await take(light, "class-light")
    await take(phone, "phone")
    await dark.find("button-chat").click()
    await take(dark, "class-chat")
    await light.find("button-people").click()
    await take(light, "class-people")
    await take(teacher, "class-teacher")
    await teacher.switch("screen", True)
    await sees(dark, teacher, "screen", 540, frames=1)
    await take(dark, "class-screen")


async def picture_prejoin(lesson: Lesson) -> None:
    views: dict[str, dict[str, Any]] = {
        "prejoin-dark": {"viewport": DESKTOP, "color_scheme": "dark"},
        "prejoin-light": {"viewport": DESKTOP, "color_scheme": "light"},
        "prejoin-phone": {"viewport": PHONE, "has_touch": True, "is_mobile": True},
    }
    for name, options in views.items():
        visitor = await lesson.seat("Farah Khan", **options)
        await visitor.open()
        await take(visitor, name)


async def picture_school() -> None:
    """The pages around the class, on a server of their own."""
    folder = FOLDER / "site"
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        async with school_server(Path(directory)) as server, chromium() as browser:
            school = School(server, browser)
            for person in (TEACHER, ADMIN):
                await school.add(person)
            await picture_site(school, folder)
            await school.close()


async def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    await picture_school()
    with tempfile.TemporaryDirectory() as directory:
        async with local_server(Path(directory)) as server, chromium() as browser:
            lesson = Lesson(server, browser, "calculus")
            await picture_prejoin(lesson)
            await lesson.close()
            lesson = Lesson(server, browser, "calculus")
            await picture_class(lesson)
            await lesson.close()


if __name__ == "__main__":
    asyncio.run(main())
