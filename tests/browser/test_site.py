"""The site around the class: accounts, the catalogue, paying in the sandbox, being refunded."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Browser, expect

from loadtest.browser.playwright_page import PlaywrightPage
from tests.browser.sandbox import decline, pay
from tests.browser.school import ADMIN, PASSWORD, TEACHER, School, forgive, school_server
from tests.browser.watching import sees

LEAVES_WITHIN = 3_000  # ms from the refund's click to the removed student's last screen


async def create_class(teacher: PlaywrightPage, title: str) -> str:
    """Fills in the form, saves the draft, publishes it; the id of the class."""
    page = teacher.page
    start = datetime.now(UTC) + timedelta(hours=1)
    await page.goto(f"{teacher.link}/teach")
    await teacher.find("new-class").click()
    await page.get_by_label("Title").fill(title)
    await page.get_by_label("Description").fill("Slopes and areas, seen before they are named.")
    await page.get_by_label("Day", exact=True).fill(start.strftime("%Y-%m-%d"))
    await page.get_by_label("Time", exact=True).fill(start.strftime("%H:%M"))
    await page.get_by_label("Time zone").select_option("UTC")
    await page.get_by_label("Price", exact=True).fill("1,499")
    await page.get_by_label("Seats").fill("20")
    await teacher.find("save").click()
    await teacher.find("publish").click()
    await expect(teacher.find("state-bar")).to_have_attribute("data-state", "scheduled")
    return page.url.rpartition("/")[2]


async def register(student: PlaywrightPage, email: str) -> None:
    """From the sign-in page on which one stands, by way of registration, back to where one was."""
    page = student.page
    await page.get_by_role("main").get_by_role("link", name="Register").click()
    await page.get_by_label("Name").fill(student.name)
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await student.find("submit").click()


async def refund(admin: PlaywrightPage, student: PlaywrightPage) -> None:
    """Finds the student's order and gives all of it back."""
    await admin.page.goto(f"{admin.link}/admin#orders")
    await admin.page.get_by_label("Search").fill(student.name)
    order = admin.find("order")
    await expect(order).to_have_count(1)
    await order.locator("summary").click()
    await admin.find("refund").click()
    dialog = admin.find("refund-dialog")
    await dialog.get_by_label("Note").fill("Asked for by phone.")
    await admin.find("refund-confirm").click()


async def test_a_student_pays_joins_and_leaves_when_the_money_goes_back(school: School) -> None:
    teacher = await school.signed_in(TEACHER)
    class_id = await create_class(teacher, "Calculus from the beginning")
    student = await school.visitor("Ben Okafor")
    await student.page.goto(f"{school.server.url}/classes")
    await student.page.get_by_role("link", name="Calculus from the beginning").click()
    await student.find("sign-in-to-pay").click()
    await register(student, "ben@example.org")
    await student.page.wait_for_url(f"**/classes/{class_id}")
    assert await student.find("pay-button").inner_text() == "Pay ₹1,499"
    await expect(student.find("tax-line")).to_contain_text("GST")
    await student.find("pay-button").click()
    await pay(student)
    await expect(student.find("enrolled")).to_contain_text("You are enrolled")

    teacher.link = student.link = f"{school.server.url}/class/{class_id}"
    await teacher.join()
    await student.page.goto(f"{school.server.url}/me")
    await student.find("join-link").click()
    await student.find("prejoin").wait_for()
    await student.find("join-button").click()
    await student.find("class").wait_for()
    await sees(student, teacher, "camera", 180)

    admin = await school.signed_in(ADMIN)
    await refund(admin, student)
    last = student.find("ended")
    await last.wait_for(timeout=LEAVES_WITHIN)
    assert await last.get_attribute("data-kind") == "refunded"
    await expect(last).to_contain_text("Your payment was refunded")
    await expect(teacher.find("class")).to_be_visible()

    await student.page.goto(f"{school.server.url}/me#receipts")
    await expect(student.find("receipt").filter(has_text="Invoice")).to_have_count(1)
    await student.page.goto(f"{school.server.url}/classes/{class_id}")
    await expect(student.find("pay-button")).to_be_visible()


