"""Reloads, lost sockets and second logins: the same person stays in the class."""

import pytest

from loadtest.browser.playwright_page import Json, PlaywrightPage
from tests.browser.lesson import Lesson
from tests.browser.watching import energy, moves_network, picture, sees

pytestmark = pytest.mark.alone


async def count_of_people(visitor: PlaywrightPage) -> int:
    return len((await visitor.state())["participants"])


async def test_a_reload_resumes_as_the_same_participant(lesson: Lesson) -> None:
    teacher = await lesson.enter("Asha", role="teacher")
    student = await lesson.enter("Ben", camera=False, microphone=False)
    identity = await student.own_id()
    await student.switch("hand", True)
    await sees(student, teacher, "camera", 720)
    await student.page.reload()
    await student.find("class").wait_for()
    assert await student.own_id() == identity
    await sees(student, teacher, "camera", 720)
    assert (await teacher.state())["hands"] == [identity]
    assert await count_of_people(teacher) == 2


async def test_a_teachers_reload_brings_the_picture_back(lesson: Lesson) -> None:
    teacher = await lesson.enter("Asha", role="teacher")
    student = await lesson.enter("Ben", camera=False, microphone=False)
    await sees(student, teacher, "camera", 720)
    offers = await student.offers()
    await teacher.page.reload()
    await teacher.find("class").wait_for()
    await sees(student, teacher, "camera", 720)
    assert await student.offers() == offers


async def test_a_kicked_socket_recovers_while_media_runs_on(lesson: Lesson) -> None:
    teacher = await lesson.enter("Asha", role="teacher")
    student = await lesson.enter("Ben", camera=False, microphone=False)
    await sees(student, teacher, "camera", 720)
    before = await picture(student, teacher)
    assert before is not None
    await student.page.evaluate("liveclass.disconnectSocket()")
    assert await _link(student) != "connected"

    async def back() -> bool:
        return await _link(student) == "connected"

    await student.until("the socket is back", back)
    await sees(student, teacher, "camera", 720)
    after: Json | None = await picture(student, teacher)
    assert after is not None
    assert after["mid"] == before["mid"]
    assert after["framesDecoded"] > before["framesDecoded"], "the peer connection began anew"
    assert after["freezeCount"] == before["freezeCount"]
    assert await student.offers() == 1


async def test_a_picture_moves_to_a_new_address_when_chromium_has_answered_there(
    lesson: Lesson,
) -> None:
    teacher = await lesson.enter("Asha", role="teacher")
    student = await lesson.enter("Ben", camera=False, microphone=False)
    await sees(student, teacher, "camera", 90)
    await moves_network(student, teacher)
    assert await student.offers() == 2


async def _link(visitor: PlaywrightPage) -> str:
    link: str = (await visitor.state())["link"]
    return link


async def test_a_second_login_replaces_the_first(lesson: Lesson) -> None:
    teacher = await lesson.enter("Asha", role="teacher")
    first = await lesson.enter("Ben", camera=False, microphone=False)
    identity = await first.own_id()
    second = await lesson.enter("Ben", camera=False, microphone=False)
    await first.find("ended").wait_for()
    assert await second.own_id() == identity
    await sees(second, teacher, "camera", 720)
    assert await count_of_people(teacher) == 2
    assert not await first.find("status-reconnecting").is_visible()


async def test_sound_goes_on_after_a_reload_without_a_click(lesson: Lesson) -> None:
    teacher = await lesson.enter("Asha", role="teacher", camera=False)
    student = await lesson.enter("Ben", camera=False)
    await student.page.reload()
    await student.find("class").wait_for()

    async def hears() -> bool:
        return await energy(student, teacher) > 0

    await student.until("hears the teacher again", hears)
