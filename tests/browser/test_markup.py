"""Markup in every string that people choose: no page runs it, each page that shows it shows it as
it was typed, and the content policy has nothing to stop."""

import base64
import json
from urllib.parse import quote

from playwright.async_api import expect

from loadtest.browser.playwright_page import PlaywrightPage
from tests.browser.sandbox import pay
from tests.browser.school import ADMIN, PASSWORD, TEACHER, School

MARKUP = "<img src=x onerror=__pwned=1>\"'&amp;<script>__pwned=2</script>"
EMAIL = "r'&lt;b&gt;{{7*7}}@example.org"  # as much as an address may hold
CHILD_EMAIL = "child&quot;'&amp;@example.org"
SCRIPT = "javascript:__pwned=3//"
LISTEN = """
window.__violations = [];
addEventListener("securitypolicyviolation", (event) =>
  window.__violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
"""


async def harmless(visitor: PlaywrightPage) -> None:
    """Nothing ran, and the policy was not asked to stop anything."""
    assert await visitor.evaluate("[window.__pwned ?? null, window.__violations]") == [None, []]


async def shows(visitor: PlaywrightPage, path: str, *texts: str) -> None:
    """Opens a page and finds the texts there as they were typed."""
    await visitor.page.goto(visitor.link + path)
    for text in texts or (MARKUP,):
        await expect(visitor.page.locator("body")).to_contain_text(text)
    await harmless(visitor)


async def watched(visitor: PlaywrightPage) -> PlaywrightPage:
    await visitor.context.add_init_script(LISTEN)
    return visitor


async def registered(school: School, role: str, email: str) -> PlaywrightPage:
    """Somebody with markup for a name."""
    visitor = await watched(await school.visitor(role))
    body = {"email": email, "password": PASSWORD, "name": MARKUP, "role": role}
    await school.send(visitor, "/api/auth/register", body)
    return visitor


async def staff(school: School) -> tuple[PlaywrightPage, PlaywrightPage]:
    """A teacher and an admin who have changed their names."""
    seats = []
    for person in (TEACHER, ADMIN):
        visitor = await watched(await school.signed_in(person))
        await school.send(visitor, "/api/me", {"name": MARKUP}, "PATCH")
        seats.append(visitor)
    return seats[0], seats[1]


async def buy(child: PlaywrightPage, class_id: str) -> None:
    """By way of the sandbox's window, which shows the names, too."""
    await shows(child, f"/classes/{class_id}", MARKUP, SCRIPT)
    await child.find("pay-button").click()
    await child.find("sandbox-pay").wait_for()
    await harmless(child)
    await pay(child)
    await child.find("enrolled").wait_for()


async def refund(school: School, admin: PlaywrightPage) -> None:
    """A part of the only order goes back, with a note."""
    orders = await admin.context.request.get(f"{school.server.url}/api/admin/orders")
    payment = (await orders.json())["items"][0]["payments"][0]["id"]
    wanted = {"paymentId": payment, "amount": 100, "reason": "requested", "note": MARKUP}
    await school.send(admin, "/api/admin/refunds", wanted)


async def see_own_pages(child: PlaywrightPage) -> None:
    """Whatever a student finds of their own."""
    for path in ("/classes", f"/classes?search={quote(MARKUP)}"):
        await shows(child, path)
    for path in ("/me#classes", "/me#notices", "/me#receipts"):
        await shows(child, path)
    await child.find("receipt").first.get_by_role("link").first.click()
    await expect(child.page.locator("main")).to_contain_text(MARKUP)
    await harmless(child)
    await shows(child, "/me#account", "Show a code")
    await expect(child.page.get_by_label("Name")).to_have_value(MARKUP)
    await expect(child.page.get_by_label("E-mail")).to_have_value(CHILD_EMAIL)


