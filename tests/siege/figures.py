"""From samples to figures, and from figures to a verdict. Pure: no I/O, no clock."""

import re
from collections.abc import Iterable, Mapping, Sequence

from prometheus_client.parser import text_string_to_metric_families

from tests.siege.records import Finding, Kind, Outcome, Span, Spread

ADDED_MS = 50.0  # p99 of the media's latency beyond the calm stretch's
ACK_MS = 200.0  # p99 of the acknowledgements
ARRIVED = 0.9  # share of the frames of a calm stretch that must still come

TELLING = re.compile(
    r"drop|refus|remov|slow|limit|reject|overrun|stall|spent|closed|crowd|fail|omit|ignored"
)
SENT_BYTES = "liveclass_worker_sent_bytes_total"


def spread(values: Iterable[float]) -> Spread | None:
    """Median, 99th percentile (nearest rank) and the worst; None of nothing."""
    ordered = sorted(values)
    if not ordered:
        return None
    return Spread(len(ordered), _rank(ordered, 0.5), _rank(ordered, 0.99), ordered[-1])


def _rank(ordered: Sequence[float], share: float) -> float:
    place = max(0, min(len(ordered) - 1, -int(-share * len(ordered) // 1) - 1))
    return round(ordered[place], 2)


def counters(text: str) -> dict[str, float]:
    """Every counter of a scrape by its name and labels; nothing of what is no Prometheus text."""
    found: dict[str, float] = {}
    try:
        for family in text_string_to_metric_families(text):
            if family.type != "counter":
                continue
            for sample in family.samples:
                labels = ",".join(sample.labels.values())
                found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    except (ValueError, KeyError, IndexError):
        return {}
    return found


def grown(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """What counters of refusals and drops gained, the largest first, in short names."""
    gains = {
        _short(name): value - before.get(name, 0.0)
        for name, value in after.items()
        if TELLING.search(name) and value > before.get(name, 0.0)
    }
    return dict(sorted(gains.items(), key=lambda gain: -gain[1]))


def _short(name: str) -> str:
    return name.removeprefix("liveclass_").removeprefix("worker_").replace("_total", "")


def judge(
    kind: Kind, calm: Span | None, under: Span | None, disconnected: int, outcome: Outcome
) -> tuple[str, ...]:
    """The bars that were missed, in words."""
    missed = []
    if outcome.error:
        missed.append("not run")
    if outcome.passed is False:
        missed.append("not held")
    if disconnected:
        missed.append("disconnected")
    if kind is Kind.LOAD and calm is not None and under is not None:
        missed += _felt(calm, under)
    return tuple(missed)


def _felt(calm: Span, under: Span) -> list[str]:
    missed = []
    added = added_ms(calm, under)
    if added is None or arrived(calm, under) < ARRIVED:
        missed.append("media missing")
    if added is not None and added > ADDED_MS:
        missed.append("latency")
    if under.acks is None or under.acks.p99 > ACK_MS:
        missed.append("acknowledgements")
    return missed


def added_ms(calm: Span, under: Span) -> float | None:
    """What the attack added to the 99th percentile; None when nothing arrived."""
    if calm.latency is None or under.latency is None:
        return None
    return under.latency.p99 - calm.latency.p99


def arrived(calm: Span, under: Span) -> float:
    """The share of the frames that a calm stretch would have had."""
    if calm.latency is None or under.latency is None or not calm.seconds or not under.seconds:
        return 0.0
    return (under.latency.count / under.seconds) / (calm.latency.count / calm.seconds)


def drawn_bytes(calm: Span | None, under: Span | None, outcome: Outcome) -> float:
    """What the server sent because of the attack: answers, and media beyond the usual."""
    media = 0.0
    if calm and under and calm.sent_bytes is not None and under.sent_bytes is not None:
        usual = calm.sent_bytes / calm.seconds * under.seconds
        media = max(0.0, under.sent_bytes - usual)
    return outcome.drawn_bytes + media


def is_fine(findings: Iterable[Finding]) -> bool:
    """Every bar was held."""
    return not any(finding.missed for finding in findings)
