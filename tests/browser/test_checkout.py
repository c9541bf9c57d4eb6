"""What the checkout makes of lost answers, of two tabs, and of a trial before it."""

from playwright.async_api import Route, expect

from loadtest.browser.playwright_page import PlaywrightPage
from tests.browser.sandbox import pay
from tests.browser.school import TEACHER, Person, School


async def buyer(
    school: School, name: str, title: str, **change: object
) -> tuple[PlaywrightPage, str]:
    """A new student, and the address of a class of this title."""
    teacher = await school.signed_in(TEACHER)
    class_id = await school.offer(teacher, title, **change)
    person = Person(name, "student")
    await school.add(person)
    return await school.signed_in(person), f"{school.server.url}/classes/{class_id}"


async def test_a_payment_whose_answer_is_lost_is_followed_over_a_reload(school: School) -> None:
    student, address = await buyer(school, "Gita Nair", "Lost answers")

    async def lose(route: Route) -> None:
        await route.abort()

    await student.page.goto(address)
    await student.page.route("**/payments/verify", lose)
    await student.page.route("**/payments/order/*", lose)
    await student.find("pay-button").click()
    await pay(student)
    await expect(student.find("confirming")).to_contain_text("Payment received")
    await expect(student.find("confirming")).to_contain_text("Your payment is safe", timeout=15_000)
    student.problems[:] = [one for one in student.problems if "ERR_FAILED" not in one]
    await student.page.unroute_all()
    await student.page.reload()
    await expect(student.find("enrolled")).to_be_visible()


async def test_a_tab_that_pays_closes_the_payment_window_of_the_other(school: School) -> None:
    student, address = await buyer(school, "Hari Das", "Two tabs")
    other = await student.context.new_page()
    await student.page.goto(address)
    await other.goto(address)
    await student.find("pay-button").click()
    await student.find("sandbox-pay").wait_for()
    await other.get_by_test_id("pay-button").click()
    await other.get_by_test_id("sandbox-pay").click()
    await expect(other.get_by_test_id("enrolled")).to_be_visible()
    await expect(student.find("enrolled")).to_be_visible()
    await expect(student.find("sandbox-pay")).to_have_count(0)


async def test_who_tries_a_class_can_buy_it_from_the_same_page(school: School) -> None:
    student, address = await buyer(school, "Indu Pal", "Tried first", trialMinutes=15)
    await student.page.goto(address)
    await student.find("trial-button").click()
    await expect(student.find("enrolled")).to_be_visible()
    await student.page.reload()
    await expect(student.find("join-link")).to_be_visible()
    await student.find("pay-button").click()
    await pay(student)
    await expect(student.find("enrolled")).to_contain_text("You are enrolled")


async def test_a_parent_sees_the_classes_and_receipts_of_a_child(school: School) -> None:
    student, address = await buyer(school, "Jaya Sen", "For a child")
    await student.page.goto(address)
    await student.find("pay-button").click()
    await pay(student)
    await student.find("enrolled").wait_for()
    await student.page.goto(f"{school.server.url}/me#account")
    await student.page.get_by_role("button", name="Show a code").click()
    code = await student.find("link-code").inner_text()
    person = Person("Kiran Sen", "parent")
    await school.add(person)
    parent = await school.signed_in(person)
    await parent.page.goto(f"{school.server.url}/me#account")
    await parent.page.get_by_label("Your child's code").fill(code)
    await parent.page.get_by_role("button", name="Link student").click()
    await expect(parent.page.get_by_role("button", name="Unlink Jaya Sen")).to_be_visible()
    await parent.page.goto(f"{school.server.url}/me#classes")
    await expect(parent.find("my-class")).to_contain_text("Jaya Sen")
    await parent.page.goto(f"{school.server.url}/me#receipts")
    await expect(parent.find("receipt")).to_contain_text("For a child")
