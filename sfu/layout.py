"""What a subscriber asks to see. Pure: no I/O, no clock."""

from dataclasses import dataclass

WANTS = ("pinned", "speaker", "page", "off")


@dataclass(slots=True)
class SlotWant:
    """One line of a client's layout.

    want: "pinned" and "page" show `producer` (the first before the second when bandwidth is
    short), "speaker" whoever speaks, "off" nothing. max_height: pixels; None for the best.
    """

    mid: str
    want: str
    producer: str | None = None
    max_height: int | None = None
