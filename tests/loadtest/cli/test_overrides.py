"""What was typed becomes keys of the scenario, limits, and a line for the report."""

from dataclasses import replace

import pytest

from loadtest.cli.options import Options
from loadtest.cli.overrides import (
    KEYS,
    command_line,
    limits_of,
    limits_to_find,
    overrides,
    toml_value,
)
from loadtest.figures.thresholds import Thresholds
from loadtest.plan.scenario import ScenarioError, load


def test_only_what_was_typed_overrides_the_scenario() -> None:
    assert overrides(Options()) == {}
    options = Options(viewers=7, storm_within=3.0, set_keys=["settle=1.5", "group.viewer.show=x"])
    assert overrides(options) == {
        "viewers": 7,
        "storm.within": 3.0,
        "settle": 1.5,
        "group.viewer.show": "x",
    }


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("class", Options(viewers=3, duration=4.0, joins_per_s=5.0, turn=6.0)),
        ("storm", Options(storm_joins=3, storm_within=4.0)),
        ("churn", Options(churn_rate=3.0, churn_stay=4.0)),
        ("flaky", Options(flaky_loss=0.3)),
    ],
)
def test_every_option_sets_a_key_that_exists(name: str, options: Options) -> None:
    assert load(name, overrides(options)) != load(name)


def test_every_key_has_its_option() -> None:
    assert all(hasattr(Options(), name) for name in KEYS)


@pytest.mark.parametrize("text", ["settle", "=5", "settle="])
def test_half_a_setting_is_refused(text: str) -> None:
    with pytest.raises(ScenarioError, match="write KEY=VALUE"):
        overrides(Options(set_keys=[text]))


@pytest.mark.parametrize(
    ("text", "value"),
    [("5", 5), ("0.5", 0.5), ("true", True), ('["camera"]', ["camera"]), ("teacher", "teacher")],
)
def test_values_are_read_as_in_a_scenario_file(text: str, value: object) -> None:
    assert toml_value(text) == value


def test_limits_are_those_given_and_nobody_may_be_missing_or_see_nothing() -> None:
    assert limits_of(Options()) == Thresholds(max_missing=0, max_without_picture=0)
    found = limits_of(Options(max_loss=0.01, max_failed=3, max_without_picture=2, no_drift=True))
    assert found == Thresholds(max_loss=0.01, max_missing=3, max_without_picture=2, no_drift=True)


def test_limits_of_the_search_stay_unless_that_very_one_was_given() -> None:
    own = Thresholds(max_loss=0.001, max_p99=25.0, max_missing=0, max_without_picture=0)
    assert limits_to_find(Options()) == own
    assert limits_to_find(Options(max_failed=3)) == replace(own, max_missing=3)
    assert limits_to_find(Options(max_cpu=0.5)) == replace(own, max_cpu=0.5)
    assert limits_to_find(Options(max_loss=0.0)) == replace(own, max_loss=0.0)
    assert limits_to_find(Options(max_p99=90.0)) == replace(own, max_p99=90.0)


@pytest.mark.parametrize("option", ["--class-key", "--metrics-token"])
@pytest.mark.parametrize("glue", [" ", "="])
def test_the_report_does_not_tell_the_key_nor_the_token(option: str, glue: str) -> None:
    words = f"{option}{glue}class:a:1:k".split()
    line = command_line(["loadtest", "http://x", *words, "--viewers", "5"])
    assert "class:a" not in line
    assert line.startswith(f"liveclass loadtest http://x {option}")
    assert line.endswith("--viewers 5")


def test_the_report_does_not_tell_anybodys_token() -> None:
    line = command_line(["loadtest", "http://x/class/a?t=eyJ.eyJ.c-_9", "--viewers", "5"])
    assert "eyJ" not in line
    assert line == "liveclass loadtest 'http://x/class/a?t=...' --viewers 5"
