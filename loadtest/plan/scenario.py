"""Scenarios: who takes part in a load test, and how; read from TOML.

The files in loadtest/plan/scenarios say what each key does. A wrong file raises ScenarioError, one
line that names the key. Times are seconds.
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

FOLDER = Path(__file__).parent / "scenarios"
MAX_PEOPLE = 10_000

Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, lt=1)]
Count = Annotated[int, Field(ge=1, le=MAX_PEOPLE)]


class ScenarioError(Exception):
    """A scenario that does not exist or cannot be used, in one line."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class RateStep(_Part):
    """From `at` on (after the join) the downlink carries so much; without kbps, everything."""

    at: Annotated[float, Field(ge=0)]
    kbps: Positive | None = None


class Link(_Part):
    """The faults of the link of each bot of a group."""

    loss: Share = 0.0
    rate: tuple[RateStep, ...] = ()
    handover_every: Positive | None = None


class Behaviour(_Part):
    """The behaviour of people of one kind."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
    role: Literal["teacher", "assistant", "student", "parent", "observer"] = "student"
    publish: tuple[Literal["camera", "microphone"], ...] = ()
    layers: Annotated[int, Field(ge=1, le=3)] = 3
    speaks: Literal["always", "turns", "never"] = "always"
    audio_slots: Annotated[int, Field(ge=0, le=4)] = 3
    video_slots: Annotated[int, Field(ge=0, le=10)] = 1
    show: Literal["teacher", "speaker", "gallery", "nothing"] = "teacher"
    max_height: Annotated[int, Field(ge=90, le=1080)] | None = None
    link: Link | None = None


class Group(Behaviour):
    """So many of one kind, there from the start."""

    count: int | str
    is_viewer: bool = False  # a fixed count that is one of the --viewers
    own_fleet: bool = False

    @property
    def counts_as_viewer(self) -> bool:
        """Whether its people are among the --viewers."""
        return self.is_viewer or not isinstance(self.count, int)

    @field_validator("count")
    @classmethod
    def _counts(cls, value: int | str) -> int | str:
        if isinstance(value, int) and 1 <= value <= MAX_PEOPLE:
            return value
        if value in ("viewers", "rest") or re.fullmatch(r"[1-9][0-9]?%", str(value)):
            return value
        raise ValueError(
            f'should be a number from 1 to {MAX_PEOPLE}, a share like "25%", "viewers" or "rest"'
        )


class Storm(_Part):
    """Many joins within a short time, `after` s into the measured time."""

    joins: Count = 300
    within: Positive = 10.0
    after: Annotated[float, Field(ge=0)] = 5.0


class Churn(_Part):
    """People who come at a rate and stay for a while (half to one and a half times `stay`)."""

    rate: Positive = 2.0
    stay: Positive = 15.0


class Scenario(_Part):
    """A whole load test. `viewers`, `duration` and some more can be set on the command line."""

    title: Annotated[str, Field(min_length=1, max_length=80)]
    viewers: Count
    duration: Annotated[float, Field(ge=1)]
    joins_per_s: Positive = 50.0
    settle: Annotated[float, Field(ge=0)] = 3.0
    turn: Positive = 4.0
    clip_height: Literal[180, 360, 720] = 720
    groups: Annotated[tuple[Group, ...], Field(min_length=1, alias="group")]
    storm: Storm | None = None
    churn: Churn | None = None
    latecomer: Behaviour | None = None  # the people of storm and churn
    name: str = ""

    @model_validator(mode="after")
    def _fits(self) -> "Scenario":
        names = [group.name for group in self.groups]
        if self.latecomer is not None:
            names.append(self.latecomer.name)
        if len(set(names)) < len(names):
            raise ValueError("two groups have one name")
        if not any(group.role == "teacher" for group in self.groups):
            raise ValueError('a class begins with its teacher: one group needs role = "teacher"')
        for word in ("rest", "viewers"):
            if sum(group.count == word for group in self.groups) > 1:
                raise ValueError(f'only one group can have count = "{word}"')
        if self.storm and self.churn:
            raise ValueError("a scenario has a storm or churn, not both")
        if (self.storm or self.churn) and self.latecomer is None:
            raise ValueError("storm and churn need a [latecomer]")
        if self.storm and self.storm.after + self.storm.within > self.duration:
            raise ValueError(
                f"the storm ends {self.storm.after + self.storm.within:g} s into a duration of "
                f"{self.duration:g} s; set a longer one"
            )
        return self


def names() -> list[str]:
    """The scenarios that come with liveclass."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load(name: str, overrides: Mapping[str, object] | None = None) -> Scenario:
    """The scenario of that name, or of a TOML file; raises ScenarioError.

    `overrides` replace keys: "viewers", or "storm.joins" for one of a table.
    """
    if name.endswith(".toml"):
        path = Path(name)
    elif name in names():
        path = FOLDER / f"{name}.toml"
    else:
        raise ScenarioError(f"unknown scenario {name!r}; there are {', '.join(names())}")
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise ScenarioError(f"{name}: cannot be read: {reason}") from None
    return parse(text, name, overrides or {})


