"""The options of `liveclass loadtest` as a record. Light to import, as typer needs no more."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Options:
    """The values typed, by the names of the command's parameters."""

    url: str = ""
    spawn: bool = False
    class_key: str = field(default="", repr=False)
    metrics_token: str = field(default="", repr=False)
    metrics_url: str = ""
    scenario: str = "class"
    viewers: int | None = None
    duration: float | None = None
    processes: int | None = None
    browsers: int = 0
    joins_per_s: float | None = None
    storm_joins: int | None = None
    storm_within: float | None = None
    churn_rate: float | None = None
    churn_stay: float | None = None
    flaky_loss: float | None = None
    turn: float | None = None
    set_keys: list[str] | None = None
    max_loss: float | None = None
    max_p99: float | None = None
    max_late_p99: float | None = None
    max_join_p95: float | None = None
    max_first_packet_p95: float | None = None
    max_failed: int = 0
    max_without_picture: int = 0
    max_freezes: int | None = None
    max_cpu: float | None = None
    max_stalls: int | None = None
    no_drift: bool = False
    find_limit: bool = False
    resolution: int = 20
    most: int = 5_000
    json_file: Path | None = None
    html_file: Path | None = None
    quiet: bool = False
