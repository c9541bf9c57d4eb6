"""Errors of signalling, and the one function that turns exceptions into refusals for clients.

Pure: no I/O, no clock.
"""

from typing import NotRequired, TypedDict

from pydantic import ValidationError

from common.errors import LiveclassError


class ForbiddenError(LiveclassError):
    """The person's role or grants do not allow what was asked."""

    def __init__(self, message: str) -> None:
        super().__init__("forbidden", message)


class FloodError(LiveclassError):
    """The person has sent more messages than they may."""

    def __init__(self) -> None:
        super().__init__(
            "too_many_messages", "You are sending too many messages. Wait a moment and try again."
        )


class OfferFloodError(LiveclassError):
    """The person has made more or longer offers than they may; a later one is accepted."""

    def __init__(self) -> None:
        message = "You are connecting too often. Try again in a moment."
        super().__init__("too_many_offers", message)


class MessageError(LiveclassError):
    """The client's message cannot be understood; `field` names the part at fault."""

    def __init__(self, message: str, field: str | None = None, code: str = "bad_message") -> None:
        super().__init__(code, message)
        self.field = field


class WireError(TypedDict):
    """The error of a refusal."""

    code: str
    message: str
    field: NotRequired[str]


class Refusal(TypedDict):
    """The acknowledgement of a message that was refused."""

    ok: bool
    error: WireError


def to_wire(error: Exception) -> Refusal:
    """The refusal a client gets for an exception; of internal errors it learns no details."""
    if isinstance(error, ValidationError):
        error = _first_fault(error)
    if not isinstance(error, LiveclassError):
        return _refusal("internal", "Something went wrong on the server. Try again.")
    field = error.field if isinstance(error, MessageError) else None
    return _refusal(error.code, error.message, field)


def _first_fault(error: ValidationError) -> MessageError:
    fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
    field = ".".join(str(part) for part in fault["loc"]) or None
    return MessageError(fault["msg"], field)


def _refusal(code: str, message: str, field: str | None = None) -> Refusal:
    body: WireError = {"code": code, "message": message}
    if field is not None:
        body["field"] = field
    return {"ok": False, "error": body}
