"""ICE-lite: answers binding requests, knows which addresses belong to a transport, and to which
of them media may go.

RFC 8445 2.5 (lite), RFC 8489 (STUN), RFC 7675 (consent). Pure: no I/O, no clock.
"""

from base64 import b64encode
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address, ip_address

from sfu.ice.address_check import AddressCheck
from sfu.ice.replay_filter import ReplayFilter, Transaction
from sfu.stats import DropReason
from sfu.timers import earliest
from sfu.wire import stun
from sfu.wire.address import Address

MAX_ADDRESSES = 8  # of one transport
MAX_PEERS = 4  # credentials of the peer: restarts whose ports may still be in use
DISCONNECTED_AFTER = 8.0  # s; peers ask for consent every 4 to 6 s (RFC 7675 5.1)
FAILED_AFTER = 30.0  # s, RFC 7675 5.1

ROLE_CONFLICT = 487  # RFC 8445 7.3.1.1


class IceState(StrEnum):
    """The state of a transport's connectivity."""

    NEW = "new"
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    FAILED = "failed"


class StunError(Exception):
    """A request that gets no answer, or an answer that proves nothing.

    `reason`: "malformed", "not_a_request", "no_username", "unknown_user", "no_integrity",
    "wrong_integrity", "replayed", "bad_address", "amplification", "over_budget" or "failed".
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
    message: stun.StunMessage


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


@dataclass(frozen=True, slots=True)
class _Nomination:
    """An address where the peer wants media; that it is there is not proven yet."""

    address: Address
    ours: IceCredentials
    peer_ufrag: str
    size: int  # bytes of the request


class IceAgent:
    """The lite end of one transport: always controlled. It answers requests; its own ask only
    whether the peer is at an address that the peer nominates (`check`)."""

    def __init__(
        self,
        credentials: IceCredentials,
        peer: IceCredentials,
        random: Callable[[int], bytes],
        drops: Counter[DropReason],
        now: float,
    ) -> None:
        self.credentials = credentials
        self.selected: Address | None = None  # nominated and proven: where media goes
        self.state = IceState.NEW
        self.check = AddressCheck(drops, now)
        self.requests = 0  # authentic ones, each transaction once
        self._random = random
        self._previous: IceCredentials | None = None
        self._peers = {peer.ufrag: peer.pwd}  # the peer's passwords, the oldest first
        self._asked_with = credentials  # those of ours that `check` goes by
        self._nomination: _Nomination | None = None  # the latest, until it can be asked
        self.dtls_from: Address | None = None  # where the peer's latest DTLS came from
        self._flights_to: set[Address] = set()  # during the handshake; two say as much as many
        self._keyed = False
        self._proven: Address | None = None  # by the handshake
        self._bound: dict[Address, float] = {}  # when last heard, the oldest first
        self._replays = ReplayFilter()
        self._disconnect_at = now
        self._fail_at = now + FAILED_AFTER

    def restart(self, credentials: IceCredentials, peer: IceCredentials, now: float) -> None:
        """New credentials; the old pair goes on until the new ones nominate one."""
        if self.state is IceState.FAILED:
            self.state = IceState.NEW
            self.selected = self._proven = None
            self._bound.clear()
        elif self._previous is None:  # a second restart in a row keeps those that work
            self._previous = self.credentials
        self.credentials = credentials
        self._peers[peer.ufrag] = peer.pwd
        if len(self._peers) > MAX_PEERS:
            del self._peers[next(iter(self._peers))]
        self._fail_at = now + FAILED_AFTER
        self._nominate_pending()

    def ufrags(self) -> tuple[str, ...]:
        """The fragments whose requests belong here, the present one first."""
        if self._previous is None:
            return (self.credentials.ufrag,)
        return (self.credentials.ufrag, self._previous.ufrag)

    def handle_request(self, request: BindingRequest, address: Address, now: float) -> bytes:
        """The answer, after the address was bound or nominated; a retransmission gets no more
        than that. Raises StunError."""
        ours = self._authenticate(request)
        kind = self._replays.check(request.message.transaction, address)
        if kind is Transaction.REPLAYED:
            raise StunError("replayed")
        if stun.ICE_CONTROLLED in request.message.attributes:
            # RFC 8445 7.3.1.1: a lite end stays controlled, so the peer must change its role.
            conflict = (stun.ERROR_CODE, stun.error_code(ROLE_CONFLICT))
            return _answer(request, stun.BINDING_ERROR, conflict, ours)
        mapped = (stun.XOR_MAPPED_ADDRESS, _mapped(address, request.message.transaction))
        answer = _answer(request, stun.BINDING_SUCCESS, mapped, ours)
        if kind is Transaction.NEW:
            self.requests += 1
            self._take(request, address, ours, now)
        return answer

    def _take(
        self, request: BindingRequest, address: Address, ours: IceCredentials, now: float
    ) -> None:
        self._bind(address, now)
        if request.use_candidate:
            size = len(request.data)
            self._nominate(_Nomination(address, ours, request.remote_ufrag, size))
        if address == self.selected:
            self._consent(now)

    def handle_answer(self, data: bytes, address: Address, now: float) -> None:
        """Takes the answer that `check` awaits from this address: media goes there from now on.
        Raises StunError."""
        try:
            message = stun.parse(data)
        except stun.StunFormatError:
            raise StunError("malformed") from None
        if not self.check.is_answered_by(message, data):
            raise StunError("wrong_integrity")
        self.check.end()
        self._bind(address, now)
        self._select(address)
        self._adopt(self._asked_with)

    def flight_address(self) -> Address | None:
        """The address for DTLS: until there are keys, where the peer's own came from."""
        address = self.selected or self.dtls_from
        if address is None or address not in self._bound:
            return None
        if not self._keyed and len(self._flights_to) < 2:
            self._flights_to.add(address)
        return address

    def dtls_connected(self) -> None:
        """The handshake is done, so the peer has read our flights: if all of them went to one
        address, the peer is there."""
        self._keyed = True
        if len(self._flights_to) == 1:
            [self._proven] = self._flights_to
        self._nominate_pending()

    def is_bound(self, address: Address) -> bool:
        """True when an authentic request came from there lately."""
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
            self.check.end()
        for address, heard in list(self._bound.items()):
            if address != self.selected and now >= heard + FAILED_AFTER:
                del self._bound[address]
        return self.state

    def next_deadline(self) -> float | None:
        """The time when handle_timers, of this or of `check`, has something to do."""
        deadline = self.check.next_deadline()
        if self.state is IceState.CONNECTED:
            deadline = earliest(deadline, self._disconnect_at)
        elif self.state is not IceState.FAILED:
            deadline = earliest(deadline, self._fail_at)
        if len(self._bound) == 1 and self.selected in self._bound:
            return deadline  # the usual case
        for address, heard in self._bound.items():
            if address != self.selected:
                deadline = earliest(deadline, heard + FAILED_AFTER)
        return deadline

    def _authenticate(self, request: BindingRequest) -> IceCredentials:
        """Returns the credentials of ours that the request was signed with. Raises StunError."""
        if self.state is IceState.FAILED:
            raise StunError("failed")
        if request.local_ufrag == self.credentials.ufrag:
            ours = self.credentials
        elif self._previous is not None and request.local_ufrag == self._previous.ufrag:
            ours = self._previous
        else:
            raise StunError("unknown_user")
        if not request.message.integrity_at:
            raise StunError("no_integrity")
        if not stun.proves(request.message, request.data, ours.pwd.encode()):
            raise StunError("wrong_integrity")
        return ours

    def _bind(self, address: Address, now: float) -> None:
        self._bound.pop(address, None)
        self._bound[address] = now
        if len(self._bound) > MAX_ADDRESSES:
            needed = (self.selected, self.check.address)
            del self._bound[next(known for known in self._bound if known not in needed)]

    def _nominate(self, nomination: _Nomination) -> None:
        """RFC 8445 8.2: the latest nomination wins; so a phone moves to another network. Media
        goes on where it goes until the peer has answered from there."""
        self._nomination = None if self._keyed else nomination
        if not self._keyed:
            return
        if self.selected is None and self._proven is not None and self._proven in self._bound:
            self._select(self._proven)
        if nomination.address == self.selected:
            self._adopt(nomination.ours)
        else:
            self._ask(nomination)

    def _nominate_pending(self) -> None:
        nomination = self._nomination
        if nomination is not None and nomination.address in self._bound:
            self._nominate(nomination)

    def _ask(self, nomination: _Nomination) -> None:
        """With the fragments of the nomination: while a restart is under way, Chromium checks from
        its new ports with our old ones, before it has our answer or we have its offer."""
        pwd = self._peers.get(nomination.peer_ufrag)
        if pwd is None:
            self._nomination = nomination
            return
        name = f"{nomination.peer_ufrag}:{nomination.ours.ufrag}"
        address, size = nomination.address, nomination.size
        if self.check.begin(address, name, pwd.encode(), self._random, size):
            self._asked_with = nomination.ours

    def _select(self, address: Address) -> None:
        self.selected = address
        self._consent(self._bound[address])

    def _adopt(self, ours: IceCredentials) -> None:
        """Media goes to an address that was nominated with these credentials: the old ones end
        when these are the new."""
        if ours is self.credentials:
            self._previous = None

    def _consent(self, heard: float) -> None:
        """RFC 7675: a request from the selected address is the peer's consent to media there."""
        self.state = IceState.CONNECTED
        self._disconnect_at = heard + DISCONNECTED_AFTER
        self._fail_at = heard + FAILED_AFTER


def _answer(
    request: BindingRequest, kind: int, attribute: tuple[int, bytes], credentials: IceCredentials
) -> bytes:
    """A signed answer, never larger than the request: spoofed senders gain nothing."""
    transaction, key = request.message.transaction, credentials.pwd.encode()
    answer = stun.build_within(len(request.data), kind, transaction, (attribute,), key)
    if answer is None:
        raise StunError("amplification")
    return answer


def _mapped(address: Address, transaction: bytes) -> bytes:
    """XOR-MAPPED-ADDRESS; an IPv4 peer of a dual-stack socket sees its IPv4 address."""
    try:
        host = ip_address(address[0])
    except ValueError:
        raise StunError("bad_address") from None
    if isinstance(host, IPv6Address) and host.ipv4_mapped is not None:
        host = host.ipv4_mapped
    return stun.xor_address(host.packed, address[1], transaction)
