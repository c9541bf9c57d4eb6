"""Metric families for Prometheus, read from counts that are kept elsewhere.

Pure: no I/O, no clock.
"""

from collections.abc import Mapping, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

Family = CounterMetricFamily | GaugeMetricFamily


def family(name: str, text: str, kind: str, labels: Sequence[str]) -> Family:
    """A family without samples yet; the name of a counter's samples ends in _total."""
    make = CounterMetricFamily if kind == "counter" else GaugeMetricFamily
    return make(name, text, labels=labels)


def single(name: str, text: str, kind: str, value: float) -> Family:
    """A family with one sample without labels."""
    found = family(name, text, kind, ())
    found.add_metric((), value)
    return found


def by_label(name: str, text: str, kind: str, label: str, values: Mapping[str, float]) -> Family:
    """A family with one label, in the order of its values."""
    found = family(name, text, kind, (label,))
    for key, value in sorted(values.items()):
        found.add_metric((key,), value)
    return found
