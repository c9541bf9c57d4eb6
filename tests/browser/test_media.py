"""What a class of four sees and hears: the teacher's camera, voice and screen, and each other."""

import asyncio
import time

import pytest

from loadtest.browser.playwright_page import PlaywrightPage
from tests.browser.lesson import Lesson
from tests.browser.watching import energy, moves, picture, sees
from tests.support import png

pytestmark = pytest.mark.alone

# How much of the stage a moving test picture changes within a second, at the very least.
MOVING = 0.002


async def stage_picture(visitor: PlaywrightPage) -> png.Pixels:
    return png.read(await visitor.find("stage").locator("video").screenshot())


async def test_every_student_decodes_the_teacher_at_720p(class_of_four: Lesson) -> None:
    for student in class_of_four.students:
        await sees(student, class_of_four.teacher, "camera", 720)


async def test_every_student_hears_the_teacher(class_of_four: Lesson) -> None:
    for student in class_of_four.students:
        before = await energy(student, class_of_four.teacher)

        async def hears(student: PlaywrightPage = student, before: float = before) -> bool:
            return await energy(student, class_of_four.teacher) > before

        await student.until("hears the teacher's beeps", hears, within=5)


async def test_the_stage_shows_a_moving_picture(class_of_four: Lesson) -> None:
    for student in class_of_four.students:
        await sees(student, class_of_four.teacher, "camera", 720)
        before = await stage_picture(student)
        await asyncio.sleep(1)
        after = await stage_picture(student)
        assert png.bright_share(after, above=40) > 0.5, f"{student.name}'s stage is dark"
        assert png.colours(after) >= 4, f"{student.name}'s stage is empty"
        assert png.changed_share(before, after) > MOVING, f"{student.name}'s stage stands still"


async def test_the_teachers_camera_off_and_on_is_seen_by_all(class_of_four: Lesson) -> None:
    teacher = class_of_four.teacher
    await teacher.switch("camera", False)
    for student in class_of_four.students:

        async def gone(student: PlaywrightPage = student) -> bool:
            return await picture(student, teacher) is None

        await student.until("no longer receives the camera", gone)
    await teacher.switch("camera", True)
    for student in class_of_four.students:
        await sees(student, teacher, "camera", 720)


async def test_a_shared_screen_reaches_all_and_gives_the_stage_back(class_of_four: Lesson) -> None:
    teacher = class_of_four.teacher
    offers = [await visitor.offers() for visitor in class_of_four.visitors]
    await teacher.switch("screen", True)
    for student in class_of_four.students:
        await sees(student, teacher, "screen", 540)
    await teacher.switch("screen", False)
    for student in class_of_four.students:
        await sees(student, teacher, "camera", 720)
    assert [await visitor.offers() for visitor in class_of_four.visitors] == offers


async def test_a_slot_moves_from_one_student_to_another_without_an_offer(
    class_of_four: Lesson,
) -> None:
    watcher, first, second = class_of_four.students
    offers = await watcher.offers()
    await first.switch("camera", True)
    await sees(watcher, first, "camera", 90, frames=3)
    slot = await picture(watcher, first)
    assert slot is not None
    await first.switch("camera", False)
    await second.switch("camera", True)
    await moves(watcher, slot, second)
    await second.switch("camera", False)
    assert await watcher.offers() == offers == 1


async def test_the_top_layer_is_reached_within_five_seconds(lesson: Lesson) -> None:
    teacher = await lesson.enter("Asha", role="teacher", camera=False)
    student = await lesson.enter("Ben", camera=False, microphone=False)
    started = time.monotonic()
    await teacher.switch("camera", True)
    await sees(student, teacher, "camera", 720, frames=1)
    assert time.monotonic() - started < 5


async def test_two_students_hear_each_other(lesson: Lesson) -> None:
    await lesson.enter("Asha", role="teacher", camera=False, microphone=False)
    first = await lesson.enter("Ben", camera=False)
    second = await lesson.enter("Chitra", camera=False)
    for listener, speaker in ((first, second), (second, first)):

        async def hears(
            listener: PlaywrightPage = listener, speaker: PlaywrightPage = speaker
        ) -> bool:
            return await energy(listener, speaker) > 0

        await listener.until(f"hears {speaker.name}", hears)
