"""Who is in a class: joining, being away, coming back, being replaced, going.

Pure: no I/O, no clock, no chance; ids come from an injected source of random bytes.
"""

import base64
import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice

from signalling.classroom.permissions import Identity, Right, may

GRACE = 30.0  # seconds a participant stays without a socket
FIRST_PAGE = 50

Rng = Callable[[int], bytes]


def random_id(rng: Rng, size: int = 12) -> str:
    """An id that nobody can guess, safe in addresses and element ids."""
    return base64.b32encode(rng(size)).decode().rstrip("=").lower()


@dataclass(slots=True)
class Participant:
    """One person in one class, whatever sockets and peer connections come and go."""

    id: str
    identity: Identity
    order: int
    resume: str
    socket: str | None
    deadline: float | None = None
    hand_at: int | None = None
    hand_order: int = 0
    microphone: bool = False
    camera: bool = False
    screen: bool = False
    media_open: bool = False
    media_lost: bool = False
    uplink_poor: bool = False
    blocked: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)
    is_hidden: bool = False

    @property
    def connection(self) -> str:
        """What the others are told: connected, poor or lost."""
        if self.socket is None or self.media_lost:
            return "lost"
        return "poor" if self.uplink_poor else "connected"

    def describe(self) -> dict[str, object]:
        """The participant as clients know it."""
        return {
            "id": self.id,
            "name": self.identity.name,
            "role": self.identity.role.value,
            "order": self.order,
            "hand": self.hand_at is not None,
            "media": {
                "microphone": self.microphone,
                "camera": self.camera,
                "screen": self.screen,
            },
            "connection": self.connection,
        }


@dataclass(slots=True)
class Attachment:
    """The outcome of a join: who it is, and whose socket has to go."""

    participant: Participant
    is_new: bool
    is_resumed: bool
    replaced_socket: str | None


class Roster:
    """The participants of one class, in the order of joining."""

    def __init__(self, rng: Rng) -> None:
        self._rng = rng
        self._order = 0
        self._hand_order = 0
        self._by_id: dict[str, Participant] = {}
        self._by_user: dict[str, Participant] = {}
        self._away: dict[str, Participant] = {}  # in the order of their deadlines

    def __len__(self) -> int:
        return len(self._by_id)

    def get(self, participant_id: str) -> Participant | None:
        return self._by_id.get(participant_id)

    def of_user(self, user_id: str) -> Participant | None:
        return self._by_user.get(user_id)

    def everyone(self) -> tuple[Participant, ...]:
        return tuple(self._by_id.values())

    def visible(self) -> list[Participant]:
        """Those whom others may see, in the order of joining."""
        return [person for person in self._by_id.values() if not person.is_hidden]

    def connected(self) -> list[Participant]:
        """Those who have a socket, hidden ones too."""
        return [person for person in self._by_id.values() if person.socket is not None]

    def sockets(self) -> tuple[str, ...]:
        return sockets_of(self._by_id.values())

    def attach(self, identity: Identity, socket: str, resume: str | None) -> Attachment:
        """Bind the socket to the person's participant, a new one when the person is not here."""
        person = self._by_user.get(identity.user_id)
        if person is None:
            return Attachment(self._add(identity, socket), True, False, None)
        same_page = resume is not None and hmac.compare_digest(
            resume.encode(), person.resume.encode()
        )
        replaced = person.socket if person.socket != socket else None
        person.identity = identity
        person.is_hidden = may(identity, Right.HIDDEN)
        person.socket = socket
        self._back(person)
        person.resume = random_id(self._rng, 20)
        return Attachment(person, False, same_page and person.media_open, replaced)

    def _add(self, identity: Identity, socket: str) -> Participant:
        self._order += 1
        person = Participant(
            id=random_id(self._rng),
            identity=identity,
            order=self._order,
            resume=random_id(self._rng, 20),
            socket=socket,
            is_hidden=may(identity, Right.HIDDEN),
        )
        self._by_id[person.id] = person
        self._by_user[identity.user_id] = person
        return person

    def detach(self, person: Participant, now: float) -> None:
        """The socket is gone; the participant may come back within the grace period."""
        person.socket = None
        self._back(person)
        person.deadline = now + GRACE
        self._away[person.id] = person

    def _back(self, person: Participant) -> None:
        person.deadline = None
        self._away.pop(person.id, None)

    def remove(self, person: Participant) -> None:
        self._back(person)
        self._by_id.pop(person.id, None)
        self._by_user.pop(person.identity.user_id, None)

    def clear(self) -> None:
        self._by_id.clear()
        self._by_user.clear()
        self._away.clear()

    def expired(self, now: float) -> list[Participant]:
        """Those who were away for too long."""
        return [
            person
            for person in self._away.values()
            if person.deadline is not None and person.deadline <= now
        ]

    def next_deadline(self) -> float | None:
        first = next(iter(self._away.values()), None)
        return None if first is None else first.deadline

    def hands(self) -> list[Participant]:
        """Raised hands, the first one first."""
        raised = [p for p in self._by_id.values() if p.hand_at is not None and not p.is_hidden]
        return sorted(raised, key=lambda person: person.hand_order)

    def raise_hand(self, person: Participant, at: int) -> None:
        """The hand goes up behind all others; `at` is only for showing."""
        self._hand_order += 1
        person.hand_at, person.hand_order = at, self._hand_order

    def describe_hands(self) -> list[dict[str, object]]:
        return [{"participant": person.id, "at": person.hand_at} for person in self.hands()]

    def totals(self) -> dict[str, int]:
        """Numbers for clients that are not told of everyone."""
        return {"participants": len(self.visible()), "hands": len(self.hands())}

    def always_known(self) -> set[str]:
        """Whom every client is told about, however large the class is."""
        return {
            person.id
            for person in self.visible()
            if person.identity.is_staff or person.hand_at is not None
        }

    def first_page(self, viewer: Participant) -> list[Participant]:
        """Oneself, staff, raised hands, then the order of joining."""
        others = [person for person in self.visible() if person is not viewer]
        staff = [person for person in others if person.identity.is_staff]
        hands = [p for p in others if p.hand_at is not None and not p.identity.is_staff]
        page = [] if viewer.is_hidden else [viewer]
        page = [*page, *staff, *hands][:FIRST_PAGE]
        taken = {person.id for person in page}
        rest = (person for person in others if person.id not in taken)
        return page + list(islice(rest, FIRST_PAGE - len(page)))


def sockets_of(people: Iterable[Participant]) -> tuple[str, ...]:
    """The sockets of those who have one."""
    return tuple(person.socket for person in people if person.socket is not None)
