"""Sorts datagrams that arrive at a worker's socket, and gives each to its transport.

Cheap checks come before dear ones: length, first byte, known address; then the transport's own.
Pure: no I/O, no clock.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from sfu.fanout.outbox import Outbox
from sfu.ice.address_table import AddressTable
from sfu.ice.agent import StunError, parse_binding_request
from sfu.ice.stun_rate_limiter import StunRateLimiter
from sfu.stats import DropReason
from sfu.transport import Transport
from sfu.wire.address import Address
from sfu.wire.demux import DTLS, RTCP, RTP, STUN, classify


@dataclass(slots=True)
class Arrivals:
    """Datagrams that a worker has received since its start.

    Each datagram is accepted, answered as a STUN request, or dropped with one DropReason.
    """

    datagrams: int = 0
    bytes: int = 0
    accepted: int = 0
    stun_answers: int = 0


class Ingress:
    """Nothing from the network raises past `receive`: it ends in a counter with a DropReason."""

    def __init__(
        self,
        addresses: AddressTable[Transport],
        drops: Counter[DropReason],
        max_datagram: int,
        active: dict[Transport, None],
        outbox: Outbox,
        on_fault: Callable[[str, Exception, float], None],
    ) -> None:
        """`active` takes the transports that got something, `outbox` the STUN responses;
        `on_fault` hears of exceptions, with the id of the transport."""
        self.arrivals = Arrivals()
        self._addresses = addresses
        self._drops = drops
        self._max_datagram = max_datagram
        self._active = active
        self._outbox = outbox
        self._on_fault = on_fault
        self._stun_limiter = StunRateLimiter()

    def receive(self, data: bytes, address: Address, now: float) -> None:
        """Takes one datagram; never raises."""
        self.arrivals.datagrams += 1
        self.arrivals.bytes += len(data)
        if len(data) > self._max_datagram:
            self._drops[DropReason.OVERSIZED] += 1
            return
        kind = classify(data)
        if kind == STUN:
            self._receive_stun(data, address, now)
            return
        if kind not in (RTP, RTCP, DTLS):
            self._drops[DropReason.UNKNOWN_KIND if data else DropReason.EMPTY] += 1
            return
        transport = self._addresses.by_address.get(address)
        if transport is None:
            self._drops[DropReason.UNKNOWN_ADDRESS] += 1
            return
        try:
            if kind == RTP:
                accepted = transport.receive_rtp(data, now)
            elif kind == RTCP:
                accepted = transport.receive_rtcp(data, now)
            else:
                accepted = transport.receive_dtls(data, address, now)
            if accepted:
                self.arrivals.accepted += 1
        except Exception as error:  # a fault of ours costs this connection, not the class
            self._on_fault(transport.transport_id, error, now)
        self._active[transport] = None

    def _receive_stun(self, data: bytes, address: Address, now: float) -> None:
        if data[:1] == b"\x01":  # the class of a response, RFC 8489 5
            self._receive_stun_answer(data, address, now)
            return
        holder = self._addresses.by_address.get(address)
        if holder is None and self._stun_limiter.is_spent(address, now):
            self._drops[DropReason.STUN_OVER_BUDGET] += 1
            return
        try:
            request = parse_binding_request(data)
        except StunError:
            self._fail_stun(DropReason.STUN_MALFORMED, holder, address, now)
            return
        transport = self._addresses.by_ufrag.get(request.local_ufrag)
        if transport is None:
            self._fail_stun(DropReason.STUN_UNKNOWN_USER, holder, address, now)
            return
        if holder is not None and holder is not transport and holder.holds(address):
            self._drops[DropReason.STUN_REFUSED] += 1  # a forged source would cut the holder off
            return
        try:
            answer = transport.receive_stun(request, address, now)
        except StunError as error:
            is_much = error.reason == "over_budget"
            reason = DropReason.STUN_OVER_BUDGET if is_much else DropReason.STUN_REFUSED
            self._fail_stun(reason, holder, address, now)
            return
        except Exception as error:  # as in receive
            self._on_fault(transport.transport_id, error, now)
            return
        self._outbox.append((address, [answer]))
        self.arrivals.stun_answers += 1
        if holder is not transport and transport.agent.is_bound(address):
            self._addresses.bind(transport, address, transport.agent.addresses())
        self._active[transport] = None

    def _fail_stun(
        self, reason: DropReason, holder: Transport | None, address: Address, now: float
    ) -> None:
        """Counts a request that gets no answer. A bound address has no limit here: forged requests
        must not cost its transport the consent checks."""
        self._drops[reason] += 1
        if holder is None:
            self._stun_limiter.charge_failed(address, now)

    def _receive_stun_answer(self, data: bytes, address: Address, now: float) -> None:
        """Takes an answer to a check of an address, the only request that the worker ever sends."""
        transport = self._addresses.by_address.get(address)
        if transport is None or not transport.agent.check.awaits(address, data[8:20]):
            self._drops[DropReason.STUN_UNASKED] += 1
            return
        try:
            transport.receive_stun_answer(data, address, now)
        except StunError:
            self._drops[DropReason.STUN_REFUSED] += 1
        except Exception as error:  # as in receive
            self._on_fault(transport.transport_id, error, now)
        self._active[transport] = None
