"""Scenarios: those that come along are right, and a wrong one is told in one line."""

from pathlib import Path

import pytest

from loadtest.plan import scenario
from loadtest.plan.scenario import ScenarioError, changed, load, parse

CLASS = (scenario.FOLDER / "class.toml").read_text("utf-8")


def refusal(text: str, **overrides: object) -> str:
    with pytest.raises(ScenarioError) as caught:
        parse(text, "my.toml", overrides)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_all_scenarios_of_the_product_load() -> None:
    assert scenario.names() == ["churn", "class", "flaky", "gallery", "seminar", "soak", "storm"]
    assert all(load(name).name == name for name in scenario.names())


def test_every_scenario_documents_its_keys() -> None:
    for name in scenario.names():
        text = (scenario.FOLDER / f"{name}.toml").read_text("utf-8")
        assert text.startswith("# ")


def test_scenarios_are_what_they_promise() -> None:
    gallery, storm, soak = load("gallery"), load("storm"), load("soak")
    assert gallery.viewers == 50
    assert {(g.video_slots, g.max_height, g.show) for g in gallery.groups} == {(9, 180, "gallery")}
    assert storm.storm is not None
    assert (storm.storm.joins, storm.storm.within) == (300, 10)
    assert soak.duration >= 600
    speakers = [g for g in load("seminar").groups if g.speaks == "turns"]
    assert sum(int(g.count) for g in speakers) == 10


def test_options_override_the_file() -> None:
    overridden = load("storm", {"viewers": 7, "duration": 40.0, "storm.joins": 5})
    assert (overridden.viewers, overridden.duration) == (7, 40.0)
    assert overridden.storm is not None
    assert overridden.storm.joins == 5
    flaky = load("flaky", {"group.lossy.link.loss": 0.2})
    assert [g.link.loss for g in flaky.groups if g.name == "lossy" and g.link] == [0.2]


def test_option_of_another_scenario_is_refused() -> None:
    with pytest.raises(ScenarioError, match=r"class: has no \[storm\], so its joins cannot be set"):
        load("class", {"storm.joins": 3})


def test_own_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(CLASS, "utf-8")
    assert load(str(path)).name == "mine"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("klass", "unknown scenario 'klass'; there are churn, class, "),
        ("../scenarios/class", "unknown scenario"),
        ("missing.toml", "missing.toml: cannot be read: No such file"),
    ],
)
def test_scenario_that_is_not_there(name: str, told: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load(name)
    assert str(caught.value).startswith(told)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("layers = 3", "layrs = 3", "unknown key 'group[1].layrs'"),
        ("title =", "titel =", "unknown key 'titel'"),
        ("title =", "[", "not TOML"),
        ("layers = 3", 'layers = "3"', "group[1].layers: input should be a valid integer"),
        ("layers = 3", "layers = 4", "group[1].layers: input should be less than or equal to 3"),
        ('"viewers"', '"all"', "group[2].count: should be a number from 1 to"),
        ("count = 1\n", "count = 0\n", "group[1].count: should be a number from 1 to"),
        ("count = 1\n", "\n", "'group[1].count' is missing"),
        ('show = "nothing"', 'show = "me"', "group[1].show: input should be 'teacher', "),
        ('["camera", ', '["camra", ', "group[1].publish[1]: input should be 'camera' or"),
        ('role = "teacher"', 'role = "student"', "a class begins with its teacher"),
        ('name = "viewer"', 'name = "teacher"', "two groups have one name"),
        ("count = 1\n", 'count = "viewers"\n', "only one group can have count"),
        ("clip_height = 720", "[storm]", "storm and churn need a [latecomer]"),
        ("clip_height = 720", "[storm]\n[churn]", "a scenario has a storm or churn, not both"),
    ],
)
def test_fault_is_named(old: str, new: str, told: str) -> None:
    assert old in CLASS
    assert refusal(CLASS.replace(old, new, 1)).startswith(f"my.toml: {told}")


def test_wrong_option_is_named_with_what_was_given() -> None:
    assert refusal(CLASS, viewers=0).endswith("(given: 0)")


def test_storm_must_fit_into_the_duration() -> None:
    with pytest.raises(ScenarioError, match="ends 15 s into a duration of 12 s; set a longer one"):
        load("storm", {"duration": 12.0})


def test_changed_values_are_checked_anew() -> None:
    storm = load("storm", {"storm.within": 20.0})
    assert changed(storm, {"viewers": 7}) == load("storm", {"storm.within": 20.0, "viewers": 7})
    with pytest.raises(ScenarioError, match=r"storm: the storm ends 25 s into a duration of 15 s"):
        changed(storm, {"viewers": 7, "duration": 15.0})
    with pytest.raises(ScenarioError, match="storm: viewers: input should be less than or equal"):
        changed(storm, {"viewers": 20_000})
