"""Plots of a run."""

from array import array
from xml.etree import ElementTree

import pytest

from loadtest.figures.summary import summarise
from loadtest.figures.thresholds import Thresholds, checks
from loadtest.records import RunRecord
from loadtest.report.plots import BOTS, JOINS, SERVER, VIEWERS, Material, Plot, draw
from tests.support.run_records import Shape, empty_run, made_run

EVERY = (*VIEWERS, *SERVER, *JOINS, *BOTS)
EVERY_NAME = {"latency", "latency-time", "quality", "work", "memory", "joins", "joins-time", "bots"}


def plots(record: RunRecord, limits: Thresholds | None = None) -> dict[str, Plot]:
    summary = summarise(record)
    given = Material(record, summary, checks(summary, limits or Thresholds()))
    return {plot.name: plot for plot in draw(given, EVERY)}


def test_a_whole_run_has_every_plot_and_each_is_named() -> None:
    found = plots(made_run(Shape(viewers=30, late=20, failing=1)))
    assert set(found) == EVERY_NAME
    for plot in found.values():
        ElementTree.fromstring(plot.svg)
        assert not plot.finding or plot.finding.endswith(".")
        assert f'aria-labelledby="{plot.name}-title' in plot.svg


def test_an_empty_run_has_none() -> None:
    assert plots(empty_run()) == {}


def no_server(record: RunRecord) -> None:
    record.server = []


def no_ticks(record: RunRecord) -> None:
    record.ticks = []


def one_second(record: RunRecord) -> None:
    record.ticks, record.server = record.ticks[30:32], record.server[30:32]


def no_frames(record: RunRecord) -> None:
    for joined in record.joined:
        joined.first_packet_ms = joined.first_frame_ms = None


@pytest.mark.parametrize(
    ("spoil", "missing"),
    [
        (no_server, {"work", "memory"}),
        (no_ticks, {"latency", "latency-time", "quality", "bots"}),
        (one_second, set()),
        (no_frames, set()),
    ],
)
def test_a_plot_without_figures_is_left_out(spoil: object, missing: set[str]) -> None:
    record = made_run(Shape(viewers=30))
    assert callable(spoil)
    spoil(record)
    assert EVERY_NAME - set(plots(record)) == missing


def test_limits_are_drawn_where_they_can_be_seen() -> None:
    record = made_run(Shape(viewers=30))
    near = plots(record, Thresholds(max_p99=8, max_first_packet_p95=400))
    assert all("var(--limit)" in near[name].svg for name in ("latency", "latency-time", "joins"))
    assert "var(--limit)" not in plots(record, Thresholds(max_p99=900))["latency-time"].svg


@pytest.mark.parametrize("value", [0.0, 5.0])
def test_a_run_of_one_value_can_be_drawn(value: float) -> None:
    record = made_run(Shape(viewers=2))
    for tick in record.ticks:
        tick.latencies = array("f", [value])
    assert "latency" in plots(record)
