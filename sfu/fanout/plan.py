"""Who gets a layer's copies together, put in order once and not for each batch.

What the innermost loop needs of a consumer is gathered here, and kept until somebody joins,
leaves, switches or moves (Layer.regroup). Pure: no I/O, no clock.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sfu.fanout.headers import Numbers
from sfu.fanout.nonces import Epoch, Ledger, Room, Row
from sfu.fanout.outbox import Destinations
from sfu.ice.agent import Address
from sfu.publish.layer import ExtensionProfile
from sfu.srtp.rtp import SealInto
from sfu.subscribe.consumer import Consumer, Tally

# Consumers whose copies leave together: a picture for so many fits in the second-level cache.
CREW = 32
SOUND_CREW = 128  # sound is small: what is done once for a crew counts more
NOT_MOVED = (0, 0)

Offsets = tuple[int, int]  # of VP8 picture ids and TL0PICIDX
Member = tuple[Consumer, Address, SealInto, Row, Offsets]


@dataclass(slots=True)
class Crew:
    """A few consumers; all lists in the same order."""

    first: int
    """Where its members begin among the company's."""
    consumers: tuple[Consumer, ...]
    destinations: Destinations
    ciphers: tuple[SealInto, ...]
    rows: tuple[Row, ...]
    offsets: tuple[Offsets, ...] | None
    """By how much their lines of picture ids are off; None: nobody's is."""
    lines: tuple[Offsets, ...]
    """Each of these offsets once."""
    tally: Tally | None
    """Counts for all of them; None in a crew for one batch, whose members count themselves."""


@dataclass(slots=True)
class Company:
    """All consumers of one extension profile.

    `alone` are those whose cipher can't seal in place. What `room` doesn't cover must be looked
    at one by one.
    """

    profile: ExtensionProfile
    consumers: tuple[Consumer, ...]
    crews: tuple[Crew, ...]
    alone: tuple[Consumer, ...]
    members: int
    """Of all crews."""
    room: Room
    _numbers: Numbers | None = None

    @property
    def places(self) -> int:
        """Members of the largest crew."""
        return len(self.crews[0].consumers) if self.crews else 0

    def numbers(self) -> Numbers:
        """Everybody's, in the order of the crews; made when first asked for."""
        if self._numbers is None:
            self._numbers = Numbers([row for crew in self.crews for row in crew.rows])
        return self._numbers


def muster(
    ledger: Ledger,
    profile: ExtensionProfile,
    consumers: Iterable[Consumer],
    *,
    lasting: bool = False,
) -> Company:
    """Crews of those that can be sent to; the others are left out until they can: without an
    address, or not on the ledger's layer.

    `lasting`: the crews stay together for more than a batch.
    """
    present: list[Consumer] = []
    alone: list[Consumer] = []
    members: list[Member] = []
    epochs: list[Epoch] = []
    for consumer in consumers:
        line, address = consumer.line, consumer.downlink.address
        epoch = line.epoch_on(ledger)
        if epoch is None or address is None:
            continue
        present.append(consumer)
        epochs.append(epoch)
        if line.seal_into is None:
            alone.append(consumer)
            continue
        offsets = (epoch.picture_offset, epoch.tl0_offset)
        members.append((consumer, address, line.seal_into, line.row(epoch), offsets))
    size = SOUND_CREW if present and present[0].kind == "audio" else CREW
    starts = range(0, len(members), size)
    crews = tuple(_crew(start, members[start : start + size], lasting) for start in starts)
    room = Room(ledger, epochs)
    return Company(profile, tuple(present), crews, tuple(alone), len(members), room)


def _crew(first: int, members: Sequence[Member], lasting: bool) -> Crew:
    consumers, addresses, ciphers, rows, offsets = zip(*members, strict=True)
    tally = Tally() if lasting else None
    if tally is not None:
        for consumer in consumers:
            consumer.share(tally)
    moved = offsets if any(one != NOT_MOVED for one in offsets) else None
    lines = tuple(dict.fromkeys(offsets))
    return Crew(first, consumers, Destinations(addresses), ciphers, rows, moved, lines, tally)
