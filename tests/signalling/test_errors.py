"""Exceptions as clients see them."""

from common.errors import CapacityError, PeerError, StateError
from signalling.errors import FloodError, ForbiddenError, MessageError, to_wire


def test_codes_and_messages_of_our_errors_reach_the_client() -> None:
    for error in (
        StateError("no_media", "Send an offer first."),
        CapacityError("class_full", "This class is full."),
        PeerError("bad_sdp", "line 3: no"),
        ForbiddenError("Only the teacher can do this."),
        FloodError(),
    ):
        assert to_wire(error) == {
            "ok": False,
            "error": {"code": error.code, "message": error.message},
        }


def test_field_is_told_when_there_is_one() -> None:
    assert to_wire(MessageError("no", "to"))["error"].get("field") == "to"
    assert "field" not in to_wire(MessageError("no"))["error"]


def test_unknown_errors_say_nothing_of_the_inside() -> None:
    refusal = to_wire(RuntimeError("password is hunter2"))
    assert refusal["error"]["code"] == "internal"
    assert "hunter2" not in str(refusal)
