"""RTCP of a guest with good keys: every record that there is, lying about everything.

Each piece is one record; all of an input go in one datagram, but where bit 7 of the control byte
begins another. Bits 0-2 say whose SSRC stands second in the record, bit 3 whose stands first, bit
4 that SSRCs stay as they are, bit 6 that some time passes first.
Invariants: no fault; work, answers and wishes to others are bounded; nobody else notices.
Pure: no I/O, no clock.
"""

from collections.abc import Iterator
from functools import partial

import pylibsrtp

from sfu.wire.rtcp import (
    FullIntraRequest,
    Nack,
    ReceiverReport,
    Remb,
    RtcpError,
    RtcpRecord,
    SenderReport,
    TransportFeedback,
    build_compound,
    parse_compound,
)
from tests.fuzz.pieces import split
from tests.fuzz.world import Guests, Kept, streams_of
from tests.support.peers import Peer

TEXT = False
SENT, KEEP, LATER, APART = 0x08, 0x10, 0x40, 0x80
MAX_STATUSES = 4_096  # of one feedback
MAX_DATAGRAM = 1_400
RESENT_PER_NACK = 128

_world: Kept[Guests] = Kept(partial(Guests, is_bounded=False))


def run(data: bytes) -> None:
    """The datagrams that the pieces make, through the parser and through a Worker."""
    world = _world.get()
    for compound, later in _compounds(world, data):
        records = _parse(compound)
        if later:
            world.room.run(0.05)
        _throw(world, compound, records)


def renew() -> None:
    """What is due is done, and the class goes on."""
    if (world := _world.take()) is not None:
        world.room.run(0.3)
        world.check()
        world.assert_only_she_suffers()


def _compounds(world: Guests, data: bytes) -> Iterator[tuple[bytes, bool]]:
    slots, sent = _ssrcs(world.mallory)
    known = [*slots, *sent]
    compound, later = b"", False
    for piece in split(data):
        if piece.control & APART and compound:
            yield compound[:MAX_DATAGRAM], later
            compound, later = b"", False
        later |= bool(piece.control & LATER)
        body = piece.body
        if not piece.control & KEEP and len(body) >= 12:
            second = known[piece.control % 8 % len(known)]
            first = sent[0] if piece.control & SENT else 1
            body = body[:4] + first.to_bytes(4, "big") + second.to_bytes(4, "big") + body[12:]
        compound += body
    if compound:
        yield compound[:MAX_DATAGRAM], later


def _ssrcs(peer: Peer) -> tuple[list[int], list[int]]:
    """Those of the slots, repairs too, and those of what is sent."""
    slots = [ssrc for slot in peer.slots for ssrc in (slot.ssrc, slot.rtx_ssrc or 0)]
    return slots, [stream.ssrc for stream in streams_of(peer)]


def _parse(data: bytes) -> list[RtcpRecord]:
    """What is read is never more than the bytes can say, and can be written again."""
    try:
        records = parse_compound(data)
    except RtcpError:
        return []
    assert len(records) <= len(data) // 4
    for record in records:
        size = _entries(record)
        limit = MAX_STATUSES if isinstance(record, TransportFeedback) else 17 * len(data) // 4
        assert size <= limit, f"{type(record).__name__} has {size} entries"
    kept = [record for record in records if not isinstance(record, TransportFeedback | Remb)]
    again = parse_compound(build_compound(kept)) if kept else []
    assert len(again) == len(kept)
    return records


def _entries(record: RtcpRecord) -> int:
    match record:
        case TransportFeedback():
            return len(record.arrivals)
        case Nack():
            return len(record.sequences)
        case FullIntraRequest():
            return len(record.entries)
        case SenderReport() | ReceiverReport():
            return len(record.reports)
        case Remb():
            return len(record.ssrcs)
    return 1


def _throw(world: Guests, compound: bytes, records: list[RtcpRecord]) -> None:
    try:
        sealed = world.mallory.connection.sealed_rtcp(compound)
    except (pylibsrtp.Error, ValueError):  # too short for libsrtp to write
        sealed = compound
    own = world.mallory.connection.path.address
    sent: list[tuple[tuple[str, int], bytes]] = []
    before = _looked_up(world)
    world.rig.taps.append(lambda to, data, now: sent.append((to, data)))
    world.rig.inject(own, sealed)
    world.rig.taps.pop()
    world.check()
    nacks = sum(isinstance(record, Nack) for record in records)
    assert _looked_up(world) - before <= RESENT_PER_NACK * nacks, "too much was looked up"
    asked = sum(min(len(r.sequences), RESENT_PER_NACK) for r in records if isinstance(r, Nack))
    again = [data for to, data in sent if to == own and data[0] >= 128]
    assert len(again) <= asked, "more came back than was asked for"
    assert all(to == own for to, _ in sent), "others were sent something at once"


def _looked_up(world: Guests) -> int:
    """Numbers that mallory's NACKs have had looked up so far."""
    found = next((t for t in world.room.transports() if t.transport_id == "mallory"), None)
    return found.traffic().nacks_received if found is not None else 0