def parse(text: str, name: str, overrides: Mapping[str, object]) -> Scenario:
    """The scenario a TOML text describes; raises ScenarioError."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{name}: not TOML: {error}") from None
    for key, value in overrides.items():
        _override(values, key, value, name)
    try:
        return Scenario.model_validate({**_tuples(values), "name": Path(name).stem})
    except ValidationError as error:
        raise ScenarioError(f"{name}: {_first(error)}") from None


def changed(scenario: Scenario, values: Mapping[str, object]) -> Scenario:
    """The scenario with other values of some keys, checked again; raises ScenarioError."""
    fields = Scenario.model_fields.items()
    own = {field.alias or name: getattr(scenario, name) for name, field in fields}
    try:
        return Scenario.model_validate({**own, **values})
    except ValidationError as error:
        raise ScenarioError(f"{scenario.name}: {_first(error)}") from None


def _override(values: dict[str, object], key: str, value: object, name: str) -> None:
    """Sets "key", "table.key" or "group.<name>.key"."""
    *path, field = key.split(".")
    table: object = values
    for step in path:
        if isinstance(table, list):
            table = next((one for one in table if one.get("name") == step), None)
        else:
            table = table.get(step) if isinstance(table, dict) else None
    if not isinstance(table, dict):
        raise ScenarioError(f"{name}: has no [{'.'.join(path)}], so its {field} cannot be set")
    table[field] = value


def _tuples(value: dict[str, object]) -> dict[str, object]:
    """TOML's lists as the tuples that strict models want."""

    def convert(one: object) -> object:
        if isinstance(one, dict):
            return {key: convert(inner) for key, inner in one.items()}
        return tuple(convert(inner) for inner in one) if isinstance(one, list) else one

    return {key: convert(inner) for key, inner in value.items()}


def _first(error: ValidationError) -> str:
    """One fault, a misspelt key before all else: where it is, and what was wrong."""
    faults = error.errors(include_url=False)
    fault = min(faults, key=lambda one: one["type"] != "extra_forbidden")
    where = ""
    for part in fault["loc"]:
        if isinstance(part, int):
            where += f"[{part + 1}]"
        elif part not in ("int", "str"):  # pydantic's names of what a union may be
            where += f".{part}" if where else part
    if fault["type"] == "extra_forbidden":
        return f"unknown key {where!r}"
    if fault["type"] == "missing":
        return f"{where!r} is missing"
    message = fault["msg"].removeprefix("Value error, ")
    message = message[:1].lower() + message[1:]
    given = fault["input"]
    shown = f" (given: {given!r})" if isinstance(given, str | int | float | bool) else ""
    return f"{where}: {message}{shown}" if where else message