async def test_the_catalogue_and_the_desks_show_markup_as_it_was_typed(school: School) -> None:
    teacher, admin = await staff(school)
    class_id = await school.offer(teacher, MARKUP, description=f"{MARKUP}\n{SCRIPT}")
    await school.send(
        teacher,
        "/api/coupons",
        {"code": "HALF", "classId": class_id, "kind": "percent", "value": 50},
    )
    child = await registered(school, "student", CHILD_EMAIL)
    parent = await registered(school, "parent", EMAIL)
    response = await child.context.request.get(f"{school.server.url}/api/me/link-code")
    await school.send(parent, "/api/me/students", {"code": (await response.json())["code"]})

    await buy(child, class_id)
    await refund(school, admin)
    await see_own_pages(child)
    for path in ("/me#account", "/me#classes", "/me#receipts"):
        await shows(parent, path)
    for path in ("/teach", f"/teach/{class_id}", "/admin#orders"):
        await shows(teacher, path)
    await shows(admin, "/admin#users", MARKUP, EMAIL, CHILD_EMAIL)
    await shows(admin, "/admin#orders", MARKUP)
    for link in await admin.page.locator("summary").all():
        await link.click()
    await harmless(admin)


async def test_addresses_with_markup_and_scripts_are_only_words(school: School) -> None:
    visitor = await watched(await school.visitor())
    for path in ("/login", "/register"):
        for goal in (SCRIPT, f"//evil.example/{MARKUP}", MARKUP):
            await shows(visitor, f"{path}?next={quote(goal)}", "E-mail")
            for link in await visitor.page.get_by_role("link").all():
                address = await link.get_attribute("href") or ""
                assert not address.lower().startswith(("javascript:", "//", "data:"))
    await shows(visitor, f"/reset?token={quote(MARKUP)}", "password")
    await shows(visitor, f"/classes?search={quote(MARKUP)}#{quote(MARKUP)}", "class")


def forged(name: str) -> str:
    """A token that nobody signed: the page shows its name before the server is asked."""
    claims = json.dumps({"name": name, "sub": name, "role": name, "class": name}).encode()
    return f"e30.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.x"


async def test_the_class_shows_names_and_messages_as_they_were_typed(school: School) -> None:
    teacher, _ = await staff(school)
    class_id = await school.offer(teacher, MARKUP, price=0)
    student = await registered(school, "student", "sam@example.org")
    await school.send(student, f"/api/classes/{class_id}/enrol", {"trial": False})
    for visitor in (teacher, student):
        visitor.link = f"{school.server.url}/class/{class_id}"
        await visitor.join(camera=False, microphone=False)
        await harmless(visitor)
    for visitor in (teacher, student):
        await visitor.switch("chat", True)
        await visitor.find("chat-input").fill(f"{MARKUP} {SCRIPT}")
        await visitor.find("chat-send").click()
    await student.switch("hand", True)
    for visitor in (teacher, student):
        chat = visitor.find("chat-list")
        await expect(chat).to_contain_text(f"{MARKUP} {SCRIPT}")
        assert await chat.get_by_role("link").count() == 0
        await visitor.switch("people", True)
        await expect(visitor.find("people-list")).to_contain_text(MARKUP)
        await expect(visitor.find("class")).to_contain_text(MARKUP)
        await harmless(visitor)


async def test_a_link_nobody_signed_is_only_words(school: School) -> None:
    visitor = await watched(await school.visitor())
    for token in (forged(MARKUP), MARKUP, SCRIPT):
        await visitor.page.goto(f"{school.server.url}/class/demo?t={quote(token)}")
        await visitor.page.get_by_role("heading").first.wait_for()
        await harmless(visitor)


async def test_markup_that_became_html_would_be_noticed(school: School) -> None:
    visitor = await watched(await school.visitor())
    await shows(visitor, "/classes", "class")
    await visitor.page.evaluate(
        "text => document.body.insertAdjacentHTML('beforeend', text)", MARKUP
    )

    async def is_noticed() -> bool:
        return bool(await visitor.evaluate("window.__violations.length"))

    await visitor.until("the policy stops what the markup would run", is_noticed)
    assert await visitor.evaluate("window.__pwned ?? null") is None
    visitor.problems.clear()
