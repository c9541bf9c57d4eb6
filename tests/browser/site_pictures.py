"""Pictures of the pages around the class, at three sizes and in both colour schemes."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from loadtest.browser.playwright_page import PlaywrightPage
from tests.browser.sandbox import pay
from tests.browser.school import ADMIN, TEACHER, Person, School

SIZES: dict[str, dict[str, Any]] = {
    "390": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
    "768": {"viewport": {"width": 768, "height": 1024}},
    "1440": {"viewport": {"width": 1440, "height": 900}},
}
SCHEMES = ("light", "dark")
LOCAL = {"locale": "en-IN", "timezone_id": "Asia/Kolkata"}
SETTLES = 0.7
STUDENT = Person("Ben Okafor", "student")
OTHERS = (Person("Chitra Rao", "student"), Person("Elif Aydin", "student"))
ABOUT = (
    "We begin where school leaves off: what a limit really is, why slopes and areas belong "
    "together, and how to see it in pictures before a single formula.\n\n"
    "For everyone from class 10. You need paper, a pencil and some curiosity."
)


def weekly(days: list[int], time: str) -> dict[str, Any]:
    """Twelve weeks from tomorrow, by India's clocks."""
    first = datetime.now(UTC) + timedelta(days=1)
    last = first + timedelta(weeks=12)
    span = {"from": f"{first:%Y-%m-%d}", "until": f"{last:%Y-%m-%d}"}
    return {
        "kind": "weekly",
        "days": days,
        "time": time,
        "minutes": 60,
        "zone": "Asia/Kolkata",
        **span,
    }


OFFERS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("Calculus from the beginning", {"seats": 3, "trialMinutes": 15, "description": ABOUT}),
    ("Hindi poetry: reading Kabir aloud", {"price": 0, "seats": None}),
    ("Organic chemistry for class 12", {"price": 249_900, "schedule": weekly([1, 3], "18:00")}),
    ("Water colours with one brush", {"price": 79_900, "schedule": weekly([5], "10:30")}),
    ("JEE physics: electrostatics", {"price": 399_900, "schedule": weekly([0, 2, 4], "19:00")}),
    ("Tabla, first steps", {"price": 59_950, "schedule": weekly([6], "09:00")}),
)


async def furnish(school: School) -> list[str]:
    """Classes, and three who bought some; the ids of the classes."""
    teacher = await school.signed_in(TEACHER)
    classes = [await school.offer(teacher, title, **change) for title, change in OFFERS]
    carts = {STUDENT: classes[2:4], OTHERS[0]: classes[3:4], OTHERS[1]: classes[4:5]}
    for person, bought in carts.items():
        await school.add(person)
        student = await school.signed_in(person)
        for class_id in bought:
            await student.page.goto(f"{school.server.url}/classes/{class_id}")
            await student.find("pay-button").click()
            await pay(student)
            await student.find("enrolled").wait_for()
    return classes


async def _open_order(visitor: PlaywrightPage) -> None:
    paid = visitor.find("order").filter(has_text="paid")
    await paid.first.locator("summary").click()


async def _fill_in(visitor: PlaywrightPage) -> None:
    page = visitor.page
    await page.get_by_label("Title").fill("Vectors and where they point")
    await page.get_by_label("Description").fill(ABOUT)
    await page.get_by_role("radio", name="Every week").check()
    for day in ("Tuesday", "Thursday"):
        await page.get_by_label(day).check()
    first = datetime.now(UTC) + timedelta(days=1)
    await page.get_by_label("First day").fill(f"{first:%Y-%m-%d}")
    await page.get_by_label("Last day").fill(f"{first + timedelta(weeks=12):%Y-%m-%d}")
    await page.get_by_label("First day").scroll_into_view_if_needed()


async def _open_payment(visitor: PlaywrightPage) -> None:
    await visitor.find("pay-button").click()
    await visitor.find("sandbox-pay").wait_for()


async def _rest(_: PlaywrightPage) -> None:
    return


Step = Callable[[PlaywrightPage], Awaitable[None]]


async def picture_site(school: School, folder: Path) -> None:
    """Each page at each size in each scheme."""
    classes = await furnish(school)
    pages: tuple[tuple[str, Person | None, str, Step], ...] = (
        ("catalogue", None, "/classes", _rest),
        ("checkout", STUDENT, f"/classes/{classes[0]}", _rest),
        ("mine", STUDENT, "/me", _rest),
        ("sandbox", STUDENT, f"/classes/{classes[0]}", _open_payment),
        ("new-class", TEACHER, "/teach/new", _fill_in),
        ("admin", ADMIN, "/admin", _rest),
        ("orders", ADMIN, "/admin#orders", _open_order),
    )
    for size, options in SIZES.items():
        for scheme in SCHEMES:
            look = {**options, **LOCAL, "color_scheme": scheme}
            for name, person, path, step in pages:
                visitor = await (
                    school.signed_in(person, **look) if person else school.visitor(**look)
                )
                await visitor.page.goto(f"{school.server.url}{path}")
                await asyncio.sleep(SETTLES)
                await step(visitor)
                await asyncio.sleep(SETTLES)
                await visitor.page.screenshot(path=folder / f"{name}-{size}-{scheme}.png")
                await visitor.leave()
                school.visitors.remove(visitor)
