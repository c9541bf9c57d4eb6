"""Figures of bots, added up. Pure: no I/O, no clock."""

from collections.abc import Iterable
from dataclasses import dataclass, fields

from loadtest.bot.connection import Connection
from loadtest.records import BotPlan, BotResult


@dataclass(slots=True)
class BotTotals:
    """Of many connections since they began."""

    packets: int = 0
    bytes: int = 0
    lost: int = 0
    nacks: int = 0
    plis: int = 0
    freezes: int = 0
    frames: int = 0
    sent: int = 0

    def add(self, connection: Connection, now: float) -> None:
        """One more connection's."""
        for stream in connection.slots.values():
            stream.look(now)
            self.packets += stream.packets
            self.bytes += stream.bytes
            self.lost += stream.lost
            self.freezes += stream.freezes
            self.frames += stream.frames
        self.nacks += connection.tally.nacks
        self.plis += connection.tally.plis
        if connection.publisher is not None:
            self.sent += connection.publisher.sent

    def since(self, before: "BotTotals") -> "BotTotals":
        """The difference from an earlier total."""
        return BotTotals(
            *(getattr(self, one.name) - getattr(before, one.name) for one in fields(self))
        )


def total(connections: Iterable[Connection], now: float) -> BotTotals:
    totals = BotTotals()
    for connection in connections:
        totals.add(connection, now)
    return totals


def frozen(connections: Iterable[Connection]) -> int:
    """How many pictures stood still when they were last looked at."""
    return sum(stream.is_frozen for one in connections for stream in one.slots.values())


def result(plan: BotPlan, connection: Connection | None, left: str, unsent: int = 0) -> BotResult:
    """One bot's figures; all zero for one that never got in."""
    streams = list(connection.slots.values()) if connection is not None else []
    return BotResult(
        name=plan.name,
        sampled=plan.sampled,
        base=plan.base,
        packets=sum(stream.packets for stream in streams),
        lost=sum(stream.lost for stream in streams),
        recovered=sum(stream.recovered for stream in streams),
        duplicates=sum(stream.duplicates for stream in streams),
        undecryptable=connection.tally.undecryptable if connection is not None else 0,
        frames=sum(stream.frames for stream in streams),
        freezes=sum(stream.freezes for stream in streams),
        freeze_s=sum(stream.freeze_s for stream in streams),
        switches=connection.tally.switches if connection is not None else 0,
        unsent=unsent,
        left=left,
    )
