"""The `layout` message of a bot: the people it wants in its video slots.

Pure: no I/O, no clock.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from loadtest.records import BotPlan

Json = dict[str, Any]


def layout(
    plan: BotPlan, mids: Sequence[str], people: Mapping[str, str], teacher: str | None
) -> Json:
    """`mids` are the video slots', `people` participant ids by name, of those who publish."""
    wanted = _WANTS[plan.show](plan, people, teacher)[: len(mids)]
    if plan.max_height is not None:
        wanted = [one | {"maxHeight": plan.max_height} for one in wanted]
    wanted += [{"want": "off"}] * (len(mids) - len(wanted))
    return {"slots": [{"mid": mid} | one for mid, one in zip(mids, wanted, strict=True)]}


def _teacher(plan: BotPlan, people: Mapping[str, str], teacher: str | None) -> list[Json]:
    if teacher is None or people.get(plan.name) == teacher:
        return []
    return [{"want": "pinned", "producer": f"{teacher}:camera"}]


def _speaker(plan: BotPlan, people: Mapping[str, str], teacher: str | None) -> list[Json]:
    return [{"want": "speaker"}]


def _gallery(plan: BotPlan, people: Mapping[str, str], teacher: str | None) -> list[Json]:
    """A round that begins behind oneself, so that everybody is shown equally often."""
    names = sorted(people)
    after = [name for name in names if name > plan.name]
    before = [name for name in names if name < plan.name]
    return [{"want": "page", "producer": f"{people[name]}:camera"} for name in after + before]


def _nothing(plan: BotPlan, people: Mapping[str, str], teacher: str | None) -> list[Json]:
    return []


_WANTS = {"teacher": _teacher, "speaker": _speaker, "gallery": _gallery, "nothing": _nothing}
