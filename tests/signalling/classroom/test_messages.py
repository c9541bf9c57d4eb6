"""Messages that are accepted and refused, and the sentences of the refusals."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from signalling.classroom.features.registry import FEATURES
from signalling.classroom.messages import MAX_ITEMS, MAX_KEYS, MAX_SDP, MAX_TEXT
from signalling.errors import MessageError, to_wire

GOOD: list[tuple[str, dict[str, object]]] = [
    ("video-join", {"classId": "demo"}),
    ("video-join", {"classId": "demo", "resume": "abc"}),
    ("video-offer", {"sdp": "v=0"}),
    ("video-offer", {"sdp": "x" * MAX_SDP, "iceRestart": True}),
    ("video-ice", {"candidate": None}),
    (
        "video-ice",
        {
            "candidate": {
                "candidate": "candidate:1 1 udp 1 1.2.3.4 5 typ host",
                "sdpMid": "0",
                "sdpMLineIndex": 0,
                "usernameFragment": "abcd",
            }
        },
    ),
    ("video-leave", {}),
    ("video-leave", {"resumable": True}),
    ("media-state", {}),
    ("media-state", {"microphone": True, "camera": False, "screen": False}),
    ("layout", {"slots": []}),
    ("layout", {"slots": [{"mid": "4", "want": "page", "producer": "a:camera", "maxHeight": 90}]}),
    ("chat-message", {"text": "x" * MAX_TEXT}),
    ("hand", {"raised": True}),
    ("reaction", {"kind": "thumbs-up"}),
    ("moderate", {"action": "lock"}),
    ("class-start", {"classId": "demo"}),
    ("class-end", {"classId": "demo"}),
    ("announce", {"text": "Break", "audience": "students"}),
]

BAD: list[tuple[str, object, str | None]] = [
    ("video-join", {}, "classId"),
    ("video-join", {"classId": "../etc"}, "classId"),
    ("video-join", {"classId": "x" * 65}, "classId"),
    ("video-join", {"classId": "demo", "resume": "x" * 129}, "resume"),
    ("video-join", {"classId": 5}, "classId"),
    ("video-join", {"classId": "demo", "extra": 1}, "extra"),
    ("video-offer", {"sdp": "x" * (MAX_SDP + 1)}, "sdp"),
    ("video-offer", {"sdp": ""}, "sdp"),
    ("video-offer", {"sdp": "v=0", "iceRestart": "yes"}, "iceRestart"),
    ("video-ice", {"candidate": {"sdpMLineIndex": -1}}, "candidate.sdpMLineIndex"),
    ("media-state", {"microphone": 1}, "microphone"),
    ("layout", {"slots": [{"mid": "4", "want": "all"}]}, "slots.0.want"),
    ("layout", {"slots": [{"mid": "", "want": "off"}]}, "slots.0.mid"),
    ("layout", {"slots": [{"mid": "4", "want": "off"}] * 2}, "slots"),
    ("layout", {"slots": [{"mid": "4", "want": "page", "maxHeight": 0}]}, "slots.0.maxHeight"),
    ("layout", {"slots": [{"mid": "4", "want": "page", "producer": "x"}]}, "slots.0.producer"),
    ("chat-message", {"text": "   "}, "text"),
    ("chat-message", {"text": "x" * (MAX_TEXT + 1)}, "text"),
    ("chat-message", {"text": "hi", "to": "<all>"}, "to"),
    ("hand", {"raised": "true"}, "raised"),
    ("reaction", {"kind": "skull"}, "kind"),
    ("moderate", {"action": "shout"}, "action"),
    ("announce", {"text": "Break", "audience": "parents"}, "audience"),
    ("hand", None, None),
    ("hand", [True], None),
    ("hand", "raised", None),
]


@pytest.mark.parametrize(("event", "payload"), GOOD)
def test_good_messages_are_understood(event: str, payload: dict[str, object]) -> None:
    assert isinstance(FEATURES.decode(event, (payload,)), FEATURES.messages[event])


def test_every_message_has_a_good_example() -> None:
    assert {event for event, _ in GOOD} == set(FEATURES.messages)


@pytest.mark.parametrize(("event", "payload", "field"), BAD)
def test_bad_messages_are_refused_with_the_field(
    event: str, payload: object, field: str | None
) -> None:
    with pytest.raises(ValidationError) as caught:
        FEATURES.decode(event, (payload,))
    error = to_wire(caught.value)["error"]
    assert error["code"] == "bad_message"
    assert error.get("field") == field


def test_refusal_does_not_repeat_what_was_sent() -> None:
    with pytest.raises(ValidationError) as caught:
        FEATURES.decode("video-join", ({"classId": "demo", "resume": "s3cret" * 50},))
    assert "s3cret" not in str(to_wire(caught.value))
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "payload",
    [
        {f"field{number}": 1 for number in range(MAX_KEYS + 1)},
        {"slots": [{"mid": str(n), "want": "off"} for n in range(MAX_ITEMS + 1)]},
        {"slots": [{"mid": [[[[]]]]}]},
        {"slots": [[1] * (MAX_ITEMS + 1)]},
    ],
)
def test_wide_or_deep_payloads_never_reach_a_model(
    payload: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(BaseModel, "model_validate")
    with pytest.raises(MessageError, match="too large"):
        FEATURES.decode("layout", (payload,))


def test_faults_are_few_however_many_there_are() -> None:
    slot = {f"f{number}": 1 for number in range(MAX_KEYS)}
    with pytest.raises(ValidationError) as caught:
        FEATURES.decode("layout", ({"slots": [slot] * MAX_ITEMS},))
    assert caught.value.error_count() <= MAX_KEYS + 2


@pytest.mark.parametrize("args", [(), ({"raised": True}, 1)])
def test_a_message_has_exactly_one_payload(args: tuple[object, ...]) -> None:
    with pytest.raises(MessageError, match="bad_message"):
        FEATURES.decode("hand", args)


def test_unknown_event_has_its_own_code() -> None:
    with pytest.raises(MessageError, match="unknown_event"):
        FEATURES.decode("connect", ({},))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner),
    max_leaves=10,
)


@settings(deadline=None)
@given(st.sampled_from(sorted(FEATURES.messages)), json_values)
def test_any_payload_is_a_message_or_a_refusal(event: str, payload: object) -> None:
    with suppress(MessageError, ValidationError):
        assert isinstance(FEATURES.decode(event, (payload,)), FEATURES.messages[event])
