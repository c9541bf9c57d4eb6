"""The siege's table, for a terminal and for the documents. Pure: no I/O, no clock."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from tests.siege.figures import added_ms, drawn_bytes
from tests.siege.records import Finding, Kind, Span

LOAD_HEAD = (
    "row",
    "attack",
    "added p99 ms",
    "ack p99 ms",
    "worst ack",
    "lost people",
    "server CPU",
    "attacker kB/s",
    "drawn kB/s",
    "verdict",
)
CHECK_HEAD = ("row", "attack", "seen", "verdict")
NONE = "-"
MAX_GREW = 4  # counters named in a row
_WIDE = frozenset({"attack", "seen"})


def load_cells(finding: Finding) -> tuple[str, ...]:
    """The row of an attack that is judged by what others feel."""
    calm, under, outcome = finding.calm, finding.under, finding.outcome
    added = added_ms(calm, under) if calm and under else None
    acks = under.acks if under else None
    seconds = outcome.seconds or (under.seconds if under else 0.0)
    return (
        finding.row,
        finding.name,
        "none came" if added is None else f"{added:+.1f}",
        "none came" if acks is None else f"{acks.p99:.0f}",
        NONE if acks is None else f"{acks.worst:.0f}",
        str(len(finding.disconnected)),
        _cpu(calm, under),
        _rate(outcome.sent_bytes, seconds),
        _rate(drawn_bytes(calm, under, outcome), seconds),
        verdict(finding),
    )


def _cpu(calm: Span | None, under: Span | None) -> str:
    if calm is None or under is None:
        return NONE
    return f"{calm.cpu_share:.0%} → {under.cpu_share:.0%}"


def _rate(size: float, seconds: float) -> str:
    return f"{size / 1000 / seconds:,.0f}" if seconds else NONE


def check_cells(finding: Finding) -> tuple[str, ...]:
    """The row of an attack that is judged by what the server lets it do."""
    return (
        finding.row,
        finding.name,
        "; ".join(finding.outcome.facts) or finding.outcome.error,
        verdict(finding),
    )


def verdict(finding: Finding) -> str:
    """In a word or two; a check without a bar is only measured."""
    if finding.missed:
        return "FAIL: " + ", ".join(finding.missed)
    if finding.kind is Kind.CHECK and finding.outcome.passed is None:
        return "measured"
    return "ok"


def remarks(finding: Finding) -> list[str]:
    """What the columns do not say."""
    said = list(finding.outcome.facts) if finding.kind is Kind.LOAD else []
    if finding.outcome.removed:
        said.append(f"attacker removed: {finding.outcome.removed}")
    if finding.outcome.error:
        said.append(finding.outcome.error)
    if finding.disconnected:
        said.append(f"disconnected: {', '.join(finding.disconnected[:3])}")
    if finding.under is not None and finding.under.grown:
        first = list(finding.under.grown.items())[:MAX_GREW]
        said.append("counted " + ", ".join(f"{name} +{value:,.0f}" for name, value in first))
    return said


def of_kind(findings: Sequence[Finding], kind: Kind) -> list[Finding]:
    return [finding for finding in findings if finding.kind is kind]


def markdown(findings: Sequence[Finding], about: str) -> str:
    """Both tables and what else was seen, ready for a document."""
    loads, checks = of_kind(findings, Kind.LOAD), of_kind(findings, Kind.CHECK)
    lines = [about, ""]
    if loads:
        lines += [*_rows(LOAD_HEAD, [load_cells(finding) for finding in loads]), ""]
    if checks:
        lines += [*_rows(CHECK_HEAD, [check_cells(finding) for finding in checks]), ""]
    told = [(finding, remarks(finding)) for finding in findings]
    if any(said for _, said in told):
        lines += ["What else was seen:", ""]
        lines += [f"- **{one.row}** {one.does}: {'; '.join(said)}" for one, said in told if said]
    return "\n".join(lines).rstrip() + "\n"


def _rows(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    rule = ["---" if name in _WIDE or name in ("row", "verdict") else "---:" for name in head]
    return [f"| {' | '.join(_safe(cells))} |" for cells in (head, rule, *rows)]


def _safe(cells: Sequence[str]) -> list[str]:
    return [cell.replace("|", "\\|").replace("\n", " ") for cell in cells]


def document(findings: Sequence[Finding], about: dict[str, Any]) -> dict[str, Any]:
    """All figures as JSON can hold them."""
    return {**about, "rows": [asdict(finding) for finding in findings]}
