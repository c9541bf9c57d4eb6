"""Fan-out plans: the subscribers of a layer in groups, put in order once and not for each batch.

A plan gathers what the innermost loop needs of each subscriber. It is kept until a subscriber
joins, leaves, switches or moves (Layer.discard_plans). Pure: no I/O, no clock.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sfu.codecs.payload_format import PayloadFormat
from sfu.fanout.outbox import Destinations
from sfu.publish.subscriber import CopyCount, PacketCounter, Subscriber
from sfu.srtp.headers import HeaderColumns, SealContext
from sfu.srtp.index_space import StreamMapping
from sfu.srtp.nonces import MAX_INDEX, Ledger
from sfu.srtp.rtp import SealInto
from sfu.wire.address import Address
from sfu.wire.packet import ExtensionProfile, Offsets

# Consumers whose copies leave together: a picture for so many fits in the second-level cache.
PICTURE_GROUP = 32
SOUND_GROUP = 128  # sound is small: what is done once for a group counts more
NOT_MOVED: Offsets = ()

Member = tuple[Subscriber, Address, SealContext, StreamMapping]


class CommonRange:
    """The indices of a layer that all of some mappings cover, until one begins or ends on it."""

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
    """A few consumers whose copies leave in one system call; all tuples in the same order."""

    first: int
    """The place of its first member among all of the plan's."""
    consumers: tuple[Subscriber, ...]
    destinations: Destinations
    contexts: tuple[SealContext, ...]
    ciphers: tuple[SealInto, ...]
    offsets: tuple[Offsets, ...] | None
    """Each member's offsets of running numbers; None when no member has any."""
    distinct: tuple[Offsets, ...]
    """Each of these offsets once."""
    count: CopyCount | None
    """Counts for all of them; None in a plan for one batch, whose members count themselves."""
    counters: tuple[PacketCounter, ...]
    """Of the members' transports, as far as they have one."""


@dataclass(slots=True)
class FanoutPlan:
    """The consumers of a layer with one extension profile and one length of SRTP tags.

    The packets that `common` does not cover take the slow path.
    """

    ledger: Ledger
    payload_format: PayloadFormat
    profile: ExtensionProfile
    tag_length: int
    groups: tuple[FanoutGroup, ...]
    members: int
    """The consumers of all groups."""
    common: CommonRange
    _headers: HeaderColumns | None = None

    @property
    def places(self) -> int:
        """Members of the largest group."""
        return len(self.groups[0].consumers)

    def consumers(self) -> list[Subscriber]:
        """All of them, in the order of the groups."""
        return [consumer for group in self.groups for consumer in group.consumers]

    def headers(self) -> HeaderColumns:
        """All members' header columns, in the order of the groups; made when first asked for."""
        if self._headers is None:
            contexts = [context for group in self.groups for context in group.contexts]
            self._headers = HeaderColumns(contexts)
        return self._headers


def make_plans(
    ledger: Ledger,
    profile: ExtensionProfile,
    consumers: Iterable[Subscriber],
    *,
    lasting: bool = False,
) -> list[FanoutPlan]:
    """Plans for the consumers that can be sent to, one for each length of tags.

    A consumer without an address, or not on the ledger's layer, is left out until the next plan.
    `lasting`: the plans serve more than one batch.
    """
    by_tag: dict[int, list[Member]] = {}
    for consumer in consumers:
        space, address = consumer.index_space, consumer.context.address
        mapping = space.mapping_on(ledger)
        if mapping is not None and address is not None:
            context = space.context(
                mapping.sequence_offset, mapping.timestamp_offset, mapping.payload_type
            )
            member = (consumer, address, context, mapping)
            by_tag.setdefault(space.tag_length, []).append(member)
    return [
        _plan(ledger, profile, tag_length, members, lasting)
        for tag_length, members in by_tag.items()
    ]


def _plan(
    ledger: Ledger,
    profile: ExtensionProfile,
    tag_length: int,
    members: list[Member],
    lasting: bool,
) -> FanoutPlan:
    size = SOUND_GROUP if members[0][0].kind == "audio" else PICTURE_GROUP
    starts = range(0, len(members), size)
    groups = tuple(_group(start, members[start : start + size], lasting) for start in starts)
    common = CommonRange(ledger, [mapping for *_, mapping in members])
    payload_format = members[0][3].layer.payload_format
    return FanoutPlan(ledger, payload_format, profile, tag_length, groups, len(members), common)


def _group(first: int, members: Sequence[Member], lasting: bool) -> FanoutGroup:
    consumers, addresses, contexts, mappings = zip(*members, strict=True)
    offsets = tuple(mapping.number_offsets for mapping in mappings)
    distinct = tuple(dict.fromkeys(offsets))
    count = CopyCount() if lasting else None
    if count is not None:
        for consumer in consumers:
            consumer.share(count)
    return FanoutGroup(
        first,
        consumers,
        Destinations(addresses),
        contexts,
        tuple(context.seal_into for context in contexts),
        None if distinct == (NOT_MOVED,) else offsets,
        distinct,
        count,
        tuple(one.context.counter for one in consumers if one.context.counter is not None),
    )
