"""Negotiation: reads a client's offer, gives its slots their SSRCs, and writes the answer.

Pure: no I/O, no clock.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from common.errors import PeerError
from sfu.config import WorkerConfig
from sfu.dtls.api import Fingerprint
from sfu.negotiation.answer import LocalParameters, SlotIds, build_answer
from sfu.negotiation.capabilities import AgreementMemory, Negotiation, negotiate
from sfu.negotiation.offer import Offer, SectionMemory, parse_offer

MAIN_STREAM = "main"  # browsers keep the tracks of one stream in lip sync


@dataclass(slots=True)
class AnswerSection:
    """One section of the answer, as the page is told of it: its direction as the answer has it,
    and the source that it publishes, if it does."""

    mid: str
    direction: str
    kind: str
    source: str | None


@dataclass(slots=True)
class Answer:
    """The SDP answer and a table of its sections."""

    sdp: str
    sections: list[AnswerSection]


class UsedSsrcs(Protocol):
    """The SSRCs that a connection has had: none of them may be given to another slot."""

    def __contains__(self, ssrc: int, /) -> bool: ...

    def has_room(self, count: int) -> bool:
        """True when the connection may have so many more."""


SlotSsrcs = tuple[int, int]  # of the media, and of its retransmissions


class Negotiator:
    """Answers offers with what the worker announces. It knows no transport: what differs from
    one to another comes as an argument."""

    def __init__(
        self,
        config: WorkerConfig,
        fingerprints: tuple[Fingerprint, ...],
        random: Callable[[int], bytes],
    ) -> None:
        self._candidates = config.candidates
        self._fingerprints = fingerprints
        self._random = random
        self._sections = SectionMemory()
        self._agreements = AgreementMemory()

    def read(self, sdp: str) -> tuple[Offer, Negotiation]:
        """Raises PeerError when the offer can't be used."""
        offer = parse_offer(sdp, self._sections)
        return offer, negotiate(offer, self._agreements)

    def slot_ids(
        self, negotiation: Negotiation, present: Mapping[str, SlotSsrcs], used: UsedSsrcs
    ) -> dict[str, SlotIds]:
        """SSRCs and names of all slots by mid. A slot that is `present` keeps its SSRCs. Raises
        PeerError when there were too many before."""
        new = sum(slot.mid not in present for slot in negotiation.slots)
        if not used.has_room(2 * new):
            raise PeerError("unsupported_sdp", "this connection has had too many slots")
        given: set[int] = set()
        # the first slot of each kind shares a stream: the teacher's voice and the stage
        first = {slot.kind: slot.mid for slot in reversed(negotiation.slots)}
        ids = {}
        for slot in negotiation.slots:
            ssrcs = present.get(slot.mid)
            if ssrcs is None:
                ssrcs = (self._new_ssrc(used, given), self._new_ssrc(used, given))
            stream = MAIN_STREAM if first[slot.kind] == slot.mid else f"slot-{slot.mid}"
            ids[slot.mid] = SlotIds(*ssrcs, stream, f"track-{slot.mid}")
        return ids

    def _new_ssrc(self, used: UsedSsrcs, given: set[int]) -> int:
        """Random, and never used on this connection before (RFC 3550 8.1)."""
        while not (ssrc := int.from_bytes(self._random(4), "big")) or ssrc in used or ssrc in given:
            pass
        given.add(ssrc)
        return ssrc

    def answer(
        self,
        offer: Offer,
        negotiation: Negotiation,
        slots: Mapping[str, SlotIds],
        *,
        credentials: tuple[str, str],
        cname: str,
    ) -> Answer:
        """The answer with these slots; `credentials` are the transport's ICE user name fragment
        and password, `cname` names it in RTCP."""
        local = LocalParameters(*credentials, self._fingerprints, self._candidates, cname)
        sections = [
            AnswerSection(section.mid, section.direction, section.kind, section.source)
            for section in negotiation.sections
            if not section.rejected
        ]
        return Answer(build_answer(offer, negotiation, local, slots), sections)
