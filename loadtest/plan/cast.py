"""Plans of fleets made from a scenario: each bot's part, times and process.

Pure: no I/O, no clock, chance is an argument. Times are seconds after the run's start.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from loadtest.plan.scenario import MAX_PEOPLE, Behaviour, Group, Link, Scenario, ScenarioError
from loadtest.plan.window import PATIENCE
from loadtest.records import BotPlan, FleetPlan, LinkFaults

# The class is begun by its teacher; the others come when that has certainly happened.
LEAD = 2.0
SAMPLE_EVERY = 10
MIN_SAMPLED = 10
MAX_SAMPLED_A_FLEET = 40

Chance = Callable[[], float]  # from 0 up to 1
Tokens = Callable[[str, str], str]  # name, role: a join token


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody in the order of joining, and which part of the run is measured."""

    bots: tuple[BotPlan, ...]
    apart: frozenset[str]  # names of those in the fleet of their own
    measure_from: float
    measure_to: float

    @property
    def publishers(self) -> frozenset[str]:
        return frozenset(bot.name for bot in self.bots if bot.publish)

    @property
    def teacher(self) -> str | None:
        """Whom "teacher" shows: the first teacher with a camera."""
        teachers = (bot for bot in self.bots if bot.role == "teacher")
        return next((bot.name for bot in teachers if "camera" in bot.publish), None)


def cast(scenario: Scenario, chance: Chance) -> Cast:
    """Everybody of a scenario, without tokens; raises ScenarioError when it does not add up."""
    counts = head_counts(scenario)
    base = _base(scenario, counts)
    measure_from = max(bot.join_at for bot in base) + scenario.settle
    measure_to = measure_from + scenario.duration
    late = _storm(scenario, measure_from, chance)
    late += _churn(scenario, measure_from - scenario.settle, measure_to, chance)
    if len(base) + len(late) > MAX_PEOPLE:
        raise ScenarioError(f"{scenario.name}: more than {MAX_PEOPLE} people")
    bots = sorted([*base, *late], key=lambda bot: bot.join_at)
    bots = [replace(bot, faults=_seeded(bot.faults, n)) for n, bot in enumerate(bots)]
    names = {group.name: _names(group, counts) for group in scenario.groups}
    apart = (name for group in scenario.groups if group.own_fleet for name in names[group.name])
    speakers = (
        name for group in scenario.groups if group.speaks == "turns" for name in names[group.name]
    )
    # the latest end: no voice may fall silent in a run that is measured later than planned
    spoken = _take_turns(bots, frozenset(speakers), scenario.turn, measure_to + PATIENCE)
    return Cast(tuple(spoken), frozenset(apart), measure_from, measure_to)


def admit(people: Cast, tokens: Tokens) -> Cast:
    """The same people, each with a join token."""
    bots = (replace(bot, token=tokens(bot.name, bot.role)) for bot in people.bots)
    return replace(people, bots=tuple(bots))


def head_counts(scenario: Scenario) -> dict[str, int]:
    """How many people each group has; raises ScenarioError."""
    counts: dict[str, int] = {}
    for group in scenario.groups:
        if isinstance(group.count, int):
            counts[group.name] = group.count
        elif group.count.endswith("%"):
            counts[group.name] = round(scenario.viewers * int(group.count[:-1]) / 100)
        elif group.count == "viewers":
            counts[group.name] = scenario.viewers
    for group in scenario.groups:
        if group.count == "rest":
            viewers = (one.name for one in scenario.groups if one.counts_as_viewer)
            counts[group.name] = scenario.viewers - sum(counts.get(name, 0) for name in viewers)
            if counts[group.name] < 0:
                raise ScenarioError(f"{scenario.name}: too few viewers for its groups")
    return counts


def _names(group: Group, counts: dict[str, int]) -> list[str]:
    count = counts[group.name]
    if count == 1:
        return [group.name]
    width = len(str(count))
    return [f"{group.name}-{n:0{width}}" for n in range(1, count + 1)]


def _base(scenario: Scenario, counts: dict[str, int]) -> list[BotPlan]:
    """Teachers first, then who publishes, then the others, at the ramp's rate after LEAD."""

    def rank(group: Group) -> int:
        return 0 if group.role == "teacher" else 1 if group.publish else 2

    bots: list[BotPlan] = []
    at = 0.0
    for group in sorted(scenario.groups, key=rank):
        if rank(group):
            at = max(at, LEAD)
        for name in _names(group, counts):
            bots.append(_bot(group, name, at, base=group.link is None))
            at += 1 / scenario.joins_per_s
    return bots


def _bot(person: Behaviour, name: str, at: float, *, base: bool, late: bool = False) -> BotPlan:
    return BotPlan(
        name=name,
        role=person.role,
        token="",
        join_at=at,
        publish=person.publish,
        layers=person.layers,
        speaks=() if person.speaks == "never" else None,
        audio_slots=person.audio_slots,
        video_slots=person.video_slots,
        show=person.show,
        max_height=person.max_height,
        base=base,
        late=late,
        faults=None if person.link is None else _faults(person.link),
    )


def _faults(link: Link) -> LinkFaults:
    rate = tuple((step.at, None if step.kbps is None else step.kbps * 1000.0) for step in link.rate)
    return LinkFaults(link.loss, rate, link.handover_every)


def _seeded(faults: LinkFaults | None, seed: int) -> LinkFaults | None:
    return None if faults is None else replace(faults, seed=seed)


