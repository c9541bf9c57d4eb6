"""The records that the load test's parts exchange: plans, messages over the pipes, a whole run.

Plain picklable data. Pure: no I/O, no clock. "Start" is the run's start, `Begin.at`; times are
seconds after it unless a name says otherwise.
"""

from array import array
from dataclasses import dataclass, field

SILENT_AFTER = 10.0  # s that a bot waits for its first packet and picture; then it tells of none


@dataclass(frozen=True, slots=True)
class LinkFaults:
    """The faults of one bot's own link; the bot makes them."""

    loss: float = 0.0  # share of datagrams dropped, each way
    # (seconds after its join, bits/s of its downlink; None: no limit)
    rate: tuple[tuple[float, float | None], ...] = ()
    handover_every: float | None = None  # s; a new local socket, nominated by ICE
    seed: int = 0


@dataclass(frozen=True, slots=True)
class BotPlan:
    """One participant."""

    name: str
    role: str
    token: str
    join_at: float  # s after the run's start
    leave_at: float | None = None
    publish: tuple[str, ...] = ()  # of "camera", "microphone"
    layers: int = 3  # simulcast layers of its camera
    # (from, to) s after the start: loud then, quiet else; None: always loud
    speaks: tuple[tuple[float, float], ...] | None = None
    audio_slots: int = 3
    video_slots: int = 1
    # "teacher" (pinned), "speaker", "gallery" (fills video_slots with other people's cameras, in a
    # round of its own), "nothing"
    show: str = "teacher"
    max_height: int | None = None
    sampled: bool = False
    base: bool = True  # False: its latencies are kept apart
    late: bool = False  # storm, churn: its times move with the measured part (Shift)
    faults: LinkFaults | None = None


@dataclass(frozen=True, slots=True)
class FleetPlan:
    """One process of bots."""

    number: int
    url: str
    class_id: str
    bots: tuple[BotPlan, ...]
    core: int | None  # it is kept on this one
    clip_height: int = 720


@dataclass(slots=True)
class Ready:
    """Fleet to runner, first of all: all is loaded, the fleet waits for Begin."""

    fleet: int


@dataclass(slots=True)
class Begin:
    """Runner to fleet."""

    at: float  # time.monotonic() of the run's start (same machine: one clock)


@dataclass(slots=True)
class Shift:
    """Runner to fleet, once: the measured part's start is known, and so is the latecomers' time."""

    by: float  # s later than planned


@dataclass(slots=True)
class People:
    """Runner to all fleets: user name to participant id, of those who publish."""

    participants: dict[str, str]
    teacher: str | None


@dataclass(slots=True)
class Finish:
    """Runner to fleet: leave in order, then Done."""


@dataclass(slots=True)
class Joined:
    """Fleet to runner: when the first frame came (audio only: the first packet), or SILENT_AFTER.

    Who publishes sends one more as soon as it has joined, since others must know its id to show it;
    of several with one name the last counts.
    """

    name: str
    participant: str
    at: float  # s after the start
    join_ms: float  # from when it was due to the answer of video-join
    first_packet_ms: float | None  # from the same moment; None: it had not come in time
    first_frame_ms: float | None


@dataclass(slots=True)
class Failed:
    """Fleet to runner: a bot did not get in, or fell out."""

    name: str
    at: float
    code: str
    message: str


@dataclass(slots=True)
class Tick:
    """Fleet to runner, every second; counts are since the last tick."""

    fleet: int
    at: float
    present: int
    packets: int
    bytes: int
    lost: int  # by sequence gaps not filled within 1 s
    cpu_s: float  # of the fleet's process
    lag_ms: float  # the worst: kernel arrival (SO_TIMESTAMPNS) to being read, of sampled bots
    # ms of added latency, single precision; at most 2,000 a tick, thinned evenly beyond
    latencies: "array[float]"
    late_latencies: "array[float]"  # of who is not of the base
    nacks: int
    plis: int
    freezes: int
    frames: int
    sent: int
    overflows: int | None = None  # datagrams its sockets had no room for (SO_RXQ_OVFL)
    frozen: int = 0  # pictures that stand still at its end, however long they have
    unsent: int = 0  # datagrams that the system refused to send


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """The counts of a bot from its join to its end, the join included."""

    packets: int = 0
    lost: int = 0
    recovered: int = 0
    duplicates: int = 0
    undecryptable: int = 0
    frames: int = 0
    freezes: int = 0
    freeze_s: float = 0.0
    switches: int = 0
    unsent: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BotResult(Counts):
    """One bot's totals at its end."""

    name: str
    sampled: bool
    base: bool
    left: str  # why it ended


@dataclass(slots=True)
class Done:
    """Fleet to runner: the last message."""

    fleet: int
    results: list[BotResult]


@dataclass(slots=True)
class ServerSample:
    """Every second, from /metrics?scope=worker (and /proc with --spawn): totals so far."""

    at: float
    cpu_s: float
    rss_bytes: int | None  # None, here and below: the server does not tell
    copies: int
    packets_in: int | None
    bytes_out: int | None
    drops: dict[str, int] | None
    stalls: int | None
    longest_stall_ms: float | None


@dataclass(slots=True)
class BrowserResult:
    """One real Chromium viewer's own statistics."""

    name: str
    joined: bool
    join_ms: float | None
    first_frame_ms: float | None
    frames_decoded: int
    frames_dropped: int
    freezes: int
    freeze_s: float
    packets: int
    lost: int
    fps: float
    width: int
    height: int
    jitter_buffer_ms: float
    audio_concealed: float
    error: str | None


@dataclass(slots=True)
class RunRecord:
    """All that one run found; summary.summarise(record) makes the Summary."""

    scenario: str
    title: str
    viewers: int
    duration: float
    url: str
    spawned: bool
    machine: str
    started_at: float  # wall clock, s since 1970
    server_core: int | None
    fleet_cores: list[int]
    commit: str
    measure_from: float  # s: the steady part (everybody of the base is in)
    measure_to: float
    joined: list[Joined]
    failed: list[Failed]
    ticks: list[Tick]
    results: list[BotResult]
    server: list[ServerSample]
    browsers: list[BrowserResult]
    expected: int
    notes: list[str]
    command: str = ""  # as it was typed, keys and tokens left out
    core_of: dict[int, int] = field(default_factory=dict)  # the core of each fleet that is pinned
    asks_nothing: frozenset[str] = frozenset()  # bots that want no media and get none
    wants_no_picture: frozenset[str] = frozenset()  # bots that expect none
