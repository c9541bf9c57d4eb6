"""Words for a network."""

import pytest

from sfu.quality import Quality, QualityMeter, judge

TO_YOU, FROM_YOU = "packets to you get lost", "packets from you get lost"
SLOW = "your connection is too slow for the full picture"
DELAY = "your connection answers slowly"


@pytest.mark.parametrize(
    ("uplink_loss", "downlink_loss", "round_trip", "limited", "quality"),
    [
        (0.0, 0.0, None, False, Quality()),
        (0.029, 0.029, 0.29, False, Quality()),
        (0.03, 0.0, 0.1, False, Quality("fair", "good", FROM_YOU)),
        (0.10, 0.0, 0.1, False, Quality("poor", "good", FROM_YOU)),
        (0.0, 0.03, 0.1, False, Quality("good", "fair", TO_YOU)),
        (0.0, 0.10, 0.1, True, Quality("good", "poor", TO_YOU)),
        (0.05, 0.05, 0.1, False, Quality("fair", "fair", TO_YOU)),
        (0.0, 0.0, 0.1, True, Quality("good", "fair", SLOW)),
        (0.0, 0.0, 0.3, False, Quality("fair", "fair", DELAY)),
        (0.0, 0.0, 0.8, False, Quality("poor", "poor", DELAY)),
        (0.0, 0.0, 0.8, True, Quality("poor", "poor", SLOW)),
    ],
)
def test_judge(
    uplink_loss: float,
    downlink_loss: float,
    round_trip: float | None,
    limited: bool,
    quality: Quality,
) -> None:
    assert judge(uplink_loss, downlink_loss, round_trip, limited=limited) == quality


FAIR, POOR = Quality("fair", "good", FROM_YOU), Quality("poor", "good", FROM_YOU)


def test_a_change_is_told_once_it_has_lasted() -> None:
    meter = QualityMeter()
    assert [meter.update(FAIR) for _ in range(3)] == [False, True, False]
    assert meter.told == FAIR


def test_a_single_bad_second_is_not_told() -> None:
    meter = QualityMeter()
    assert [meter.update(q) for q in (POOR, Quality(), POOR, Quality())] == [False] * 4


def test_a_change_of_the_change_starts_the_count_anew() -> None:
    meter = QualityMeter()
    assert [meter.update(q) for q in (FAIR, POOR, POOR)] == [False, False, True]
    assert meter.told == POOR


def test_another_reason_for_the_same_words_is_not_told() -> None:
    meter = QualityMeter()
    meter.update(FAIR)
    meter.update(FAIR)
    assert not meter.update(Quality("fair", "good", DELAY))
