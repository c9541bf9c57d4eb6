"""Families, as Prometheus's own parser reads what its library writes of them."""

from collections.abc import Iterable

from prometheus_client import Metric, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from common.metrics import Family, by_label, family, single


class Only(Collector):
    """A registry of one family."""

    def __init__(self, found: Family) -> None:
        self._found = found

    def collect(self) -> Iterable[Metric]:
        return [self._found]


def written(found: Family) -> str:
    return generate_latest(Only(found)).decode()


def test_a_counter_s_samples_end_in_total() -> None:
    moved = family("moves", "How often", "counter", ("who", "how"))
    moved.add_metric(("a", "b"), 3)
    (parsed,) = text_string_to_metric_families(written(moved))
    assert (parsed.name, parsed.type, parsed.documentation) == ("moves", "counter", "How often")
    assert [(s.name, s.labels, s.value) for s in parsed.samples] == [
        ("moves_total", {"who": "a", "how": "b"}, 3)
    ]


def test_label_values_are_escaped() -> None:
    name = 'quote " back \\ line \n end'
    (parsed,) = text_string_to_metric_families(
        written(by_label("held", "Text", "gauge", "name", {name: 1}))
    )
    assert parsed.samples[0].labels == {"name": name}


def test_a_gauge_keeps_its_name() -> None:
    assert written(single("first", "One", "gauge", 1)).splitlines() == [
        "# HELP first One",
        "# TYPE first gauge",
        "first 1.0",
    ]


def test_an_empty_family_still_says_what_it_is() -> None:
    (parsed,) = text_string_to_metric_families(written(by_label("none", "No", "gauge", "a", {})))
    assert parsed.samples == []
