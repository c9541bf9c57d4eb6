"""The report's first words."""

from loadtest.figures.summary import summarise
from loadtest.figures.thresholds import Thresholds
from loadtest.report.verdict import RunVerdict, verdict
from tests.support.run_records import Shape, empty_run, made_run


def of(shape: Shape, limits: Thresholds | None = None) -> RunVerdict:
    return verdict(summarise(made_run(shape)), limits or Thresholds())


def test_without_limits_it_only_tells() -> None:
    found = of(Shape())
    assert found.headline.startswith("200 people: p99 added latency ")
    assert found.headline.endswith("ms with 13 % of a core")
    assert (found.tone, found.mark) == ("", "no limits set")


def test_kept_limits_are_a_pass() -> None:
    found = of(Shape(), Thresholds(max_loss=0.01))
    assert (found.headline, found.tone) == ("200 people: every limit kept", "good")


def test_broken_limits_are_counted() -> None:
    found = of(Shape(), Thresholds(max_p99=1, max_cpu=0.01))
    assert (found.headline, found.tone) == ("200 people: 2 limits not kept", "bad")
    assert len(found.breaches) == 2
    assert of(Shape(), Thresholds(max_p99=1)).headline == "200 people: one limit not kept"


def test_bots_that_were_the_limit_come_first() -> None:
    found = of(Shape(fleet_cpu=0.99), Thresholds(max_p99=1))
    assert found.headline == "200 people, but the bots were the limit"
    assert (found.mark, found.tone, len(found.breaches)) == ("not reliable", "warm", 1)


def test_nobody_in_is_a_failure() -> None:
    found = verdict(summarise(empty_run()), Thresholds())
    assert (found.headline, found.tone) == ("Nobody got in", "bad")


def test_the_sentence_has_what_is_known() -> None:
    found = of(Shape(viewers=1, fleets=1))
    assert found.headline.startswith("1 person: ")
    assert found.sentence.startswith("1 of 1 got in; the server sent 180 packets a second with")
    assert "nothing was lost" in found.sentence
