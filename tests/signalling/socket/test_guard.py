"""Verdicts on the frames of strangers and of admitted sockets."""

import pytest

from signalling.socket.clients import BURST, Budget
from signalling.socket.guard import (
    MAX_FRAME,
    MAX_NODES,
    MAX_OFFER,
    STRANGER_BYTES,
    STRANGER_FRAMES,
    FrameAction,
    SocketGuard,
)

CONNECT = '40{"token":"x.y.z"}'


def member() -> SocketGuard:
    guard = SocketGuard()
    guard.budget = Budget(0.0)
    return guard


def refused(guard: SocketGuard, frame: str | None, now: float = 0.0) -> str:
    verdict = guard.take(frame, now)
    assert verdict.action is FrameAction.REFUSE, verdict
    return verdict.reason


def test_a_stranger_may_connect_once_answer_pings_and_go() -> None:
    guard = SocketGuard()
    assert guard.take("3", 0.0).action is FrameAction.IGNORE
    assert guard.take(CONNECT, 0.0).action is FrameAction.PASS
    again = guard.take(CONNECT, 0.0)
    assert (again.action, again.reason) == (FrameAction.END, "bad_frame")
    assert SocketGuard().take("40", 0.0).action is FrameAction.PASS
    gone = guard.take("1", 0.0)
    assert (gone.action, gone.reason) == (FrameAction.END, "")


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "4",
        "2",
        "2probe",
        "5",
        "x",
        '420["hand",{}]',
        '430["x"]',
        "41",
        '40/other,{"token":"x"}',
        "4[[],[],[]]",
        "40[]",
        "40{" + "[]," * 20,
        '451-["hand",{}]',
        "\u0664\u0660",
        None,
    ],
)
def test_anything_else_ends_a_stranger(frame: str | None) -> None:
    verdict = SocketGuard().take(frame, 0.0)
    assert (verdict.action, verdict.reason) == (FrameAction.END, "bad_frame")


def test_a_stranger_brings_eight_kilobytes_in_all() -> None:
    """498 kB of `[[],[],…` took 181 ms of the loop, without a token."""
    too_long = SocketGuard().take("4[" + "[]," * 166_000 + "[]]", 0.0)
    assert (too_long.action, too_long.reason) == (FrameAction.END, "too_much_before_token")
    guard = SocketGuard()
    padded = '40{"token":"' + "x" * (STRANGER_BYTES - 14) + '"}'
    assert guard.take(padded, 0.0).action is FrameAction.PASS
    assert guard.take("3", 0.0).reason == "too_much_before_token"


def test_a_stranger_brings_few_frames() -> None:
    guard = SocketGuard()
    verdicts = [guard.take("3", 0.0) for _ in range(STRANGER_FRAMES + 1)]
    assert [one.action for one in verdicts[:-1]] == [FrameAction.IGNORE] * STRANGER_FRAMES
    assert verdicts[-1].reason == "too_much_before_token"


def test_a_stranger_may_not_ping_by_itself() -> None:
    assert SocketGuard().take_control(0.0).action is FrameAction.END


def test_a_members_messages_pass() -> None:
    guard = member()
    for frame in ('42["hand",{"raised":true}]', '4217["chat-message", {"text":"x"}]', "41"):
        assert guard.take(frame, 0.0).action is FrameAction.PASS
    assert guard.take("3", 0.0).action is FrameAction.IGNORE
    assert guard.take_control(0.0).action is FrameAction.PASS


@pytest.mark.parametrize(
    "frame",
    [
        *("", "2", "4", "9", "42[", "42[]", "42{}", '431["x"]', "40", CONNECT, None),
        *('451-["hand",{}]', "42[" * 50, '42/x,["hand",{}]', '42["hand', "4[[],[]]"),
        '421234567890123["hand",{}]',
    ],
)
def test_a_frame_that_is_no_message_goes_no_further(frame: str | None) -> None:
    assert refused(member(), frame) == "bad_frame"


def test_unknown_events_are_told_and_never_parsed() -> None:
    verdict = member().take('4212["connect",' + "[[],[]" * 1_000, 0.0)
    assert (verdict.action, verdict.reason) == (FrameAction.REFUSE, "unknown_event")
    assert verdict.reply is not None
    number, refusal = verdict.reply
    assert (number, refusal["error"]["code"]) == ("12", "unknown_event")
    assert member().take('42["connect",{}]', 0.0).reply is None


def test_only_an_offer_may_be_long_and_nothing_may_be_branched() -> None:
    text = "x" * MAX_FRAME
    assert refused(member(), f'42["chat-message",{{"text":"{text}"}}]') == "bad_message"
    assert member().take(f'42["video-offer",{{"sdp":"{text}"}}]', 0.0).action is FrameAction.PASS
    longest = "x" * MAX_OFFER
    assert refused(member(), f'42["video-offer",{{"sdp":"{longest}"}}]') == "bad_message"
    fields = ",".join(f'"f{n}":1' for n in range(MAX_NODES))
    assert refused(member(), '42["video-offer",{"sdp":"v=0",' + fields + "}]") == "bad_message"


def test_refused_messages_count() -> None:
    """An offer with 40,000 unknown fields took 60 to 150 ms and never counted."""
    guard = member()
    frame = '421["video-offer",{' + ",".join(f'"f{n}":1' for n in range(40_000)) + "}]"
    reasons = [guard.take(frame, 0.0).reason for _ in range(int(BURST))]
    assert reasons[0] == "bad_message"
    assert reasons[-1] in ("too_many_messages", "too_many_offers")
    assert guard.take('422["hand",{"raised":true}]', 0.0).reason == "too_many_messages"


def test_frames_that_are_no_messages_count_too() -> None:
    guard = member()
    actions = [guard.take("3", 0.0).action for _ in range(5_000)]
    assert actions.count(FrameAction.IGNORE) < 2_000
    assert actions[-1] is FrameAction.REFUSE
    assert guard.take_control(0.0).reason == "too_many_messages"
