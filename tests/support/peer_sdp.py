"""Offers of a scripted peer, and what such a peer reads in the answer.

The answer is read by plain lines, apart from the SFU's own SDP code. Pure: no I/O, no clock.
"""

from dataclasses import dataclass, field

from tests.support import offers

OPUS, VP8, VP8_RTX = 111, 96, 97
SOURCES = {"microphone": "audio", "camera": "video", "screen": "video", "screen-audio": "audio"}


@dataclass(slots=True, frozen=True)
class OfferPlan:
    """What a peer offers. Its sections in order: what it sends, audio slots, video slots."""

    ufrag: str
    pwd: str
    fingerprint: tuple[str, str]
    publish: tuple[str, ...] = ()
    audio_slots: int = 0
    video_slots: int = 0
    rids: tuple[str, ...] = ("q", "h", "f")
    rtx: bool = True
    feedback: bool = True
    template: str = ""  # a recorded offer that says the rest


@dataclass(slots=True)
class AnswerSection:
    """One m= section of the answer as the peer understands it."""

    mid: str
    kind: str
    direction: str = "sendrecv"
    ssrc: int = 0
    rtx_ssrc: int | None = None
    lines: list[str] = field(default_factory=list)


@dataclass(slots=True)
class ReadAnswer:
    """The answer: credentials, and its sections by mid."""

    ufrag: str
    pwd: str
    lite: bool
    sections: dict[str, AnswerSection]


def mids(plan: OfferPlan) -> list[tuple[str, str]]:
    """(mid, source or slot kind) of every section in the order of the offer."""
    names = [*plan.publish, *["audio"] * plan.audio_slots, *["video"] * plan.video_slots]
    return [(str(number), name) for number, name in enumerate(names)]


def write_offer(plan: OfferPlan) -> str:
    return _filled_in(plan) if plan.template else _composed(plan)


def _filled_in(plan: OfferPlan) -> str:
    values = {
        "a=ice-ufrag:": plan.ufrag,
        "a=ice-pwd:": plan.pwd,
        "a=fingerprint:": " ".join(plan.fingerprint),
    }
    lines = []
    for line in plan.template.splitlines():
        prefix = line[: line.find(":") + 1]
        lines.append(prefix + values[prefix] if prefix in values else line)
    return "\r\n".join(lines) + "\r\n"


def _composed(plan: OfferPlan) -> str:
    pieces = [_piece(plan, name) for _, name in mids(plan)]
    text = offers.compose(pieces, ufrag=plan.ufrag, pwd=plan.pwd, fingerprint=plan.fingerprint)
    if plan.feedback:
        return text
    kept = [line for line in text.split("\r\n") if not _is_feedback(line)]
    return "\r\n".join(kept)


def _piece(plan: OfferPlan, name: str) -> offers.Piece:
    direction = "sendonly" if name in SOURCES else "recvonly"
    if SOURCES.get(name, name) == "audio":
        return offers.audio(direction)
    codec = offers.VP8 if plan.rtx else tuple(line for line in offers.VP8 if _is_vp8(line))
    return offers.video(direction, codec, rids=plan.rids if name == "camera" else ())


def _is_vp8(line: str) -> bool:
    return f":{VP8_RTX} " not in line


def _is_feedback(line: str) -> bool:
    return line.endswith("transport-cc") or "transport-wide-cc" in line


def read_answer(text: str) -> ReadAnswer:
    lines = text.split("\r\n")
    sections = {section.mid: section for section in map(_read_section, _blocks(lines))}
    return ReadAnswer(
        ufrag=_value(lines, "a=ice-ufrag:"),
        pwd=_value(lines, "a=ice-pwd:"),
        lite="a=ice-lite" in lines,
        sections=sections,
    )


def _blocks(lines: list[str]) -> list[list[str]]:
    blocks: list[list[str]] = []
    for line in lines:
        if line.startswith("m="):
            blocks.append([])
        if blocks:
            blocks[-1].append(line)
    return blocks


def _read_section(lines: list[str]) -> AnswerSection:
    section = AnswerSection(
        mid=_value(lines, "a=mid:"), kind=lines[0][2:].split(" ")[0], lines=lines
    )
    for direction in ("sendonly", "recvonly", "sendrecv", "inactive"):
        if f"a={direction}" in lines:
            section.direction = direction
    groups = [line.split(" ")[1:] for line in lines if line.startswith("a=ssrc-group:FID ")]
    ssrcs = [line[7:].split(" ")[0] for line in lines if line.startswith("a=ssrc:")]
    if groups:
        section.ssrc, section.rtx_ssrc = int(groups[0][0]), int(groups[0][1])
    elif ssrcs:
        section.ssrc = int(ssrcs[0])
    return section


def _value(lines: list[str], prefix: str) -> str:
    return next(line.removeprefix(prefix) for line in lines if line.startswith(prefix))
