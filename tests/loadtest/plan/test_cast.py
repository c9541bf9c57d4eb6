"""Plans: who joins when, who is sampled, and in which process."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.plan.cast import (
    LEAD,
    MAX_SAMPLED_A_FLEET,
    Cast,
    admit,
    cast,
    fleets,
    head_counts,
    without_sight,
)
from loadtest.plan.scenario import ScenarioError, load, names
from loadtest.plan.window import PATIENCE
from loadtest.records import BotPlan, FleetPlan


def people(name: str, overrides: Mapping[str, object] | None = None, chance: float = 0.5) -> Cast:
    return cast(load(name, overrides), lambda: chance)


def planned(name: str, cores: list[int], processes: int | None = None) -> tuple[FleetPlan, ...]:
    return fleets(people(name), "http://x", "demo", cores, processes)


def of(group: str, found: Cast) -> list[BotPlan]:
    return [bot for bot in found.bots if bot.name.startswith(group)]


@pytest.mark.parametrize("name", names())
def test_everybody_is_in_one_fleet_under_one_name(name: str) -> None:
    found = people(name)
    planned = [bot.name for fleet in fleets(found, "u", "c", [1, 2, 3]) for bot in fleet.bots]
    assert sorted(planned) == sorted(bot.name for bot in found.bots)
    assert len(set(planned)) == len(planned)


def test_everybody_gets_a_token_of_their_own() -> None:
    found = admit(people("class", {"viewers": 2}), lambda name, role: f"{role} {name}")
    assert [bot.token for bot in found.bots] == [f"{bot.role} {bot.name}" for bot in found.bots]


@pytest.mark.parametrize("name", names())
def test_the_teacher_comes_first_and_alone(name: str) -> None:
    found = people(name)
    first, second = found.bots[:2]
    assert (first.role, first.join_at, found.teacher) == ("teacher", 0.0, first.name)
    assert second.join_at >= LEAD


def test_viewers_come_at_the_ramps_rate_before_the_measurement() -> None:
    found = people("class", {"viewers": 10, "joins_per_s": 20.0, "settle": 1.0, "duration": 5.0})
    joins = [bot.join_at for bot in of("viewer", found)]
    assert joins == pytest.approx([LEAD + n / 20 for n in range(10)])
    assert found.measure_from == pytest.approx(joins[-1] + 1)
    assert found.measure_to == pytest.approx(found.measure_from + 5)


def test_publishers_of_a_class_have_a_fleet_and_a_core_of_their_own() -> None:
    apart, *others = planned("class", [1, 2, 3])
    assert [bot.name for bot in apart.bots] == ["teacher"]
    assert apart.core == 1
    assert [fleet.core for fleet in others] == [2, 3]


def test_one_core_is_shared_and_none_pins_nobody() -> None:
    assert [fleet.core for fleet in planned("class", [1])] == [1, 1]
    assert [fleet.core for fleet in planned("class", [])] == [None, None]


def test_more_processes_than_cores_go_round() -> None:
    assert [fleet.core for fleet in planned("gallery", [1, 2], 3)] == [1, 2, 1]


def test_processes_without_people_are_not_started() -> None:
    found = people("class", {"viewers": 2})
    plans = fleets(found, "u", "c", [1], 5)
    assert [(fleet.number, len(fleet.bots)) for fleet in plans] == [(0, 1), (1, 1), (2, 1)]


@given(st.integers(1, 2_000), st.integers(1, 6))
def test_a_tenth_is_sampled_in_every_fleet_alike(viewers: int, processes: int) -> None:
    found = people("class", {"viewers": viewers})
    _, *others = fleets(found, "u", "c", [1], processes)
    sampled = [sum(bot.sampled for bot in fleet.bots) for fleet in others]
    assert sum(sampled) >= min(viewers, 10)
    assert max(sampled) <= MAX_SAMPLED_A_FLEET
    sizes = [len(fleet.bots) for fleet in others]
    assert max(sizes) - min(sizes) <= 2


def test_latecomers_and_the_base_are_both_sampled() -> None:
    bots = [bot for fleet in planned("storm", [1]) for bot in fleet.bots if bot.sampled]
    assert {bot.base for bot in bots} == {True, False}


def test_who_gets_nothing_is_not_sampled() -> None:
    assert not planned("class", [1])[0].bots[0].sampled


def test_who_has_nobody_to_see_is_not_expected_to() -> None:
    viewers = {f"viewer-{n}" for n in range(1, 4)}
    assert without_sight(people("class", {"viewers": 3})) == {"teacher"}
    blind = people("class", {"viewers": 3, "group.teacher.publish": ["microphone"]})
    assert without_sight(blind) == {"teacher", *viewers}
    slotless = people("class", {"viewers": 3, "group.viewer.video_slots": 0})
    assert without_sight(slotless) == {"teacher", *viewers}
    assert without_sight(people("seminar")) == set()
    alone = people("gallery", {"viewers": 2, "group.teacher.publish": []})
    assert without_sight(alone) == {"person"}


def test_storm_fills_its_time_evenly_and_is_not_of_the_base() -> None:
    found = people("storm", {"storm.joins": 4, "storm.within": 2.0, "storm.after": 1.0})
    late = of("latecomer", found)
    start = found.measure_from + 1
    assert [bot.join_at for bot in late] == pytest.approx([start + 0.25 + n / 2 for n in range(4)])
    assert not any(bot.base for bot in late)
    assert all(bot.late for bot in late)
    assert not any(bot.late for bot in of("viewer", found))
    assert all(bot.base for bot in of("viewer", found))


def test_churn_comes_and_goes_until_the_end() -> None:
    found = people("churn", {"duration": 20.0, "churn.rate": 2.0, "churn.stay": 5.0})
    passers = of("passer", found)
    assert len(passers) == (20 + 3) * 2
    assert all(bot.late for bot in passers)
    stays = [bot.leave_at - bot.join_at for bot in passers if bot.leave_at is not None]
    assert stays == pytest.approx([5.0] * len(stays))
    assert all(bot.leave_at is None for bot in passers if bot.join_at + 5 >= found.measure_to)


def test_turns_follow_one_another_without_a_gap() -> None:
    found = people("seminar", {"turn": 5.0, "duration": 60.0})
    speakers = [bot for bot in found.bots if bot.publish]
    turns = sorted(turn for bot in speakers for turn in bot.speaks or ())
    assert [start for start, _ in turns] == [5.0 * n for n in range(len(turns))]
    assert turns[-1][1] > found.measure_to + PATIENCE  # the latest end
    assert speakers[0].speaks is not None
    assert speakers[0].speaks[:2] == ((0.0, 5.0), (50.0, 55.0))


def test_gallery_counts_its_teacher_among_the_viewers() -> None:
    assert head_counts(load("gallery", {"viewers": 9})) == {"teacher": 1, "person": 8}


def test_shares_and_the_rest_make_all_viewers() -> None:
    counts = head_counts(load("flaky", {"viewers": 10}))
    assert counts == {"teacher": 1, "lossy": 2, "narrow": 2, "roaming": 2, "steady": 4}


def test_too_few_viewers_are_told() -> None:
    with pytest.raises(ScenarioError, match="flaky: too few viewers"):
        head_counts(
            load("flaky", {"viewers": 2, "group.lossy.count": 3, "group.lossy.is_viewer": True})
        )


def test_bad_links_are_kept_apart_and_each_has_its_own_seed() -> None:
    found = people("flaky")
    faulty = [bot for bot in found.bots if bot.faults]
    assert len(faulty) == 30
    assert not any(bot.base for bot in faulty)
    assert len({bot.faults.seed for bot in faulty if bot.faults}) == 30
    narrow = of("narrow", found)[0].faults
    assert narrow is not None
    assert narrow.rate[1] == (20, 500_000.0)
    assert narrow.rate[-1] == (45, None)


def test_too_many_people_are_told() -> None:
    with pytest.raises(ScenarioError, match="more than 10000 people"):
        people("storm", {"viewers": 9_000, "storm.joins": 2_000})
