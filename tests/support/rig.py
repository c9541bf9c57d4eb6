"""A Worker and scripted peers in virtual time: always the earliest deadline next.

Owns the clock, the paths between peers and the worker, and what must hold in every scenario:
nothing but STUN to addresses that were never validated, no answer larger than its request, no
more than four checks for each request and none larger, no datagram larger than the path, no nonce
that seals two different datagrams (under AES-GCM that gives the key stream away), none under one
number, no timer that spins.
Pure: no I/O, no clock.
"""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from sfu.config import WorkerConfig
from sfu.events import Event
from sfu.fanout.outbox import Collected, Outbox
from sfu.worker import Worker
from tests.support.clock import Agenda, earliest
from tests.support.dtls import ReadyDtls
from tests.support.netem import Conditions, Link
from tests.support.nonce_watch import NonceWatch
from tests.support.stun_client import REQUEST_TYPE, SUCCESS_TYPE, TRANSACTION

T = TypeVar("T")
Address = tuple[str, int]
SERVER: Address = ("192.0.2.1", 7000)
MTU = 1472
SPIN_LIMIT = 50
MAX_CHECKS = 4  # for a request
NUMBER_MEMORY = 20.0  # s; no stream wraps its sequence numbers faster
GOOD = Conditions(delay=0.02)


class Endpoint(Protocol):
    """Who sits at the far end of a path."""

    def receive(self, data: bytes, address: Address, now: float) -> None: ...


@dataclass(slots=True)
class Path:
    """One remote address with its own link each way."""

    address: Address
    endpoint: Endpoint
    up: Link
    down: Link
    up_armed: float | None = None
    down_armed: float | None = None


