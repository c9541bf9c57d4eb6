"""The end: each step bounded, and a process that ends whatever holds it."""

import asyncio
import threading

from liveclass import shutdown
from liveclass.shutdown import FORCED, Watchdog, in_parts


async def test_work_is_begun_in_parts_with_turns_between() -> None:
    begun: list[int] = []
    others = 0

    async def work(one: int) -> None:
        begun.append(one)

    async def count_turns() -> None:
        nonlocal others
        while len(begun) < 200:
            others += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count_turns())
    await in_parts(range(200), work, within=5.0)
    await counting
    assert begun == list(range(200))
    assert others >= 200 // shutdown.AT_ONCE


async def test_what_never_ends_is_given_up_and_what_fails_stays_apart() -> None:
    done: list[str] = []

    async def work(what: str) -> None:
        if what == "hangs":
            await asyncio.get_running_loop().create_future()
        if what == "fails":
            raise ConnectionResetError
        done.append(what)

    await in_parts(["hangs", "fails", "works"], work, within=0.01)
    assert done == ["works"]
    await in_parts([], work, within=0.01)


def test_the_watchdog_ends_a_process_that_does_not_end() -> None:
    ended, codes = threading.Event(), []

    def end(code: int) -> None:
        codes.append(code)
        ended.set()

    dog = Watchdog(0.01, end)
    dog.start()
    dog.start()
    assert ended.wait(10)
    assert codes == [FORCED]
