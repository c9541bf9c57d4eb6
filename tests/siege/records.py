"""What the siege's parts tell each other, and what one attack found.

Plain picklable data. Pure: no I/O, no clock.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """How an attack is judged."""

    LOAD = "load"  # by what the others feel meanwhile
    CHECK = "check"  # by what the server lets it do


@dataclass(frozen=True, slots=True)
class Order:
    """Runner to an attacker's process: what to do, and to whom."""

    attack: str
    url: str
    host: str
    udp_port: int
    class_id: str
    secret: str
    metrics_token: str
    log_file: str
    server_pid: int
    teacher_port: int  # UDP port of the teacher's own socket; 0: there is no class
    seconds: float


@dataclass(frozen=True, slots=True)
class Prepared:
    """Attacker to runner: it waits for the word. `participant` publishes, if it is named."""

    participant: str = ""


@dataclass(slots=True)
class Outcome:
    """Attacker to runner: the last message."""

    sent: int = 0  # datagrams, messages, requests or connections
    sent_bytes: int = 0
    drawn_bytes: int = 0  # what came back that is no media
    seconds: float = 0.0
    removed: str = ""  # why the server ended the attacker's stay, if it did
    facts: list[str] = field(default_factory=list)
    passed: bool | None = None  # of a check; None: it is measured and not judged
    error: str = ""  # the attack itself could not be made


@dataclass(frozen=True, slots=True)
class Spread:
    """Of some values in milliseconds."""

    count: int
    p50: float
    p99: float
    worst: float


@dataclass(frozen=True, slots=True)
class Span:
    """What participants felt in a stretch of time, and what the server spent."""

    seconds: float
    latency: Spread | None  # None: no frame arrived
    acks: Spread | None
    unanswered: int
    cpu_share: float  # of one core
    sent_bytes: float | None  # media, by the server's own count
    grown: dict[str, float] = field(default_factory=dict)  # counters of refusals and drops


@dataclass(frozen=True, slots=True)
class Finding:
    """One row of the table."""

    row: str
    name: str
    does: str
    kind: Kind
    calm: Span | None
    under: Span | None
    disconnected: tuple[str, ...]
    outcome: Outcome
    missed: tuple[str, ...]