class Rig:
    """One worker, any number of paths; `run` lets virtual time pass."""

    def __init__(
        self,
        *,
        seed: int = 1,
        config: WorkerConfig | None = None,
        start: float = 10_000.0,
        first_numbers: bytes = b"",
        outbox: Callable[[Collected], Outbox] = lambda collected: collected,
    ) -> None:
        """`first_numbers`: what the worker draws for the beginning of each slot's line.
        `outbox`: the worker's, made of what `drain` takes from."""
        self.now = start
        self.started = start
        self.random = random.Random(seed)
        self.agenda = Agenda()
        self.nonces = NonceWatch()
        self.dtls = ReadyDtls(watch=self.nonces)
        self.collected = Collected()
        self.worker = Worker(
            config or WorkerConfig(candidates=(SERVER,)),
            dtls=self.dtls,
            random=self._draw,
            outbox=outbox(self.collected),
            listener=self,
        )
        self._first_numbers = first_numbers
        self.events: list[tuple[float, Event]] = []
        self.faults: list[tuple[str, Exception]] = []  # by transport or class
        self.wakes = 0
        self.stray: list[tuple[Address, bytes]] = []
        self.taps: list[Callable[[Address, bytes, float], None]] = []
        self.up_taps: list[Callable[[Address, bytes, float], None]] = []
        self._paths: dict[Address, Path] = {}
        self._validated: set[Address] = set()
        self._requests: dict[tuple[Address, bytes], list[int]] = {}
        self._heard: dict[Address, list[int]] = {}  # sizes of its requests
        self._checks: Counter[Address] = Counter()
        self._numbers: dict[bytes, tuple[float, int]] = {}
        self._arrived: list[tuple[bytes, Address]] = []
        self._spins = 0

    # --- building

    def attach(
        self, address: Address, endpoint: Endpoint, up: Conditions = GOOD, down: Conditions = GOOD
    ) -> Path:
        """Gives an endpoint a path from this address."""
        seed = self.random.getrandbits(32)
        path = Path(address, endpoint, Link(seed, up), Link(seed + 1, down))
        self._paths[address] = path
        return path

    # --- driving

    def run(self, seconds: float) -> None:
        """Everything that happens in the next seconds."""
        self.run_until(lambda: False, seconds)

    def run_until(self, done: Callable[[], bool], limit: float) -> bool:
        """Runs until `done`, at most `limit` seconds; True when it came to that."""
        end = self.now + limit
        while not done():
            when = earliest(self.agenda.next_deadline(), self.worker.next_deadline())
            if when is None or when > end:
                self.now = end
                return False
            self._step(max(when, self.now))
        return True

    def call(self, control: Callable[[Worker, float], T]) -> T:
        """One control call on the worker, and what follows from it."""
        result = control(self.worker, self.now)
        self.drain()
        return result

    def inject(self, address: Address, *datagrams: bytes) -> None:
        """Datagrams straight into the worker, as if they had just arrived together."""
        self._receive([(data, address) for data in datagrams])

    def path_at(self, address: Address) -> Path:
        """The path from an address that was attached."""
        return self._paths[address]

    def send(self, path: Path, data: bytes) -> None:
        """An endpoint puts a datagram on its path to the worker."""
        for tap in self.up_taps:
            tap(path.address, data, self.now)
        path.up.send(data, self.now)
        deadline = path.up.next_deadline()
        if deadline is not None and (path.up_armed is None or deadline < path.up_armed):
            path.up_armed = deadline
            self.agenda.at(deadline, lambda now: self._up_due(path, now))

    def drain(self) -> None:
        """Takes what the worker wants sent and told."""
        assert not self.nonces.violations, self.nonces.violations[:3]
        for address, datagrams in self.collected.take():
            for data in datagrams:
                self._transmit(address, data)
        self.worker.deliver_events()

    def on_events(self, events: Sequence[Event]) -> None:
        """Keeps what the worker tells, with the time."""
        self.events += [(self.now, event) for event in events]

    def on_fault(self, owner: str, error: Exception) -> None:
        """Keeps the worker's faults for tests that look at them."""
        self.faults.append((owner, error))

    def on_wake(self) -> None:
        """Every step flushes, so this only counts."""
        self.wakes += 1

    def _draw(self, count: int) -> bytes:
        if self._first_numbers and count == len(self._first_numbers):
            return self._first_numbers
        return self.random.randbytes(count)

    def _step(self, now: float) -> None:
        self._spins = self._spins + 1 if now == self.now else 0
        assert self._spins < SPIN_LIMIT, f"{SPIN_LIMIT} steps without time passing at {now}"
        self.now = now
        self.agenda.run_due(now)
        if self._arrived:
            arrived, self._arrived = self._arrived, []
            self._receive(arrived)
        deadline = self.worker.next_deadline()
        if deadline is not None and deadline <= now:
            self.worker.handle_timers(now)
        self.drain()

    def _receive(self, arrived: list[tuple[bytes, Address]]) -> None:
        for data, address in arrived:
            if data and data[0] <= 3:
                self._requests.setdefault((address, data[TRANSACTION]), []).append(len(data))
                self._heard.setdefault(address, []).append(len(data))
            self.worker.receive(data, address, self.now)
        self.worker.flush(self.now)
        self.drain()

    # --- the paths

    def _up_due(self, path: Path, now: float) -> None:
        if path.up_armed != now:
            return  # an earlier datagram has taken over
        self._arrived += [(data, path.address) for data in path.up.receive(now)]
        path.up_armed = path.up.next_deadline()
        if path.up_armed is not None:
            self.agenda.at(path.up_armed, lambda later: self._up_due(path, later))

    def _down_due(self, path: Path, now: float) -> None:
        if path.down_armed != now:
            return  # an earlier datagram has taken over
        for data in path.down.receive(now):
            path.endpoint.receive(data, path.address, now)
        path.down_armed = path.down.next_deadline()
        if path.down_armed is not None:
            self.agenda.at(path.down_armed, lambda later: self._down_due(path, later))

    def _transmit(self, address: Address, data: bytes) -> None:
        self._check(address, data)
        for tap in self.taps:
            tap(address, data, self.now)
        path = self._paths.get(address)
        if path is None:
            self.stray.append((address, data))
            return
        path.down.send(data, self.now)
        deadline = path.down.next_deadline()
        if deadline is not None and (path.down_armed is None or deadline < path.down_armed):
            path.down_armed = deadline
            self.agenda.at(deadline, lambda now: self._down_due(path, now))

    def _check(self, address: Address, data: bytes) -> None:
        assert 0 < len(data) <= MTU, f"a datagram of {len(data)} bytes to {address}"
        if data[0] > 3:
            assert address in self._validated, f"media to {address}, which was never validated"
            if data[0] >= 128 and not 192 <= data[1] <= 223:
                self._check_number(data)
            return
        if data[:2] == REQUEST_TYPE:
            self._check_check(address, data)
            return
        sizes = self._requests.get((address, data[TRANSACTION]))
        assert sizes, f"a STUN message to {address} that answers nothing"
        size = sizes.pop(0)
        assert len(data) <= size, f"an answer of {len(data)} bytes to a request of {size}"
        if data[:2] == SUCCESS_TYPE:
            self._validated.add(address)

    def _check_check(self, address: Address, data: bytes) -> None:
        """The worker asks only who has nominated itself, and not more than it was sent."""
        heard = self._heard.get(address)
        assert heard, f"a check to {address}, which never sent anything"
        assert len(data) <= max(heard), f"a check of {len(data)} bytes to {address}"
        self._checks[address] += 1
        assert self._checks[address] <= MAX_CHECKS * len(heard), f"too many checks to {address}"

    def _check_number(self, data: bytes) -> None:
        """A number that was used already may come again only with the same bytes."""
        key, digest = data[2:4] + data[8:12], hash(data)
        used, before = self._numbers.setdefault(key, (self.now, digest))
        if before != digest:
            assert self.now - used > NUMBER_MEMORY, f"two packets under number {key.hex()}"
            self._numbers[key] = (self.now, digest)
