"""The watch on a real loop whose clock the test turns."""

import asyncio
import gc
import logging

import pytest

from sfu.io.watch import LoopWatch
from sfu.stalls import OTHER, StallWatch


class Clock:
    """Stands for time.monotonic."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("sfu.io.watch.time.monotonic", made.monotonic)
    return made


async def test_a_late_probe_is_counted_and_logged(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    stalls = StallWatch()
    watching = LoopWatch(stalls)
    watching.start()
    clock.now += 0.260
    with caplog.at_level(logging.WARNING):
        watching._probe()
    watching.stop()
    assert stalls.stalls.causes == {OTHER: 1}
    assert "stalled 1 times, 240 ms in all, 240 ms at worst (other)" in caplog.text


async def test_a_collection_is_a_span_of_its_own(clock: Clock) -> None:
    stalls = StallWatch()
    watching = LoopWatch(stalls)
    watching.start()
    watching._on_collection("start", {"generation": 2})
    clock.now += 0.3
    watching._on_collection("stop", {"generation": 2})
    watching.stop()
    assert stalls.stalls.causes == {"gc 2": 1}


async def test_the_probe_comes_again_by_itself() -> None:
    stalls = StallWatch()
    came = asyncio.Event()
    stalls.probe = lambda due, now: came.set()  # type: ignore[method-assign]
    watching = LoopWatch(stalls)
    watching.start()
    for _ in range(2):
        async with asyncio.timeout(5):
            await came.wait()
        came.clear()
    watching.stop()


async def test_stopping_leaves_nothing_behind_and_may_be_repeated() -> None:
    before = list(gc.callbacks)
    watching = LoopWatch(StallWatch())
    watching.start()
    assert len(gc.callbacks) == len(before) + 1
    watching.stop()
    watching.stop()
    assert gc.callbacks == before
