"""The messages of all fleets, gathered for one run. Pure: no I/O, no clock."""

from collections import Counter
from dataclasses import dataclass, field
from math import inf

from loadtest.plan.cast import Cast
from loadtest.records import BotPlan, BotResult, Done, Failed, Joined, People, Ready, Tick

# The server's answers to a token it does not accept (signalling/PROTOCOL.md, Connecting).
REFUSALS = frozenset({"no_token", "bad_token", "token_expired", "token_not_yet_valid"})
MAX_FAILURES = 20_000
JUST_NOW = 2.0
MOST_TOLD = 3  # kinds of failures


@dataclass(slots=True)
class Gathering:
    """Takes every message of every fleet."""

    cast: Cast
    ready: set[int] = field(default_factory=set)
    done: set[int] = field(default_factory=set)
    joined: dict[str, Joined] = field(default_factory=dict)
    failed: list[Failed] = field(default_factory=list)
    ticks: list[Tick] = field(default_factory=list)
    results: list[BotResult] = field(default_factory=list)
    people: People = field(default_factory=lambda: People({}, None))
    news: bool = False  # `people` changed since it was last taken
    shift: float | None = None  # of latecomers' times; None: they have not been let go
    _publishers: frozenset[str] = frozenset()
    _awaited: set[str] = field(default_factory=set)
    _last_at: float = 0.0

    def __post_init__(self) -> None:
        self._publishers = self.cast.publishers
        self._awaited = {bot.name for bot in self.cast.bots if not bot.late}

    def take(self, message: object) -> None:
        """Takes one message; one that is not a fleet's is left alone."""
        match message:
            case Tick():
                self.ticks.append(message)
            case Joined():
                self._join(message)
            case Failed():
                self._arrived(message)
                if len(self.failed) < MAX_FAILURES:
                    self.failed.append(message)
            case Ready():
                self.ready.add(message.fleet)
            case Done():
                self.done.add(message.fleet)
                self.results += message.results

    def _join(self, message: Joined) -> None:
        self.joined[message.name] = message
        self._arrived(message)
        if message.name not in self._publishers:
            return
        if self.people.participants.get(message.name) == message.participant:
            return
        self.people.participants[message.name] = message.participant
        teacher = self.cast.teacher
        self.people.teacher = None if teacher is None else self.people.participants.get(teacher)
        self.news = True

    def _arrived(self, message: Joined | Failed) -> None:
        if message.name in self._awaited:
            self._awaited.remove(message.name)
            self._last_at = max(self._last_at, message.at)

    def take_people(self) -> People | None:
        """The publishers, when there is a new one."""
        if not self.news:
            return None
        self.news = False
        return self.people

    @property
    def refusal(self) -> Failed | None:
        """The server's refusal of the tokens, when it let no bot in."""
        if self.joined:
            return None
        return next((one for one in self.failed if one.code in REFUSALS), None)

    @property
    def in_at(self) -> float | None:
        """When the last bot was in or had failed, latecomers aside; None while one is awaited."""
        return None if self._awaited else self._last_at

    def cpu_s(self, start: float, end: float) -> float:
        """The CPU time of the fleets in that span."""
        return sum(tick.cpu_s for tick in self.ticks if start < tick.at <= end)

    @property
    def failure_notes(self) -> list[str]:
        """The commonest failures, with the first message of each."""
        counts = Counter(one.code for one in self.failed).most_common(MOST_TOLD)
        first = {one.code: one for one in reversed(self.failed)}
        return [
            f"{count} failed with {code}, first {first[code].name}: {first[code].message}"
            for code, count in counts
        ]

    def expected(self, until: float) -> int:
        """How many were to join by then; one due only just before is not missed yet."""
        due = {bot.name for bot in self.cast.bots if self._due(bot) <= until - JUST_NOW}
        return len(due | self.joined.keys() | {one.name for one in self.failed})

    def _due(self, bot: BotPlan) -> float:
        if not bot.late:
            return bot.join_at
        return inf if self.shift is None else bot.join_at + self.shift