def _latecomer(person: Behaviour, number: int, of: int, at: float) -> BotPlan:
    return _bot(person, f"{person.name}-{number:0{len(str(of))}}", at, base=False, late=True)


def _storm(scenario: Scenario, measure_from: float, chance: Chance) -> list[BotPlan]:
    """Spread over the storm, each at a random moment of its own share of it."""
    storm, person = scenario.storm, scenario.latecomer
    if storm is None or person is None:
        return []
    start, share = measure_from + storm.after, storm.within / storm.joins
    times = [start + (n + chance()) * share for n in range(storm.joins)]
    return [_latecomer(person, n, storm.joins, at) for n, at in enumerate(times, 1)]


def _churn(scenario: Scenario, start: float, end: float, chance: Chance) -> list[BotPlan]:
    """From the base's last join on; a bot that would stay beyond the end is not told to leave."""
    churn, person = scenario.churn, scenario.latecomer
    if churn is None or person is None:
        return []
    count = int((end - start) * churn.rate)
    bots = []
    for n in range(count):
        at = start + (n + chance()) / churn.rate
        leave = at + churn.stay * (0.5 + chance())
        bot = _latecomer(person, n + 1, count, at)
        bots.append(replace(bot, leave_at=leave if leave < end else None))
    return bots


def _take_turns(
    bots: Sequence[BotPlan], speakers: frozenset[str], turn: float, end: float
) -> list[BotPlan]:
    """Those who take turns are loud for `turn` seconds each, in the order of joining."""
    names = [bot.name for bot in bots if bot.name in speakers]
    places = {name: place for place, name in enumerate(names)}
    cycle = turn * len(names)

    def turns(place: int) -> tuple[tuple[float, float], ...]:
        starts = [place * turn + n * cycle for n in range(int(end // cycle) + 1)]
        return tuple((at, at + turn) for at in starts)

    return [
        replace(bot, speaks=turns(places[bot.name])) if bot.name in places else bot for bot in bots
    ]


def wants_media(bot: BotPlan) -> bool:
    """False for who neither watches nor listens."""
    return bool(bot.audio_slots or (bot.video_slots and bot.show != "nothing"))


def without_sight(people: Cast) -> frozenset[str]:
    """The bots that ask for no picture, or only for one that is not sent."""
    cameras = {bot.name for bot in people.bots if "camera" in bot.publish}
    teacher = cameras & {people.teacher}

    def sees(bot: BotPlan) -> bool:
        shown = {"teacher": teacher, "nothing": set()}.get(bot.show, cameras)
        return bot.video_slots > 0 and bool(shown - {bot.name})

    return frozenset(bot.name for bot in people.bots if not sees(bot))


def sample(bots: Sequence[BotPlan], processes: int, at_least: int = MIN_SAMPLED) -> list[BotPlan]:
    """Every tenth of those who receive, spread evenly, or `at_least`; base and others apart."""
    limit = MAX_SAMPLED_A_FLEET * processes
    receivers = [bot for bot in bots if wants_media(bot)]
    chosen: set[str] = set()
    for kind in (True, False):
        names = [bot.name for bot in receivers if bot.base is kind]
        wanted = min(len(names), max(at_least, len(names) // SAMPLE_EVERY))
        share = len(names) / max(1, len(receivers))
        wanted = min(wanted, max(1, int(limit * share))) if names else 0
        chosen |= {names[n * len(names) // wanted] for n in range(wanted)}
    return [replace(bot, sampled=bot.name in chosen) for bot in bots]


def fleets(
    people: Cast,
    url: str,
    class_id: str,
    cores: Sequence[int],
    processes: int | None = None,
    clip_height: int = 720,
) -> tuple[FleetPlan, ...]:
    """The fleets: one for those apart, and `processes` (one a remaining core) for the others.

    `cores` are those that fleets may have; empty: they are not pinned. Who is sampled is spread
    over the fleets evenly, as is everybody else.
    """
    apart_core, free = _share_cores(cores, bool(people.apart))
    processes = processes or max(1, len(free))
    apart = [bot for bot in people.bots if bot.name in people.apart]
    others = [bot for bot in people.bots if bot.name not in people.apart]
    parts = _deal(sample(others, processes), processes)
    # Decrypting much would make publishers late.
    rows = [(apart_core, sample(apart, 1, at_least=1))] if apart else []
    rows += [(free[n % len(free)] if free else None, part) for n, part in enumerate(parts)]
    return tuple(
        FleetPlan(number, url, class_id, tuple(bots), core, clip_height)
        for number, (core, bots) in enumerate(row for row in rows if row[1])
    )


def _share_cores(cores: Sequence[int], has_apart: bool) -> tuple[int | None, list[int]]:
    """With two cores and more, the first is for the publishers alone."""
    if not cores:
        return None, []
    if has_apart and len(cores) > 1:
        return cores[0], list(cores[1:])
    return cores[0], list(cores)


def _deal(bots: Sequence[BotPlan], parts: int) -> list[list[BotPlan]]:
    """Round in turn, the sampled and the others each by themselves; in the order of joining."""
    dealt: list[list[BotPlan]] = [[] for _ in range(parts)]
    for kind in (True, False):
        for n, bot in enumerate(bot for bot in bots if bot.sampled is kind):
            dealt[n % parts].append(bot)
    return [sorted(part, key=lambda bot: bot.join_at) for part in dealt]
