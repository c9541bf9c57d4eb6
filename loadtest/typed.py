"""What was typed, as keys of a scenario and limits. Pure: no I/O, no clock."""

import shlex
import tomllib
from collections.abc import Sequence

from loadtest.cli import Options
from loadtest.scenario import ScenarioError
from loadtest.thresholds import Limits

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
    """As in a scenario's file; what is no TOML is a text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def limits_of(options: Options) -> Limits:
    """The limits that were given."""
    return Limits(
        max_loss=options.max_loss,
        max_p99=options.max_p99,
        max_late_p99=options.max_late_p99,
        max_join_p95=options.max_join_p95,
        max_first_packet_p95=options.max_first_packet_p95,
        max_missing=options.max_failed,
        max_freezes=options.max_freezes,
        max_cpu=options.max_cpu,
        max_stalls=options.max_stalls,
        no_drift=options.no_drift,
    )


def is_limited(options: Options) -> bool:
    """Whether any limit was given."""
    return limits_of(options) != Limits(max_missing=0)


def command_line(arguments: Sequence[str]) -> str:
    """The command as it was typed, without the class key."""
    words = list(arguments)
    for n, word in enumerate(words):
        if word.startswith("--class-key="):
            words[n] = "--class-key=..."
        elif n and words[n - 1] == "--class-key":
            words[n] = "..."
    return shlex.join(["liveclass", *words])
