"""The messages that every class understands: strict models with bounded fields.

Features bring their own (`signalling.classroom.features`). Wire names are camelCase, attributes
snake_case. Pure: no I/O, no clock.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Literal

from msgspec import ValidationError as MsgspecError
from msgspec import convert
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    ValidationError,
    field_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import InitErrorDetails, PydanticCustomError

from sfu.layout import SlotWant
from signalling.errors import MessageError

MAX_SDP = 400_000  # as sfu.negotiation.offer; a class offer with 40 slots has about 150 kB
MAX_TEXT = 2_000
MAX_KEYS = 16  # of an object
MAX_ITEMS = 64  # of an array
MAX_DEPTH = 4

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Secret = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TEXT, strict=True)
]


class Message(BaseModel):
    """A client message: unknown fields and loose types are refused."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        hide_input_in_errors=True,
    )


class VideoJoin(Message):
    """Joins the class, or returns to it with the token of the last join."""

    class_id: Id
    resume: Secret | None = None


class VideoOffer(Message):
    """The offer of the person's peer connection; `offer` is its number, repeated with the answer.

    `ice_restart` is a hint that is not read: the SFU sees a restart in the offer itself.
    """

    sdp: Annotated[str, StringConstraints(min_length=1, max_length=MAX_SDP)]
    ice_restart: bool = False
    offer: Annotated[int, Field(ge=0, le=2**31)] | None = None


class IceCandidate(Message):
    """RTCIceCandidateInit as browsers write it."""

    candidate: Annotated[str, StringConstraints(max_length=1_024)] = ""
    sdp_mid: Annotated[str, StringConstraints(max_length=64)] | None = None
    sdp_mline_index: Annotated[int | None, Field(alias="sdpMLineIndex", ge=0, le=1_000)] = None
    username_fragment: Annotated[str, StringConstraints(max_length=256)] | None = None


class VideoIce(Message):
    """A trickled candidate; null ends them."""

    candidate: IceCandidate | None


class VideoLeave(Message):
    """Leaves the class; `resumable` when the page goes away and may come back."""

    resumable: bool = False


class MediaState(Message):
    """The sources that the person has switched on; an absent field changes nothing."""

    microphone: bool | None = None
    camera: bool | None = None
    screen: bool | None = None


def _slot(value: object) -> SlotWant:
    """A slot's wish as the SFU understands it; raises ValidationError that names the field."""
    try:
        return convert(value, SlotWant)
    except MsgspecError as error:
        text, _, path = str(error).partition(" - at `$")
        field = path.strip(".`")
        fault = PydanticCustomError("slot", "{text}", {"text": text})
        line = InitErrorDetails(type=fault, loc=(field,) if field else (), input=None)
        raise ValidationError.from_exception_data("slot", [line]) from None


class Layout(Message):
    """The wishes for all receiving sections, or some."""

    slots: Annotated[
        list[Annotated[SlotWant, PlainValidator(_slot)]],
        Field(max_length=MAX_ITEMS, fail_fast=True),
    ]

    @field_validator("slots")
    @classmethod
    def _mids_differ(cls, slots: list[SlotWant]) -> list[SlotWant]:
        if len({slot.mid for slot in slots}) != len(slots):
            raise ValueError("a mid may occur once")
        return slots


class ModerateAction(StrEnum):
    """Actions of staff on a participant or on the class."""

    MUTE = "mute"
    STOP_CAMERA = "stop-camera"
    LOWER_HAND = "lower-hand"
    REMOVE = "remove"
    LOCK = "lock"
    UNLOCK = "unlock"
    END = "end"


class Moderate(Message):
    """Keeps order; the first four actions name a participant."""

    action: Annotated[ModerateAction, Field(strict=False)]
    participant: Id | None = None


class ClassStart(Message):
    """Begins the lesson."""

    class_id: Id


class ClassEnd(Message):
    """Ends the lesson for everyone."""

    class_id: Id


class Announce(Message):
    """A notice that pages show to everyone, the students or the teachers."""

    text: Text
    audience: Literal["all", "students", "teachers"] = "all"


CORE_MESSAGES: dict[str, type[Message]] = {
    "video-join": VideoJoin,
    "video-offer": VideoOffer,
    "video-ice": VideoIce,
    "video-leave": VideoLeave,
    "media-state": MediaState,
    "layout": Layout,
    "moderate": Moderate,
    "class-start": ClassStart,
    "class-end": ClassEnd,
    "announce": Announce,
}


# Each of these makes an event for the whole class: the sender pays for the copies.
CORE_TO_MANY = frozenset({"media-state"})


def parse(kind: type[Message], args: tuple[object, ...]) -> Message:
    """The message in an event's arguments; raises MessageError or ValidationError."""
    if len(args) != 1:
        raise MessageError("A message has one object as its payload.")
    if not _is_small(args[0], MAX_DEPTH):
        raise MessageError("The message is too large.")
    return kind.model_validate(args[0])


def _is_small(value: object, depth: int) -> bool:
    """True when keys, items and levels are few: a model would report a fault for each."""
    if isinstance(value, dict):
        return depth > 0 and len(value) <= MAX_KEYS and _all_small(value.values(), depth)
    if isinstance(value, list):
        return depth > 0 and len(value) <= MAX_ITEMS and _all_small(value, depth)
    return True


def _all_small(values: Iterable[object], depth: int) -> bool:
    return all(_is_small(value, depth - 1) for value in values)
