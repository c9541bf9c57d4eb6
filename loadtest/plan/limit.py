"""How many viewers a server holds: grow until a limit breaks, then halve the gap.

The search itself is pure: it is told how each step went and says which comes next.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field

GROWTH = 1.5


@dataclass(frozen=True, slots=True)
class SearchStep:
    """One run of the search."""

    viewers: int
    broken: tuple[str, ...] = ()  # in words; empty: all limits were kept
    bots_limit: tuple[str, ...] = ()  # why the bots, not the server, decided the outcome
    figures: Mapping[str, float | None] = field(default_factory=dict)  # by path in the summary

    @property
    def holds(self) -> bool:
        return not self.broken


@dataclass(slots=True)
class Search:
    """From `start` by GROWTH up to `most`; then between the two until `resolution` apart."""

    start: int
    resolution: int
    most: int
    steps: list[SearchStep] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not 1 <= self.start <= self.most:
            raise ValueError(f"the first step must be from 1 to {self.most} viewers")
        if self.resolution < 1:
            raise ValueError("the resolution must be 1 or more")

    @property
    def best(self) -> SearchStep | None:
        """The largest that held."""
        return max((s for s in self.steps if s.holds), key=lambda s: s.viewers, default=None)

    @property
    def worst(self) -> SearchStep | None:
        """The smallest that broke; a larger one that held does not change that."""
        return min((s for s in self.steps if not s.holds), key=lambda s: s.viewers, default=None)

    @property
    def bots_were_the_limit(self) -> bool:
        """Whether the step that decided was decided by the bots."""
        return bool(self.worst and self.worst.bots_limit)

    def next(self) -> int | None:
        """How many viewers to try; None: the limit is found, or the bots are in the way."""
        if not self.steps:
            return self.start
        if self.bots_were_the_limit:
            return None
        held = self.best.viewers if self.best else 0
        if self.worst is None:
            grown = max(held + self.resolution, round(held * GROWTH))
            return min(grown, self.most) if held < self.most else None
        gap = self.worst.viewers - held
        return held + gap // 2 if gap > self.resolution and gap > 1 else None

    def to_json(self) -> dict[str, object]:
        """Plain data for json.dumps."""
        return {
            "viewers": self.best.viewers if self.best else None,
            "broke_at": self.worst.viewers if self.worst else None,
            "resolution": self.resolution,
            "bots_were_the_limit": self.bots_were_the_limit,
            "answer": self.answer(),
            "steps": [asdict(step) for step in self.steps],
        }

    def answer(self) -> str:
        """The answer in a sentence or two."""
        held, broke = self.best, self.worst
        if held is None and broke is None:
            return "Nothing was tried."
        if broke is None and held is not None:
            return f"At least {held.viewers} viewers on one core: no limit broke up to there."
        assert broke is not None
        if broke.bots_limit:
            least = f"at least {held.viewers} viewers" if held else "an unknown number of viewers"
            return (
                f"The bots were the limit, not the server: at {broke.viewers} viewers "
                f"{'; '.join(broke.bots_limit)}. One core holds {least}; use more cores or a "
                "second machine for the bots to find out how many."
            )
        why = "; ".join(broke.broken)
        if held is None:
            return f"Fewer than {broke.viewers} viewers on one core: {why}."
        return f"{held.viewers} viewers on one core. At {broke.viewers}: {why}."


async def find(search: Search, measure: Callable[[int], Awaitable[SearchStep]]) -> None:
    """Runs the search's steps, one after the other."""
    while (viewers := search.next()) is not None:
        search.steps.append(await measure(viewers))
