"""Fills a subscriber's audio slots with voices. Pure: no I/O, no clock."""

from collections.abc import Sequence


def fill(
    current: Sequence[str | None], pinned: str | None, wanted: Sequence[str]
) -> list[str | None]:
    """Producer ids for the slots: the pinned voice in the first, then the wanted in order.

    A voice that has a slot keeps it while it is among those that fit, so sound never jumps
    from one slot to another while its person speaks.
    """
    slots: list[str | None] = [None] * len(current)
    free = list(range(len(current)))
    if pinned is not None and free:
        slots[free.pop(0)] = pinned
    chosen = [producer for producer in wanted if producer != pinned][: len(free)]
    for position in tuple(free):
        kept = current[position]
        if kept in chosen:
            slots[position] = kept
            chosen.remove(kept)
            free.remove(position)
    for position, producer in zip(free, chosen, strict=False):
        slots[position] = producer
    return slots
