"""The report's tables."""

from loadtest.figures.summary import summarise
from loadtest.figures.thresholds import Thresholds, checks
from loadtest.report.tables import all_figures, counts, mark, reasons
from tests.support.run_records import Shape, empty_run, made_run


def text(shape: Shape | None = None, limits: Thresholds | None = None) -> str:
    summary = summarise(made_run(shape))
    return "".join(all_figures(summary, checks(summary, limits or Thresholds())))


def test_browsers_have_a_table_only_when_there_were_some() -> None:
    assert "Chromium viewers" not in text()
    assert "Chromium viewers" in text(Shape(browsers=1))


def test_limits_have_a_column_only_where_they_are() -> None:
    assert ">Limit<" not in text()
    found = text(limits=Thresholds(max_join_p95=1_000, max_loss=0.001))
    assert found.count(">Limit<") == 2
    assert 'p95 1,000 ms <span class="mark good">kept</span>' in found


def test_marks_are_words_not_only_colours() -> None:
    summary = summarise(made_run())
    found = checks(summary, Thresholds(max_cpu=0.01, max_loss=0.5))
    assert mark(found["server.cpu_share"]) == '<span class="mark bad">over</span>'
    assert mark(found["media.loss"]) == '<span class="mark good">kept</span>'
    unknown = checks(summarise(empty_run()), Thresholds(max_cpu=0.9))
    assert "unknown" in mark(unknown["server.cpu_share"])


def test_what_a_server_does_not_tell_is_unknown() -> None:
    record = made_run()
    for sample in record.server:
        sample.stalls = None
    found = "".join(all_figures(summarise(record), {}))
    assert '<th scope="row">Loop stalls</th><td class="number">unknown</td>' in found
    assert "unknown" not in text()


def test_names_are_escaped() -> None:
    found = "".join(counts("A & B", ("n",), {"<b>": (1,)}))
    assert "A &amp; B" in found
    assert "&lt;b&gt;" in found


def test_reasons_tell_drops_failures_and_ends() -> None:
    found = "".join(reasons(summarise(made_run(Shape(failing=2)))))
    for word in ("outbox_full", "timeout", "finished"):
        assert word in found
    assert "".join(reasons(summarise(empty_run()))) == ""


def test_an_empty_run_has_no_times() -> None:
    found = "".join(all_figures(summarise(empty_run()), {}))
    assert "<caption>Times in" not in found
    assert "People missing" in found
