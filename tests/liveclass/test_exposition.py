"""Prometheus's text, as its own parser reads it."""

from prometheus_client.parser import text_string_to_metric_families

from liveclass.exposition import Family, by_label, label_text, single


def test_the_parser_reads_what_was_written() -> None:
    moved = Family("moves", "How often", "counter")
    moved.add(3, label_text({"who": "a", "how": "b"}))
    moved.add(0.25)
    (family,) = text_string_to_metric_families(moved.text())
    assert (family.name, family.type, family.documentation) == ("moves", "counter", "How often")
    assert [(s.name, s.labels, s.value) for s in family.samples] == [
        ("moves_total", {"who": "a", "how": "b"}, 3),
        ("moves_total", {}, 0.25),
    ]


def test_label_values_are_escaped() -> None:
    name = 'quote " back \\ line \n end'
    family = by_label("held", "Text", "gauge", "name", {name: 1})
    (parsed,) = text_string_to_metric_families(family.text())
    assert parsed.samples[0].labels == {"name": name}


def test_a_gauge_keeps_its_name() -> None:
    assert single("first", "One", "gauge", 1).text().splitlines() == [
        "# HELP first One",
        "# TYPE first gauge",
        "first 1.0",
    ]


def test_an_empty_family_still_says_what_it_is() -> None:
    (family,) = text_string_to_metric_families(Family("none", "Nothing yet").text())
    assert family.samples == []