async def test_a_failed_payment_says_so_and_can_be_tried_again(school: School) -> None:
    teacher = await school.signed_in(TEACHER)
    class_id = await school.offer(teacher, "Organic chemistry")
    student = await school.visitor("Chitra Rao")
    await student.page.goto(f"{school.server.url}/login?next=/classes/{class_id}")
    await register(student, "chitra@example.org")
    await student.find("pay-button").click()
    await decline(student)
    await expect(student.find("told-failed")).to_be_visible()
    forgive(student, 400)
    await student.find("pay-button").click()
    await pay(student)
    await expect(student.find("enrolled")).to_be_visible()


async def test_a_coupon_for_all_of_it_enrols_without_a_payment(school: School) -> None:
    teacher = await school.signed_in(TEACHER)
    class_id = await school.offer(teacher, "Tabla, first steps")
    coupon = {"code": "FRIENDS", "classId": class_id, "kind": "percent", "value": 100}
    await school.send(teacher, "/api/coupons", {**coupon, "maxUses": 1, "expiresAt": None})
    student = await school.visitor("Elif Aydin")
    await student.page.goto(f"{school.server.url}/register?next=/classes/{class_id}")
    await student.page.get_by_label("Name").fill(student.name)
    await student.page.get_by_label("E-mail").fill("elif@example.org")
    await student.page.get_by_label("Password", exact=True).fill(PASSWORD)
    await student.find("submit").click()
    await student.find("coupon-open").click()
    field = student.page.get_by_label("Coupon")
    await field.fill("nonsense")
    await student.page.get_by_role("button", name="Apply").click()
    await expect(field).to_have_attribute("aria-invalid", "true")
    forgive(student, 400, 404, 409)
    await field.fill("friends")
    await student.page.get_by_role("button", name="Apply").click()
    await expect(student.find("pay-button")).to_have_text("Enrol free")
    await student.find("pay-button").click()
    await expect(student.find("enrolled")).to_be_visible()


async def test_a_wrong_password_is_told_beside_the_form(school: School) -> None:
    visitor = await school.visitor()
    page = visitor.page
    await page.goto(f"{school.server.url}/me")
    await page.wait_for_url("**/login?next=%2Fme")
    await visitor.find("submit").click()
    await expect(page.get_by_label("E-mail")).to_be_focused()
    await expect(page.get_by_text("Type your password.")).to_be_visible()
    await page.get_by_label("E-mail").fill(TEACHER.email)
    await page.get_by_label("Password", exact=True).fill("not the right one")
    await visitor.find("submit").click()
    await expect(visitor.find("form-error")).to_contain_text("not right")
    forgive(visitor, 401)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await visitor.find("submit").click()
    await page.wait_for_url("**/me")


async def test_an_empty_catalogue_says_where_to_go(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async with school_server(tmp_path_factory.mktemp("empty")) as server:
        school = School(server, browser)
        visitor = await school.visitor()
        await visitor.page.goto(f"{server.url}/classes")
        await expect(visitor.find("no-classes")).to_contain_text("No classes yet")
        await visitor.find("no-classes").get_by_role("link").click()
        await expect(visitor.page.get_by_label("class link")).to_be_visible()
        await school.close()


async def test_who_is_not_enrolled_is_sent_to_the_class_page(school: School) -> None:
    teacher = await school.signed_in(TEACHER)
    class_id = await school.offer(teacher, "Water colours")
    visitor = await school.visitor()
    await visitor.page.goto(f"{school.server.url}/class/{class_id}")
    await expect(visitor.find("no-entry")).to_contain_text("not complete")
    await visitor.page.get_by_role("link", name="Sign in").click()
    await register(visitor, "stranger@example.org")
    await expect(visitor.find("no-entry")).to_contain_text("You cannot enter this class")
    forgive(visitor, 403)
    await visitor.page.get_by_role("link", name="To the class").click()
    await expect(visitor.find("pay-button")).to_be_visible()


async def test_a_teacher_hears_how_many_a_cancellation_refunds(school: School) -> None:
    teacher = await school.signed_in(TEACHER)
    class_id = await school.offer(teacher, "Hindi poetry", price=0)
    student = await school.visitor("Farah Khan")
    await student.page.goto(f"{school.server.url}/login?next=/classes/{class_id}")
    await register(student, "farah@example.org")
    await student.find("pay-button").click()
    await expect(student.find("enrolled")).to_be_visible()
    await teacher.page.goto(f"{school.server.url}/teach/{class_id}")
    await teacher.find("cancel-class").click()
    dialog = teacher.page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Nobody has paid")
    await dialog.get_by_role("button", name="Cancel class").click()
    await expect(teacher.find("state-bar")).to_have_attribute("data-state", "cancelled")
