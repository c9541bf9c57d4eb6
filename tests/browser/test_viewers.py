"""The load test's own browser viewers, in a class that a teacher holds."""

import asyncio

from loadtest.viewers import watch
from tests.browser.lesson import Lesson

WATCHES_FOR = 4.0


async def test_viewers_join_watch_and_tell_what_they_saw(lesson: Lesson) -> None:
    teacher = await lesson.enter("Asha", role="teacher")

    async def publishes_720p() -> bool:
        return any(layer["height"] == 720 for layer in (await teacher.stats())["outbound"])

    await teacher.until("publishes the top layer", publishes_720p)
    seated, end = asyncio.Event(), asyncio.Event()
    nowhere = "http://127.0.0.1:1/class/demo"
    watching = asyncio.create_task(watch([lesson.link("Ben"), nowhere], end, seated=seated))
    await seated.wait()
    await asyncio.sleep(WATCHES_FOR)
    end.set()
    seen, failed = await watching
    assert seen.error is None
    assert seen.joined
    assert seen.join_ms is not None
    assert seen.first_frame_ms is not None
    assert 0 < seen.join_ms < seen.first_frame_ms < 10_000
    assert (seen.width, seen.height) == (1280, 720)
    assert 10 < seen.fps < 25  # the invented camera has 20
    assert seen.frames_decoded > 10 * WATCHES_FOR
    assert seen.packets > 100
    assert not failed.joined
    assert "ERR_" in (failed.error or "")
    assert failed.packets == 0
