"""A subscriber's wish for one receiving slot. Pure: no I/O, no clock."""

from typing import Annotated

from msgspec import Meta, Struct

WANTS = ("pinned", "speaker", "page", "off")

# msgspec searches with Python's `re`: only \Z is the end of the text.
Mid = Annotated[str, Meta(pattern=r"^[\x21-\x7e]{1,16}\Z")]
Want = Annotated[str, Meta(pattern=rf"^(?:{'|'.join(WANTS)})\Z")]
ProducerId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}:[a-z-]{1,16}\Z")]
Height = Annotated[int, Meta(ge=1, le=8_192)]


class SlotWant(Struct, rename="camel", forbid_unknown_fields=True):
    """One line of a client's layout, the same on the wire, in signalling and in the SFU.

    want: "pinned" and "page" show `producer` (the first before the second when bandwidth is
    short), "speaker" whoever speaks, "off" nothing. A producer is shown once: of several slots
    that want it by the first pinned one, else the speaker's, else the first page; the others show
    nothing, a speaker's the next who spoke. max_height: pixels; None for the best.
    Bounds hold for what is decoded, not for what is constructed.
    """

    mid: Mid
    want: Want
    producer: ProducerId | None = None
    max_height: Height | None = None
