"""What people do is seen by the others: chat, hands, reactions, the list, coming and going."""

import time

import pytest

from loadtest.browser.playwright_page import PlaywrightPage
from tests.browser.lesson import Lesson

pytestmark = pytest.mark.alone

# The bounds for telling the others that someone went.
TOLD_WITHIN = 2.0
LOSS_TOLD_WITHIN = 10.0


async def shows(visitor: PlaywrightPage, testid: str, text: str, within: float = 5.0) -> None:
    """Waits until a part of the page contains a text."""

    async def contains() -> bool:
        return text in await visitor.find(testid).inner_text()

    await visitor.until(f"{testid} shows {text!r}", contains, within)


async def knows(visitor: PlaywrightPage, participant: str) -> bool:
    return participant in (await visitor.state())["participants"]


async def test_a_chat_message_reaches_all_and_is_only_text(lesson: Lesson) -> None:
    teacher = await lesson.enter("Asha", role="teacher", camera=False, microphone=False)
    student = await lesson.enter("Ben", camera=False, microphone=False)
    for visitor in (teacher, student):
        await visitor.switch("chat", True)
    message = "<b>half</b> of 6 is 3 — https://example.org/why"
    await student.find("chat-input").fill(message)
    await student.find("chat-send").click()
    for visitor in (teacher, student):
        await shows(visitor, "chat-list", message)
    assert await teacher.find("chat-list").locator("b", has_text="half").count() == 0
    link = teacher.find("chat-list").get_by_role("link")
    assert await link.get_attribute("href") == "https://example.org/why"


async def test_a_late_joiner_finds_what_was_written(lesson: Lesson) -> None:
    teacher = await lesson.enter("Asha", role="teacher", camera=False, microphone=False)
    await teacher.switch("chat", True)
    await teacher.find("chat-input").fill("Page 12, please")
    await teacher.find("chat-input").press("Enter")
    await shows(teacher, "chat-list", "Page 12, please")
    late = await lesson.enter("Ben", camera=False, microphone=False)
    await late.switch("chat", True)
    await shows(late, "chat-list", "Page 12, please")


async def test_hands_are_seen_in_the_order_they_went_up(lesson: Lesson) -> None:
    teacher = await lesson.enter("Asha", role="teacher", camera=False, microphone=False)
    first = await lesson.enter("Ben", camera=False, microphone=False)
    second = await lesson.enter("Chitra", camera=False, microphone=False)
    await second.switch("hand", True)

    async def hands(*expected: PlaywrightPage) -> None:
        ids = [await visitor.own_id() for visitor in expected]

        async def as_expected() -> bool:
            return bool((await teacher.state())["hands"] == ids)

        await teacher.until(
            f"hands of {[visitor.name for visitor in expected]}", as_expected, within=3
        )

    await hands(second)
    await first.switch("hand", True)
    await hands(second, first)
    await second.switch("hand", False)
    await hands(first)


async def test_a_reaction_is_seen_by_the_others(lesson: Lesson) -> None:
    teacher = await lesson.enter("Asha", role="teacher", camera=False, microphone=False)
    student = await lesson.enter("Ben", camera=False, microphone=False)
    await student.find("button-reaction").click()
    await student.page.get_by_role("menuitem").first.click()
    sender = await student.own_id()

    async def seen() -> bool:
        reactions = (await teacher.state())["reactions"]
        return any(reaction["from"] == sender for reaction in reactions)

    await teacher.until("sees the reaction", seen, within=3)


async def test_the_people_list_names_everyone_and_follows_their_microphones(lesson: Lesson) -> None:
    teacher = await lesson.enter("Asha", role="teacher", camera=False, microphone=False)
    student = await lesson.enter("Ben", camera=False, microphone=False)
    await teacher.switch("people", True)
    for name in ("Asha", "Ben"):
        await shows(teacher, "people-list", name)
    identity = await student.own_id()
    await student.switch("microphone", True)

    async def unmuted() -> bool:
        return bool((await teacher.state())["participants"][identity]["microphone"])

    await teacher.until("sees Ben's microphone go on", unmuted, within=3)


async def test_leaving_is_told_within_two_seconds(lesson: Lesson) -> None:
    teacher = await lesson.enter("Asha", role="teacher", camera=False, microphone=False)
    student = await lesson.enter("Ben", camera=False, microphone=False)
    identity = await student.own_id()
    await teacher.until("knows Ben", lambda: knows(teacher, identity))
    await student.find("button-leave").click()
    await student.find("ended").wait_for()
    started = time.monotonic()
    await teacher.until("saw Ben leave", lambda: _gone(teacher, identity), TOLD_WITHIN)
    assert time.monotonic() - started < TOLD_WITHIN


async def test_a_closed_tab_is_told_within_two_seconds(lesson: Lesson) -> None:
    teacher = await lesson.enter("Asha", role="teacher", camera=False, microphone=False)
    student = await lesson.enter("Ben", camera=False, microphone=False)
    identity = await student.own_id()
    await teacher.until("knows Ben", lambda: knows(teacher, identity))
    await student.page.close(run_before_unload=False)
    await teacher.until("saw Ben's tab close", lambda: _away(teacher, identity), TOLD_WITHIN)


async def test_a_lost_network_is_told_within_ten_seconds(lesson: Lesson) -> None:
    teacher = await lesson.enter("Asha", role="teacher", camera=False, microphone=False)
    student = await lesson.enter("Ben", camera=False, microphone=False)
    identity = await student.own_id()
    await teacher.until("knows Ben", lambda: knows(teacher, identity))
    await student.context.set_offline(True)
    await teacher.until("saw Ben's network go", lambda: _away(teacher, identity), LOSS_TOLD_WITHIN)
    await student.find("status-reconnecting").wait_for()
    await student.context.set_offline(False)
    await teacher.until("has Ben back", lambda: _present(teacher, identity))
    student.problems = [problem for problem in student.problems if "INTERNET_DISC" not in problem]


async def _gone(visitor: PlaywrightPage, participant: str) -> bool:
    return not await knows(visitor, participant)


async def _away(visitor: PlaywrightPage, participant: str) -> bool:
    """Gone, or shown as away: the server keeps the place of a lost connection for a while."""
    return not await _present(visitor, participant)


async def _present(visitor: PlaywrightPage, participant: str) -> bool:
    known = (await visitor.state())["participants"].get(participant)
    return bool(known and known["connection"] != "lost")
