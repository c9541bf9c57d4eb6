"""Who gets a layer's copies together, put in order once and not for each batch.

What the innermost loop needs of a consumer is gathered here, and kept until somebody joins,
leaves, switches or moves (Layer.discard_plans). Pure: no I/O, no clock.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sfu.fanout.headers import HeaderColumns
from sfu.fanout.outbox import Destinations
from sfu.srtp.index_space import StreamMapping
from sfu.srtp.nonces import MAX_INDEX, Ledger, Row
from sfu.srtp.rtp import SealInto
from sfu.subscribe.consumer import Consumer, Tally
from sfu.wire.address import Address
from sfu.wire.packet import ExtensionProfile

# Consumers whose copies leave together: a picture for so many fits in the second-level cache.
PICTURE_GROUP = 32
SOUND_GROUP = 128  # sound is small: what is done once for a group counts more
NOT_MOVED = (0, 0)

Offsets = tuple[int, int]  # of VP8 picture ids and TL0PICIDX
Member = tuple[Consumer, Address, SealInto, Row, Offsets]


class CommonRange:
    """The indices of a layer that all of these mappings cover, until one begins or ends on it."""

    __slots__ = ("_changes", "_first", "_last", "_ledger")

    def __init__(self, ledger: Ledger, mappings: Sequence[StreamMapping]) -> None:
        self._ledger = ledger
        self._changes = ledger.changes
        self._first = max((mapping.first_in for mapping in mappings), default=0)
        self._last = MAX_INDEX - max((mapping.sequence_offset for mapping in mappings), default=0)

    def covers(self, oldest: int, newest: int) -> bool:
        """True when all may be sent these and what lies between."""
        return (
            self._first <= oldest and newest <= self._last and self._changes == self._ledger.changes
        )


@dataclass(slots=True)
class FanoutGroup:
    """A few consumers; all lists in the same order."""

    first: int
    """Where its members begin among the plan's."""
    consumers: tuple[Consumer, ...]
    destinations: Destinations
    ciphers: tuple[SealInto, ...]
    rows: tuple[Row, ...]
    offsets: tuple[Offsets, ...] | None
    """From the layer's VP8 picture ids to each member's own; None: no member's differ."""
    distinct: tuple[Offsets, ...]
    """Each of these offsets once."""
    tally: Tally | None
    """Counts for all of them; None in a group for one batch, whose members count themselves."""


@dataclass(slots=True)
class FanoutPlan:
    """All consumers of one extension profile.

    `alone` are those whose cipher can't seal in place. What `common` doesn't cover must be looked
    at one by one.
    """

    profile: ExtensionProfile
    consumers: tuple[Consumer, ...]
    groups: tuple[FanoutGroup, ...]
    alone: tuple[Consumer, ...]
    members: int
    """Of all groups."""
    common: CommonRange
    _numbers: HeaderColumns | None = None

    @property
    def places(self) -> int:
        """Members of the largest group."""
        return len(self.groups[0].consumers) if self.groups else 0

    def numbers(self) -> HeaderColumns:
        """Everybody's, in the order of the groups; made when first asked for."""
        if self._numbers is None:
            self._numbers = HeaderColumns([row for group in self.groups for row in group.rows])
        return self._numbers


def make_plan(
    ledger: Ledger,
    profile: ExtensionProfile,
    consumers: Iterable[Consumer],
    *,
    lasting: bool = False,
) -> FanoutPlan:
    """Crews of those that can be sent to; the others are left out until they can: without an
    address, or not on the ledger's layer.

    `lasting`: the groups stay together for more than a batch.
    """
    present: list[Consumer] = []
    alone: list[Consumer] = []
    members: list[Member] = []
    mappings: list[StreamMapping] = []
    for consumer in consumers:
        space, address = consumer.index_space, consumer.downlink.address
        mapping = space.mapping_on(ledger)
        if mapping is None or address is None:
            continue
        present.append(consumer)
        mappings.append(mapping)
        if space.seal_into is None:
            alone.append(consumer)
            continue
        offsets = (mapping.picture_offset, mapping.tl0_offset)
        members.append((consumer, address, space.seal_into, space.row(mapping), offsets))
    size = SOUND_GROUP if present and present[0].kind == "audio" else PICTURE_GROUP
    starts = range(0, len(members), size)
    groups = tuple(_make_group(start, members[start : start + size], lasting) for start in starts)
    common = CommonRange(ledger, mappings)
    return FanoutPlan(profile, tuple(present), groups, tuple(alone), len(members), common)


def _make_group(first: int, members: Sequence[Member], lasting: bool) -> FanoutGroup:
    consumers, addresses, ciphers, rows, offsets = zip(*members, strict=True)
    tally = Tally() if lasting else None
    if tally is not None:
        for consumer in consumers:
            consumer.share(tally)
    moved = offsets if any(one != NOT_MOVED for one in offsets) else None
    distinct = tuple(dict.fromkeys(offsets))
    return FanoutGroup(
        first, consumers, Destinations(addresses), ciphers, rows, moved, distinct, tally
    )
