"""From a client's offer to the answer: reading, slot numbers, and what the page is told.

Pure: no I/O, no clock.
"""

from collections.abc import Callable
from dataclasses import dataclass

from common.errors import PeerError
from sfu.config import WorkerConfig
from sfu.dtls.api import DtlsFactory
from sfu.negotiation.answer import LocalParameters, SlotIds, build_answer
from sfu.negotiation.capabilities import AgreementMemory, Negotiation, negotiate
from sfu.negotiation.offer import Offer, SectionMemory, parse_offer
from sfu.srtp.index_space import IndexSpaces
from sfu.transport import Transport

MAIN_STREAM = "main"  # browsers keep the tracks of one stream in lip sync


@dataclass(slots=True)
class AnswerSection:
    """One section for the page; `direction` is the answer's word, `source` only where it sends."""

    mid: str
    direction: str
    kind: str
    source: str | None


@dataclass(slots=True)
class Answer:
    """The SDP answer and a table of its sections."""

    sdp: str
    sections: list[AnswerSection]


class Negotiator:
    """Answers offers with what the worker announces."""

    def __init__(
        self, config: WorkerConfig, dtls: DtlsFactory, rng: Callable[[int], bytes]
    ) -> None:
        self._candidates = config.candidates
        self._dtls = dtls
        self._rng = rng
        self._sections = SectionMemory()
        self._agreements = AgreementMemory()

    def read(self, sdp: str) -> tuple[Offer, Negotiation]:
        """Raises PeerError when the offer can't be used."""
        offer = parse_offer(sdp, self._sections)
        return offer, negotiate(offer, self._agreements)

    def answer(
        self, transport: Transport, offer: Offer, negotiation: Negotiation, now: float
    ) -> Answer:
        """Gives new slots their numbers and writes the answer."""
        ids = self._slot_ids(transport, negotiation)
        numbers = {mid: (slot.ssrc, slot.rtx_ssrc) for mid, slot in ids.items()}
        transport.downlink.negotiate(negotiation, numbers, now)
        local = LocalParameters(
            transport.agent.credentials, self._dtls.fingerprints, self._candidates, transport.cname
        )
        sections = [
            AnswerSection(section.mid, section.direction, section.kind, section.source)
            for section in negotiation.sections
            if not section.rejected
        ]
        return Answer(build_answer(offer, negotiation, local, ids), sections)

    def _slot_ids(self, transport: Transport, negotiation: Negotiation) -> dict[str, SlotIds]:
        """The first slot of each kind shares a stream: the teacher's voice and the stage."""
        consumers, spaces = transport.downlink.consumers, transport.downlink.index_spaces
        new = sum(slot.mid not in consumers for slot in negotiation.slots)
        if not spaces.has_room(2 * new):
            raise PeerError("unsupported_sdp", "this connection has had too many slots")
        used: set[int] = set()
        first = {slot.kind: slot.mid for slot in reversed(negotiation.slots)}
        ids = {}
        for slot in negotiation.slots:
            consumer = consumers.get(slot.mid)
            numbers = (
                (consumer.ssrc, consumer.rtx_ssrc)
                if consumer is not None
                else (self._new_ssrc(spaces, used), self._new_ssrc(spaces, used))
            )
            stream = MAIN_STREAM if first[slot.kind] == slot.mid else f"slot-{slot.mid}"
            ids[slot.mid] = SlotIds(*numbers, stream, f"track-{slot.mid}")
        return ids

    def _new_ssrc(self, spaces: IndexSpaces, used: set[int]) -> int:
        """Random, and never used on this connection before (RFC 3550 8.1)."""
        while not (ssrc := int.from_bytes(self._rng(4), "big")) or ssrc in spaces or ssrc in used:
            pass
        used.add(ssrc)
        return ssrc
