"""When a full collection may be."""

from sfu.io.quiet import ALLOWANCE, EVERY, QUIET, QuietMoments

MEMORY = 4 * ALLOWANCE


def test_never_while_media_flows() -> None:
    moments = QuietMoments(0.0, MEMORY)
    assert not any(moments.due(float(now), now, MEMORY) for now in range(1, 3_600, 10))


def test_when_it_has_been_quiet_and_the_last_one_is_long_ago() -> None:
    moments = QuietMoments(0.0, MEMORY)
    assert not moments.due(EVERY - 1, 5, MEMORY)
    assert not moments.due(EVERY - 1 + QUIET * 0.9, 5, MEMORY)
    assert moments.due(EVERY - 1 + QUIET, 5, MEMORY)


def test_not_again_at_once() -> None:
    moments = QuietMoments(0.0, MEMORY)
    assert moments.due(0.0 + EVERY, 0, MEMORY) is False  # the count has just been seen
    assert moments.due(EVERY + QUIET, 0, MEMORY)
    moments.collected(EVERY + QUIET, MEMORY)
    assert not moments.due(EVERY + 2 * QUIET, 0, MEMORY)
    assert moments.due(2 * EVERY + QUIET, 0, MEMORY)


def test_at_any_time_when_memory_has_doubled_and_then_not_until_it_does_again() -> None:
    moments = QuietMoments(0.0, MEMORY)
    assert not moments.due(1.0, 1, 2 * MEMORY)
    assert moments.due(2.0, 2, 2 * MEMORY + 1)
    moments.collected(2.0, 2 * MEMORY)
    assert not moments.due(3.0, 3, 3 * MEMORY)


def test_a_small_process_may_grow() -> None:
    moments = QuietMoments(0.0, ALLOWANCE // 8)
    assert not moments.due(1.0, 1, ALLOWANCE)
