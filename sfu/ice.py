"""ICE-lite: answers binding requests, knows which addresses belong to a transport.

RFC 8445 2.5 (lite), RFC 8489 (STUN), RFC 7675 (consent). Pure: no I/O, no clock.
"""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address, ip_address

from sfu.timers import earliest
from sfu.wire import stun

Address = tuple[str, int]  # what recvfrom gives; IPv6 may bring two more items

MAX_ADDRESSES = 8  # of one transport
MAX_TRANSACTIONS = 64  # remembered against replays: minutes of consent checks
DISCONNECTED_AFTER = 8.0  # s; peers ask for consent every 4 to 6 s (RFC 7675 5.1)
FAILED_AFTER = 30.0  # s, RFC 7675 5.1

ROLE_CONFLICT = 487  # RFC 8445 7.3.1.1


class IceState(StrEnum):
    """Where a transport's connectivity stands."""

    NEW = "new"
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    FAILED = "failed"


class StunError(Exception):
    """A request that gets no answer.

    `reason`: "malformed", "not_a_request", "no_username", "unknown_user", "no_integrity",
    "wrong_integrity", "replayed", "bad_address", "amplification" or "failed".
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class IceCredentials:
    """User name fragment and password, RFC 8445 5.3."""

    ufrag: str
    pwd: str


def new_credentials(rng: Callable[[int], bytes]) -> IceCredentials:
    """8 and 24 ice-chars: base 64 uses exactly their alphabet."""
    return IceCredentials(ufrag=b64encode(rng(6)).decode(), pwd=b64encode(rng(18)).decode())


@dataclass(frozen=True, slots=True)
class BindingRequest:
    """A well-formed binding request; nothing in it is authentic yet."""

    local_ufrag: str
    remote_ufrag: str
    use_candidate: bool
    data: bytes
    message: stun.Message


def parse_binding_request(data: bytes) -> BindingRequest:
    """Raises StunError; a FINGERPRINT is checked when there is one."""
    try:
        message = stun.parse(data)
    except stun.StunFormatError:
        raise StunError("malformed") from None
    if message.kind != stun.BINDING_REQUEST:
        raise StunError("not_a_request")
    # RFC 8445 7.2.2: the peer writes our fragment first.
    name = message.attributes.get(stun.USERNAME, b"").decode("utf-8", "replace")
    local, colon, remote = name.partition(":")
    if not colon:
        raise StunError("no_username")
    return BindingRequest(local, remote, stun.USE_CANDIDATE in message.attributes, data, message)


class IceAgent:
    """The lite end of one transport: always controlled, never asks, only answers."""

    def __init__(self, credentials: IceCredentials, now: float) -> None:
        self.credentials = credentials
        self.selected: Address | None = None
        self.state = IceState.NEW
        self._previous: IceCredentials | None = None
        self._bound: dict[Address, float] = {}  # when last heard, the oldest first
        self._seen: dict[bytes, Address] = {}  # authentic transactions, the oldest first
        self._disconnect_at = now
        self._fail_at = now + FAILED_AFTER

    def restart(self, credentials: IceCredentials, now: float) -> None:
        """New credentials; the old pair goes on until the new ones nominate one."""
        if self.state is IceState.FAILED:
            self.state = IceState.NEW
            self.selected = None
            self._bound.clear()
        elif self._previous is None:  # a second restart in a row keeps those that work
            self._previous = self.credentials
        self.credentials = credentials
        self._fail_at = now + FAILED_AFTER

    def ufrags(self) -> tuple[str, ...]:
        """The fragments whose requests belong here, the present one first."""
        if self._previous is None:
            return (self.credentials.ufrag,)
        return (self.credentials.ufrag, self._previous.ufrag)

    def handle_request(self, request: BindingRequest, address: Address, now: float) -> bytes:
        """The answer, after the address was bound or nominated; raises StunError."""
        credentials = self._authenticate(request)
        self._refuse_replay(request.message.transaction, address)
        if stun.ICE_CONTROLLED in request.message.attributes:
            # RFC 8445 7.3.1.1: a lite end stays controlled, so the peer must change its role.
            conflict = (stun.ERROR_CODE, stun.error_code(ROLE_CONFLICT))
            return _answer(request, stun.BINDING_ERROR, conflict, credentials)
        mapped = (stun.XOR_MAPPED_ADDRESS, _mapped(address, request.message.transaction))
        answer = _answer(request, stun.BINDING_SUCCESS, mapped, credentials)
        self._bind(address, now)
        if request.use_candidate:
            self._nominate(address, credentials)
        if address == self.selected:
            self.state = IceState.CONNECTED
            self._disconnect_at = now + DISCONNECTED_AFTER
            self._fail_at = now + FAILED_AFTER
        return answer

    def is_bound(self, address: Address) -> bool:
        """Whether an authentic request came from there lately."""
        return address in self._bound

    def addresses(self) -> tuple[Address, ...]:
        """All bound addresses, at most MAX_ADDRESSES, the one heard last at the end."""
        return tuple(self._bound)

    def handle_timers(self, now: float) -> IceState:
        """The state at `now`; forgets unselected addresses that have gone silent."""
        if self.state is IceState.CONNECTED and now >= self._disconnect_at:
            self.state = IceState.DISCONNECTED
        if self.state is not IceState.CONNECTED and now >= self._fail_at:
            self.state = IceState.FAILED
            self._previous = None
        for address, heard in list(self._bound.items()):
            if address != self.selected and now >= heard + FAILED_AFTER:
                del self._bound[address]
        return self.state

    def next_deadline(self) -> float | None:
        """When handle_timers has something to do."""
        deadline: float | None = None
        if self.state is IceState.CONNECTED:
            deadline = self._disconnect_at
        elif self.state is not IceState.FAILED:
            deadline = self._fail_at
        if len(self._bound) == 1 and self.selected in self._bound:
            return deadline  # the usual case
        for address, heard in self._bound.items():
            if address != self.selected:
                deadline = earliest(deadline, heard + FAILED_AFTER)
        return deadline

    def _authenticate(self, request: BindingRequest) -> IceCredentials:
        """The credentials that the request proves to know."""
        if self.state is IceState.FAILED:
            raise StunError("failed")
        if request.local_ufrag == self.credentials.ufrag:
            credentials = self.credentials
        elif self._previous is not None and request.local_ufrag == self._previous.ufrag:
            credentials = self._previous
        else:
            raise StunError("unknown_user")
        if not request.message.integrity_at:
            raise StunError("no_integrity")
        if not stun.proves(request.message, request.data, credentials.pwd.encode()):
            raise StunError("wrong_integrity")
        return credentials

    def _refuse_replay(self, transaction: bytes, address: Address) -> None:
        """A recorded request must not move media to another address; a retransmission may come."""
        if self._seen.setdefault(transaction, address) != address:
            raise StunError("replayed")
        if len(self._seen) > MAX_TRANSACTIONS:
            del self._seen[next(iter(self._seen))]

    def _bind(self, address: Address, now: float) -> None:
        self._bound.pop(address, None)
        self._bound[address] = now
        if len(self._bound) > MAX_ADDRESSES:
            oldest = next(known for known in self._bound if known != self.selected)
            del self._bound[oldest]

    def _nominate(self, address: Address, credentials: IceCredentials) -> None:
        """RFC 8445 8.2: the latest nomination wins; so a phone moves to another network."""
        self.selected = address
        if credentials is self.credentials:
            self._previous = None


def _answer(
    request: BindingRequest, kind: int, attribute: tuple[int, bytes], credentials: IceCredentials
) -> bytes:
    """A signed answer, never larger than the request: spoofed senders gain nothing."""
    transaction, key = request.message.transaction, credentials.pwd.encode()
    for fingerprint in (True, False):
        answer = stun.build(kind, transaction, (attribute,), key, fingerprint=fingerprint)
        if len(answer) <= len(request.data):
            return answer
    raise StunError("amplification")


def _mapped(address: Address, transaction: bytes) -> bytes:
    """XOR-MAPPED-ADDRESS; an IPv4 peer of a dual-stack socket sees its IPv4 address."""
    try:
        host = ip_address(address[0])
    except ValueError:
        raise StunError("bad_address") from None
    if isinstance(host, IPv6Address) and host.ipv4_mapped is not None:
        host = host.ipv4_mapped
    return stun.xor_address(host.packed, address[1], transaction)
