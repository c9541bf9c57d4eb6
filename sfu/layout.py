"""What a subscriber asks to see. Pure: no I/O, no clock."""

from dataclasses import dataclass

WANTS = ("pinned", "speaker", "page", "off")


@dataclass(slots=True)
class SlotWant:
    """One line of a client's layout.

    want: "pinned" and "page" show `producer` (the first before the second when bandwidth is
    short), "speaker" whoever speaks, "off" nothing. A producer is shown once: of several slots
    that want it by the first pinned one, else the speaker's, else the first page; the others show
    nothing, a speaker's the next who spoke. max_height: pixels; None for the best.
    """

    mid: str
    want: str
    producer: str | None = None
    max_height: int | None = None
