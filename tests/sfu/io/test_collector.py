"""The process's collector, taken over and given back."""

import gc
from collections.abc import Iterator

import pytest

from sfu.io.collector import MIDDLE, NEVER, YOUNG, Collector, resident


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector(lambda: 0)
    yield made
    made.stop()


async def test_full_collections_do_not_come_by_themselves(collector: Collector) -> None:
    before = gc.get_threshold()
    collector.start()
    assert gc.get_threshold() == (YOUNG, MIDDLE, NEVER)
    assert gc.get_freeze_count() > 10_000
    collector.stop()
    collector.stop()
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0


async def test_a_quiet_moment_is_used(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1_000.0]
    monkeypatch.setattr("sfu.io.collector.time.monotonic", lambda: now[0])
    collector.start()
    full = gc.get_stats()[2]["collections"]
    collector._look()
    assert gc.get_stats()[2]["collections"] == full
    now[0] += 600.0
    collector._look()
    assert gc.get_stats()[2]["collections"] == full + 1
    collector._look()
    assert gc.get_stats()[2]["collections"] == full + 1


def test_the_process_knows_its_memory() -> None:
    assert 10_000_000 < resident() < 10_000_000_000
