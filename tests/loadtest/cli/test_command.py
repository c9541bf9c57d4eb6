"""What keeps the command from running is one line and exit status 2."""

import importlib.util
import json
import weakref
from collections.abc import Callable
from dataclasses import fields
from inspect import signature
from pathlib import Path

import pytest
from typer.testing import CliRunner

from liveclass.cli import app
from loadtest.cli import app as cli
from loadtest.cli.app import NEEDED
from loadtest.cli.command import UNABLE, MeasuredRun, _Command, main
from loadtest.cli.options import Options
from loadtest.figures.summary import summarise
from loadtest.plan.scenario import Scenario, ScenarioError, load
from tests.support.run_records import Shape, made_run


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (Options(), "needs the URL of a server, or --spawn"),
        (Options(url="http://x", spawn=True), "give the URL of a server or --spawn, not both"),
        (Options(spawn=True, scenario="x"), "unknown scenario 'x'; there are churn, class, "),
        (Options(spawn=True, storm_joins=5), "class: has no [storm], so its joins cannot be set"),
        (Options(spawn=True, set_keys=["x"]), "--set x: write KEY=VALUE"),
        (Options(spawn=True, json_file=Path("none/out.json")), "none/out.json: there is no folder"),
        (Options(url="x.example.com"), "x.example.com: the URL begins with http:// or https://"),
        (Options(url="http://x"), "needs a class key: --class-key or LIVECLASS_CLASS_KEY"),
        (Options(url="http://x", class_key="k"), "--class-key: not a class key"),
    ],
)
def test_fault_is_one_line(options: Options, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(options) == UNABLE
    printed = capsys.readouterr()
    assert printed.err.startswith(f"liveclass: {told}")
    assert printed.err.count("\n") == 1
    assert printed.out == ""


class Notes(list[str]):
    """A part of an outcome whose end can be noticed."""


async def test_the_search_keeps_one_outcome_the_best(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made: list[weakref.ref[Notes]] = []
    alive = []

    async def measure(self: object, wanted: Scenario) -> MeasuredRun:
        record = made_run(Shape(viewers=wanted.viewers, latency_ms=2.0 + wanted.viewers // 40 * 40))
        record.notes = Notes()
        made.append(weakref.ref(record.notes))
        alive.append(sum(one() is not None for one in made))
        return MeasuredRun(record, summarise(record))

    monkeypatch.setattr(_Command, "_measure", measure)
    file = tmp_path / "out.json"
    options = Options(spawn=True, viewers=10, resolution=2, json_file=file)
    assert await _Command(options, load("class", {"viewers": 10}))._find() == 0
    found = json.loads(file.read_text("utf-8"))
    steps = [step["viewers"] for step in found["find_limit"]["steps"]]
    assert steps == [10, 15, 22, 33, 50, 41, 37, 39]
    assert found["viewers"] == found["find_limit"]["viewers"] == 39
    assert max(alive) <= 3  # the one kept, the one before, the new one


async def test_a_step_of_the_search_is_checked_before_it_runs() -> None:
    options = Options(spawn=True, storm_within=20.0)
    with pytest.raises(ScenarioError, match="the storm ends 25 s into a duration of 15 s"):
        await _Command(options, load("storm", {"storm.within": 20.0}))._find()


def test_every_option_of_the_command_is_handed_on() -> None:
    parameters = [name for name in signature(cli.loadtest).parameters if name != "context"]
    assert parameters == [field.name for field in fields(Options)]
    defaults = {p.name: p.default for p in signature(cli.loadtest).parameters.values()}
    assert all(defaults[field.name] == field.default for field in fields(Options))


def test_missing_packages_are_named_with_the_command_that_brings_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    find: Callable[[str], object] = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name in NEEDED else find(name)
    )
    result = CliRunner().invoke(app, ["loadtest", "--spawn"])
    assert result.exit_code == 2
    assert result.stderr == (
        "liveclass: loadtest needs av, matplotlib, numpy: pip install 'liveclass[loadtest]'\n"
    )


@pytest.mark.parametrize(
    ("value", "code"), [("0.1%", 0.001), ("0.001", 0.001), ("0", 0.0), ("100%", 1.0)]
)
def test_shares_are_written_as_people_write_them(
    value: str, code: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[Options] = []

    def take(options: Options) -> int:
        taken.append(options)
        return 0

    monkeypatch.setattr("loadtest.cli.command.main", take)
    result = CliRunner().invoke(app, ["loadtest", "--spawn", "--max-loss", value])
    assert result.exit_code == 0
    assert taken[0].max_loss == pytest.approx(code)


@pytest.mark.parametrize("value", ["2", "-1", "101%", "much", "%"])
def test_what_is_no_share_is_refused(value: str) -> None:
    result = CliRunner().invoke(app, ["loadtest", "--spawn", "--max-loss", value])
    assert result.exit_code == 2
    assert "is no share" in result.stderr
