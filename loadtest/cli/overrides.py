"""Command-line options as keys of a scenario and thresholds. Pure: no I/O, no clock."""

import shlex
import tomllib
from collections.abc import Sequence
from dataclasses import replace

from loadtest.cli.options import Options
from loadtest.figures.thresholds import Thresholds
from loadtest.plan.scenario import ScenarioError
from loadtest.run.links import without_tokens

FIND_LOSS, FIND_P99 = 0.001, 25.0  # --find-limit's own: share, ms

# Options that set a key of the scenario.
KEYS = {
    "viewers": "viewers",
    "duration": "duration",
    "joins_per_s": "joins_per_s",
    "turn": "turn",
    "storm_joins": "storm.joins",
    "storm_within": "storm.within",
    "churn_rate": "churn.rate",
    "churn_stay": "churn.stay",
    "flaky_loss": "group.lossy.link.loss",
}


def overrides(options: Options) -> dict[str, object]:
    """Keys of the scenario that were given on the command line; raises ScenarioError."""
    given = {key: getattr(options, name) for name, key in KEYS.items()}
    found = {key: value for key, value in given.items() if value is not None}
    for text in options.set_keys or ():
        key, _, value = text.partition("=")
        if not key or not value:
            raise ScenarioError(f"--set {text}: write KEY=VALUE")
        found[key.strip()] = toml_value(value)
    return found


def toml_value(text: str) -> object:
    """The value as in a scenario's file; text that is not TOML stays text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def limits_of(options: Options) -> Thresholds:
    """The thresholds that were given; by default no bot may be missing or without a picture."""
    return Thresholds(
        max_loss=options.max_loss,
        max_p99=options.max_p99,
        max_late_p99=options.max_late_p99,
        max_join_p95=options.max_join_p95,
        max_first_packet_p95=options.max_first_packet_p95,
        max_missing=options.max_failed,
        max_without_picture=options.max_without_picture,
        max_freezes=options.max_freezes,
        max_cpu=options.max_cpu,
        max_stalls=options.max_stalls,
        no_drift=options.no_drift,
    )


def limits_to_find(options: Options) -> Thresholds:
    """Those of --find-limit: its own stay unless that very limit was given."""
    given = limits_of(options)
    return replace(
        given,
        max_loss=FIND_LOSS if given.max_loss is None else given.max_loss,
        max_p99=FIND_P99 if given.max_p99 is None else given.max_p99,
    )


SECRETS = ("--class-key", "--metrics-token")


def command_line(arguments: Sequence[str]) -> str:
    """The command as it was typed, without the class key and anybody's token."""
    words = list(arguments)
    for n, word in enumerate(words):
        name, equals, _ = word.partition("=")
        if equals and name in SECRETS:
            words[n] = f"{name}=..."
        elif n and words[n - 1] in SECRETS:
            words[n] = "..."
    return without_tokens(shlex.join(["liveclass", *words]))
