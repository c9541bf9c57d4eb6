"""The layers that one subscriber's bandwidth is divided among.

A plan is a pure function of the requests and the budget; holding still when a plan would
flicker is the caller's and the estimator's matter. Pure: no I/O, no clock.
"""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sfu.publish.producer import LayerInfo

Key = TypeVar("Key", bound=Hashable)


@dataclass(slots=True)
class SlotRequest(Generic[Key]):
    """A slot's demand. `priority` 0 comes first; `layers` ascend; no max_height: the best."""

    key: Key
    priority: int
    layers: tuple[LayerInfo, ...]
    max_height: int | None = None


def allocate(requests: Sequence[SlotRequest[Key]], budget: float | None) -> dict[Key, int | None]:
    """Layer index per slot; None: paused for lack of bandwidth, or nothing to choose from.

    Every slot gets its lowest layer first, in order of priority; what is left raises them one
    after the other, in the same order. Without a budget each gets what it asks for. The first
    slot is never paused: what is known of the bandwidth is a guess, and a class without its
    picture is no class.
    """
    ladders = {request.key: _ladder(request) for request in _by_priority(requests)}
    left = math.inf if budget is None else budget
    chosen: dict[Key, LayerInfo | None] = {}
    for key, ladder in ladders.items():
        fits = bool(ladder) and (not any(chosen.values()) or ladder[0].bitrate <= left)
        chosen[key] = ladder[0] if fits else None
        left -= ladder[0].bitrate if fits else 0
    for key, ladder in ladders.items():
        present = chosen[key]
        if present is None:
            continue
        affordable = [layer for layer in ladder if layer.bitrate <= left + present.bitrate]
        best = affordable[-1] if affordable else present
        left -= best.bitrate - present.bitrate
        chosen[key] = best
    return {key: None if layer is None else layer.index for key, layer in chosen.items()}


def next_step(requests: Sequence[SlotRequest[Key]], plan: Mapping[Key, int | None]) -> float:
    """Budget in bits/s for one layer more than the plan has; infinite when nothing is left.

    The first slot in order of priority that can be raised is raised: paused ones before others.
    """
    ladders = {request.key: _ladder(request) for request in _by_priority(requests)}
    spent = 0.0
    resume = climb = math.inf
    for key, ladder in ladders.items():
        place = _place(ladder, plan.get(key))
        present = ladder[place].bitrate if place >= 0 else 0.0
        spent += present
        if place + 1 >= len(ladder):
            continue
        extra = ladder[place + 1].bitrate - present
        if place < 0:
            resume = extra if resume == math.inf else resume
        elif climb == math.inf:
            climb = extra
    return spent + (resume if resume != math.inf else climb)


def _by_priority(requests: Sequence[SlotRequest[Key]]) -> list[SlotRequest[Key]]:
    return sorted(requests, key=lambda request: request.priority)


def _ladder(request: SlotRequest[Key]) -> list[LayerInfo]:
    """The layers that make sense for the slot, lowest first, its goal last."""
    active = [layer for layer in request.layers if layer.bitrate > 0]
    if not active:
        return list(request.layers[:1])
    if request.max_height is None:
        return active
    for place, layer in enumerate(active):
        if layer.height >= request.max_height:
            return active[: place + 1]
    return active


def _place(ladder: Sequence[LayerInfo], index: int | None) -> int:
    """Where the plan's layer stands; -1 for a paused slot, the goal for a layer above it."""
    if index is None:
        return -1
    return max(
        (place for place, layer in enumerate(ladder) if layer.index <= index),
        default=min(0, len(ladder) - 1),
    )
