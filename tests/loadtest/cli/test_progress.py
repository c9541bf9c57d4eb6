"""What a running load test shows."""

import io

import pytest
from rich.console import Console

from loadtest.cli.progress import Message, Progress, State, line
from loadtest.records import Failed, RunRecord
from tests.support.run_records import Shape, empty_run, made_run


def messages(record: RunRecord) -> list[Message]:
    return [*record.joined, *record.failed, *record.ticks, *record.server]


def heard(shape: Shape | None = None, until: float = 40.0) -> State:
    record = made_run(shape)
    state = State(expected=record.expected, ends_at=70.0, phase="measuring")
    for message in messages(record):
        if message.at <= until:
            state.hear(message)
    return state


def test_figures_are_of_the_last_seconds() -> None:
    state = heard(Shape(lost=(32,), spikes=(2,)))
    assert state.copies_per_s == 36_000
    assert state.cpu_share is not None
    assert 0.1 < state.cpu_share < 0.2
    assert state.p99_ms is not None
    assert state.p99_ms < 15
    assert state.loss is not None
    assert 0 < state.loss < 0.002
    assert state.bots_cpu is not None
    assert 0.25 < state.bots_cpu < 0.35
    assert len(state.ticks) < 15


def test_nothing_is_known_at_first() -> None:
    state = State(expected=10, ends_at=60.0)
    assert (state.copies_per_s, state.cpu_share, state.p99_ms) == (None, None, None)
    assert (state.loss, state.bots_cpu) == (None, None)
    assert line(state, 0.0) == "00:00 starting, 0/10 in, 01:00 left"


def test_a_line_has_everything() -> None:
    text = line(heard(Shape(failing=2)), 40.0)
    assert text.startswith("00:40 measuring, 200/202 in, 2 failed, copies 36,000/s, server 1")
    assert text.endswith("00:30 left")


def test_without_a_terminal_a_line_comes_every_few_seconds() -> None:
    console = Console(file=io.StringIO(), width=80)
    with Progress("class", 200, 60.0, console) as progress:
        for tenth in range(160):
            progress.show(tenth / 10)
        progress.phase("leaving")
        progress.show(16.0)
    assert isinstance(console.file, io.StringIO)
    found = console.file.getvalue().splitlines()
    assert [text[:5] for text in found] == ["00:00", "00:05", "00:10", "00:15", "00:16"]
    assert "leaving" in found[-1]


def test_p99_is_reckoned_when_a_tick_comes_and_not_when_it_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state = heard()
    monkeypatch.setattr("loadtest.cli.progress.percentile", lambda values, share: 7.0)
    assert state.p99_ms != 7.0
    state.hear(made_run().ticks[-1])
    assert state.p99_ms == 7.0


@pytest.mark.parametrize("terminal", [True, False])
def test_a_quiet_one_does_nothing(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def worked(*given: object) -> None:
        raise AssertionError

    for name in ("panel", "line", "percentile"):
        monkeypatch.setattr(f"loadtest.cli.progress.{name}", worked)
    console = Console(file=io.StringIO(), quiet=True, force_terminal=terminal)
    with Progress("class", 200, 60.0, console) as progress:
        for message in messages(made_run(Shape(viewers=5))):
            progress.hear(message)
        progress.show(30.0)
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue() == ""


def test_a_terminal_gets_a_panel() -> None:
    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None)
    with Progress("One [b]teacher[/b]", 200, 60.0, console) as progress:
        progress.phase("measuring")
        for message in messages(made_run()):
            progress.hear(message)
        progress.hear(Failed("viewer-3", 2.0, "timeout", "no answer"))
        progress.show(30.0)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    for word in ("One [b]teacher[/b]", "measuring", "36,000/s", "00:30 left", "1 failed"):
        assert word in text


def test_an_empty_run_can_be_shown() -> None:
    console = Console(file=io.StringIO(), width=80, force_terminal=True)
    with Progress("class", empty_run().expected, 0.0, console) as progress:
        progress.show(0.0)
