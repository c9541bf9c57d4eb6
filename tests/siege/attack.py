"""One attack: its place in the table, what it does, and how it is run and judged."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from tests.siege.attacker import Attacker
from tests.siege.records import Kind


@dataclass(frozen=True, slots=True)
class Attack:
    """`run` prepares, calls Attacker.begin, and then attacks for as long as it is told."""

    row: str
    name: str
    does: str
    run: Callable[[Attacker], Awaitable[None]]
    kind: Kind = Kind.LOAD
    settings: Mapping[str, str] = field(default_factory=dict)  # it needs a server of its own
    students: int = 0  # it needs a class of its own, of so many
    ends_class: bool = False  # that everybody is put out is what it is for

    def is_row(self, wanted: str) -> bool:
        """6 stands for 6a and 6b, too."""
        return wanted in (self.row, self.row.rstrip("abcdefgh"))
