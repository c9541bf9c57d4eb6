"""The search for the limit: what it tries, when it ends, what it says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.plan.limit import Search, SearchStep, find


async def found(limit: int, start: int = 100, resolution: int = 20, most: int = 10_000) -> Search:
    search = Search(start, resolution, most)

    async def measure(viewers: int) -> SearchStep:
        return SearchStep(viewers, () if viewers <= limit else ("Loss 3 % is above the limit",))

    await find(search, measure)
    return search


async def test_grows_then_halves_the_gap() -> None:
    search = await found(limit=300)
    assert [step.viewers for step in search.steps] == [100, 150, 225, 338, 281, 309, 295]
    assert search.answer() == "295 viewers on one core. At 309: Loss 3 % is above the limit."


async def test_too_many_at_the_start_goes_down() -> None:
    search = await found(limit=30)
    assert [step.viewers for step in search.steps] == [100, 50, 25, 37]
    assert search.answer().startswith("25 viewers on one core. At 37: ")


async def test_nothing_holds() -> None:
    search = await found(limit=0, resolution=1)
    assert search.steps[-1].viewers == 1
    assert search.answer() == "Fewer than 1 viewers on one core: Loss 3 % is above the limit."


async def test_nothing_breaks() -> None:
    search = await found(limit=10**6, most=400)
    assert [step.viewers for step in search.steps] == [100, 150, 225, 338, 400]
    assert search.answer() == "At least 400 viewers on one core: no limit broke up to there."


@given(st.integers(1, 3_000), st.integers(1, 3_000), st.integers(1, 50))
async def test_the_answer_is_within_the_resolution(limit: int, start: int, resolution: int) -> None:
    search = await found(limit, start, resolution)
    assert search.best is not None or limit < resolution
    held = search.best.viewers if search.best else 0
    assert search.worst is not None
    assert held <= limit < search.worst.viewers
    assert search.worst.viewers - held <= max(1, resolution)
    assert len(search.steps) < 40


async def test_bots_at_their_limit_end_the_search_and_are_blamed() -> None:
    search = Search(100, 20, 1_000)

    async def measure(viewers: int) -> SearchStep:
        if viewers < 200:
            return SearchStep(viewers)
        return SearchStep(viewers, ("p99 80 ms",), ("one fleet used 99% of a core",))

    await find(search, measure)
    assert [step.viewers for step in search.steps] == [100, 150, 225]
    assert search.answer().startswith(
        "The bots were the limit, not the server: at 225 viewers one fleet used 99% of a core. "
        "One core holds at least 150 viewers;"
    )


async def test_busy_bots_that_keep_all_limits_are_no_limit() -> None:
    search = Search(100, 20, 120)

    async def measure(viewers: int) -> SearchStep:
        return SearchStep(viewers, (), ("one fleet used 99% of a core",))

    await find(search, measure)
    assert search.answer().startswith("At least 120 viewers")


@pytest.mark.parametrize(("start", "resolution"), [(0, 1), (11, 1), (5, 0)])
def test_search_without_sense_is_refused(start: int, resolution: int) -> None:
    with pytest.raises(ValueError, match="must be"):
        Search(start, resolution, 10)
