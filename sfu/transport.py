"""A Transport: one peer connection, from ICE and DTLS to its publishing and receiving halves.

Owns the life of the connection and what arrives on it. Pure: no I/O, no clock; DTLS comes
in through the protocols of sfu.dtls.api.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Protocol

from common.errors import StateError
from common.work import Price
from sfu import rtcp_receiver, rtcp_sender
from sfu.dtls.api import DtlsFactory, DtlsSession, EndedSession
from sfu.dtls.limits import DtlsLimits
from sfu.fanout.outbox import Outbox
from sfu.ice.agent import (
    BindingRequest,
    IceAgent,
    IceCredentials,
    IceState,
    StunError,
    new_credentials,
)
from sfu.negotiation.answer import SlotIds
from sfu.negotiation.capabilities import Negotiation
from sfu.negotiation.negotiator import Negotiator
from sfu.negotiation.offer import Offer
from sfu.publish.producer import Layer
from sfu.publish.uplink import LevelHandler, Uplink
from sfu.quality import Quality, QualityMeter, judge
from sfu.srtp.keys import SrtpKeys
from sfu.srtp.rtp import inbound, outbound
from sfu.stats import DropReason, TransportSnapshot
from sfu.subscribe.downlink import Downlink
from sfu.subscribe.estimator import EstimatorFactory
from sfu.timers import earliest
from sfu.wire.address import Address
from sfu.wire.rtcp import RtcpRecord, TransportFeedback
from sfu.workload import Workload

TICK = 1.0  # s between reports
GRID = 0.025  # s: ticks fall on its lines, so that 1,000 transports wake the loop 40 times a second
ALLOCATE_EVERY = 4  # ticks, where no limit is in force and only heights could have changed
SETTLE_EVERY = 32  # packets that are paid for together


class TransportState(StrEnum):
    """Where a transport is in its life."""

    NEW = "new"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    CLOSED = "closed"


class TransportListener(Protocol):
    """Hears that a transport has changed. It takes note, and does nothing yet."""

    def on_state(self, transport: "Transport") -> None: ...
    def on_deadline(self, transport: "Transport") -> None: ...
    def on_slots(self, transport: "Transport") -> None: ...


@dataclass(slots=True)
class Services:
    """What a transport gets from its worker."""

    dtls: DtlsFactory
    random: Callable[[int], bytes]
    outbox: Outbox
    listener: TransportListener
    on_pending: Callable[[Layer], None]
    on_level: LevelHandler
    max_streams: int
    workload: Workload
    new_estimator: EstimatorFactory


class Transport:
    """One participant's connection. Its faults are its own: the worker closes it alone."""

    def __init__(
        self, router_id: str, transport_id: str, services: Services, now: float, *, pinned: bool
    ) -> None:
        self.router_id = router_id
        self.transport_id = transport_id
        self.pinned = pinned
        self.workload = services.workload
        self.workload.begin()
        self._settle_at = 0  # packets received, when they are paid for next
        self.state = TransportState.NEW
        self.close_reason = ""
        self.final: TransportSnapshot | None = None  # of when it left its class
        self.drops: Counter[DropReason] = Counter()
        self.packets_received = 0
        self.bytes_received = 0
        self.srtp_profile: str | None = None
        self.offer: Offer | None = None
        self.quality = QualityMeter()
        self._services = services
        self.agent = self._new_agent(IceCredentials("", ""), now)  # the offer brings another
        self.uplink = self._new_uplink()
        self.cname = services.random(12).hex()
        told, estimator = partial(services.listener.on_slots, self), services.new_estimator()
        self.downlink = Downlink(
            transport_id, self.cname, services.random, told, self.drops, estimator
        )
        self._dtls: DtlsSession = services.dtls.session(self)
        self._dtls_limits = DtlsLimits(now)
        self._tick_at = math.ceil((now + TICK) / GRID) * GRID
        self.ticked_at = now  # when reports were last made
        self._ticks = 0
        self._told_state = self.state
        self._told_quality = self.quality.told

    def _new_uplink(self) -> Uplink:
        services = self._services
        return Uplink(
            self.transport_id,
            int.from_bytes(services.random(4), "big") or 1,
            services.max_streams,
            services.on_pending,
            services.on_level,
            partial(services.listener.on_deadline, self),
            self.workload,
        )

    # -- negotiation ------------------------------------------------------------------------

    def begin(self, offer: Offer, negotiation: Negotiation, now: float) -> None:
        """The first offer: DTLS may start as soon as ICE lets its packets in."""
        if self.state is not TransportState.NEW:
            raise StateError("already_offered", "this connection has begun already")
        self.offer = offer
        self.state = TransportState.CONNECTING
        self.agent = self._new_agent(IceCredentials(offer.ice_ufrag, offer.ice_pwd), now)
        self._dtls.start(negotiation.fingerprints)

    def negotiate_slots(
        self, negotiator: Negotiator, negotiation: Negotiation, now: float
    ) -> Mapping[str, SlotIds]:
        """Makes the slots that are new and ends those that are not offered any more; all of them,
        by mid."""
        present = {mid: (one.ssrc, one.rtx_ssrc) for mid, one in self.downlink.consumers.items()}
        ids = negotiator.slot_ids(negotiation, present, self.downlink.index_spaces)
        ssrcs = {mid: (slot.ssrc, slot.rtx_ssrc) for mid, slot in ids.items()}
        self.downlink.negotiate(negotiation, ssrcs, now)
        return ids

    def restart_ice(self, offer: Offer, now: float) -> None:
        """RFC 8445 9: new credentials on both sides, media goes on over the old pair."""
        self.offer = offer
        peer = IceCredentials(offer.ice_ufrag, offer.ice_pwd)
        self.agent.restart(new_credentials(self._services.random), peer, now)

    def _new_agent(self, peer: IceCredentials, now: float) -> IceAgent:
        random = self._services.random
        return IceAgent(new_credentials(random), peer, random, self.drops, now)

    # -- DTLS (the hooks of sfu.dtls.api) ---------------------------------------------------

    def send(self, data: bytes) -> None:
        """A DTLS datagram to the peer, not without end until there are keys."""
        if not self._dtls_limits.passes(data):
            self.drops[DropReason.DTLS_UNPROVEN] += 1
            return
        self._send_dtls(data)

    def _send_dtls(self, data: bytes) -> None:
        if (address := self.agent.flight_address()) is None:
            self.drops[DropReason.UNKNOWN_ADDRESS] += 1
            return
        self._services.outbox.append((address, [data]))
        self._services.listener.on_state(self)

    def connected(self, keys: SrtpKeys) -> None:
        """The handshake ended in keys; connected, when ICE has chosen an address, too."""
        if self.state is not TransportState.CONNECTING or self.uplink.srtp is not None:
            return
        self._dtls_limits.prove()
        self.srtp_profile = keys.profile.value
        self.uplink.srtp = inbound(keys)
        self.downlink.connect(outbound(keys))
        self.agent.dtls_connected()
        self._follow_ice()
        self._services.listener.on_state(self)

    def closed(self, reason: str) -> None:
        """The peer said good-bye, or the handshake failed."""
        self.close_reason = self.close_reason or reason
        self._services.listener.on_state(self)

    def receive_dtls(self, data: bytes, address: Address, now: float) -> bool:
        """A DTLS datagram from an address that is bound; as receive_rtp."""
        if not self._dtls_limits.admits(len(data), now):
            self.drops[DropReason.DTLS_OVER_BUDGET] += 1
            return False
        self.agent.dtls_from = address
        self._dtls.receive(data)
        if flight := self._dtls_limits.released():
            self._send_dtls(flight)
        return True

    # -- ICE --------------------------------------------------------------------------------

    def receive_stun(self, request: BindingRequest, address: Address, now: float) -> bytes:
        """The answer to a binding request; raises StunError. Only new authentic requests count
        against the participant: what is forged or repeated must not cost it its consent checks."""
        if self.workload.checks.is_spent(now):
            if self.workload.refuse(now):
                self.closed("flooding")
            raise StunError("over_budget")
        before = self.agent.requests
        answer = self.agent.handle_request(request, address, now)
        if self.agent.requests != before:
            self.workload.checks.charge(Price.STUN)
        elif not self.workload.unproven.take(Price.STUN, now):
            raise StunError("over_budget")
        self._follow_ice()
        return answer

    def receive_stun_answer(self, data: bytes, address: Address, now: float) -> None:
        """An answer to the agent's check: media goes there from now on. Raises StunError."""
        self.agent.handle_answer(data, address, now)
        self._follow_ice()

    def holds(self, address: Address) -> bool:
        """True while the peer is there: nobody else may claim its address meanwhile."""
        return self.agent.state is IceState.CONNECTED and self.agent.selected == address

    def _follow_ice(self) -> None:
        """Connectivity found, lost and found again, here or elsewhere."""
        self.downlink.move(self.agent.selected)
        ice = self.agent.state
        if ice is IceState.FAILED:
            self._services.listener.on_state(self)
        elif self.state is TransportState.CONNECTING and self.downlink.connected:
            self.state = TransportState.CONNECTED
            self._services.listener.on_state(self)
        elif self.state is TransportState.CONNECTED and ice is IceState.DISCONNECTED:
            self.state = TransportState.DISCONNECTED
            self._services.listener.on_state(self)
        elif self.state is TransportState.DISCONNECTED and ice is IceState.CONNECTED:
            self.state = TransportState.CONNECTED
            self.downlink.forget_path()
            self._services.listener.on_state(self)

    # -- RTP and RTCP -----------------------------------------------------------------------

    def receive_rtp(self, data: bytes, now: float) -> bool:
        """One SRTP packet of the peer; False when it was dropped, which is counted here."""
        self.packets_received += 1
        self.bytes_received += len(data)
        if self.packets_received >= self._settle_at and self._is_spent(now):
            return self._refuse(len(data), now)
        reason = self.uplink.receive_rtp(data, now)
        if reason is not None:
            self.drops[reason] += 1
        return reason is None

    def _is_spent(self, now: float) -> bool:
        """Pays for the packets since the last look; while the budget is spent, at each packet."""
        is_spent = self.workload.settle(self.packets_received, self.bytes_received, now)
        self._settle_at = 0 if is_spent else self.packets_received + SETTLE_EVERY
        return is_spent

    def receive_rtcp(self, data: bytes, now: float) -> bool:
        """One SRTCP packet of the peer; as receive_rtp."""
        self.packets_received += 1
        self.bytes_received += len(data)
        self.workload.exempt(len(data))
        srtp = self.uplink.srtp
        if srtp is None:
            self.drops[DropReason.NOT_CONNECTED] += 1
            return False
        if self.workload.budget.is_spent(now):
            return self._refuse(0, now)
        return rtcp_receiver.receive(self, srtp, data, now)

    def _refuse(self, size: int, now: float) -> bool:
        """Drops a datagram unread: the participant's work for now is done. `size`: of RTP."""
        if size:
            self.workload.exempt(size)
        self.drops[DropReason.WORK_OVER_BUDGET] += 1
        if self.workload.refuse(now):
            self.closed("flooding")
        return False

    def send_again(self, packets: list[bytes]) -> None:
        """Retransmissions, to where the slots' copies go."""
        if packets and self.downlink.address is not None:
            self._services.outbox.append((self.downlink.address, packets))

    # -- time -------------------------------------------------------------------------------

    def next_deadline(self, now: float) -> float | None:
        """When handle_timers has something to do."""
        if self.state in (TransportState.CLOSED, TransportState.NEW):
            return None
        deadline = self.agent.next_deadline()
        if not self.downlink.connected:
            return deadline
        deadline = earliest(deadline, self._tick_at)
        deadline = earliest(deadline, self.uplink.next_deadline(now))
        return earliest(deadline, self.downlink.estimator.next_deadline())

    def handle_timers(self, now: float) -> bool:
        """Does what is due; True when the slots' layers should be chosen anew."""
        self.agent.handle_timers(now)
        if (request := self.agent.check.handle_timers(now)) is not None:
            self._services.outbox.append((request[0], request[1:]))
        self._follow_ice()
        if not self.downlink.connected:
            return False
        if records := self.uplink.handle_timers(now):
            self._charge_feedback(records)
            rtcp_sender.send(records, self.downlink, self._services.outbox)
        reallocate: bool = self.downlink.estimator.handle_timers(now)
        if now >= self._tick_at:
            # as many periods on: transports that a stall has brought together part again
            self._tick_at += TICK * max(1, math.ceil((now - self._tick_at) / TICK))
            self.ticked_at = now
            self._ticks += 1
            self._tick(now)
            reallocate |= self.downlink.limited or self._ticks % ALLOCATE_EVERY == 0
        return reallocate

    def _charge_feedback(self, records: Iterable[RtcpRecord]) -> None:
        """The publisher's numbers decide how many statuses are written."""
        for record in records:
            if isinstance(record, TransportFeedback):
                self.workload.budget.charge(Price.FEEDBACK_STATUS * len(record.arrivals))

    def _tick(self, now: float) -> None:
        """Once a second: reports both ways, rates, and words for the network."""
        self.workload.budget.refill(now)  # so that what was gained while idle is one burst at most
        self.downlink.count_rate(now)
        report = self.uplink.receiver_report(now)
        if records := ([report] if report else []) + self.downlink.sender_reports(now):
            rtcp_sender.send(records, self.downlink, self._services.outbox)
        uplink_loss = max((layer.stream.loss for layer in self.uplink.layers), default=0.0)
        quality = judge(
            uplink_loss,
            self.downlink.loss,
            self.downlink.round_trip,
            limited=self.downlink.limited,
        )
        if self.quality.update(quality):
            self._services.listener.on_state(self)

    def take_state(self) -> TransportState | None:
        """The state, once per change."""
        if self.state is self._told_state:
            return None
        self._told_state = self.state
        return self.state

    def take_quality(self) -> Quality | None:
        """The quality, once per change."""
        if self.quality.told is self._told_quality:
            return None
        self._told_quality = self.quality.told
        return self._told_quality

    def close(self, reason: str, now: float) -> None:
        """Ends everything on this connection; idempotent."""
        if self.state is TransportState.CLOSED:
            return
        self.state = TransportState.CLOSED
        self.close_reason = reason
        for producer in self.uplink.producers.values():
            producer.close(now)
        self.downlink.detach_all(now)
        self._dtls.close()

    def release(self) -> None:
        """After close: nothing of it leads back to it, so that reference counts free it at once.
        The garbage collector is kept from running while media flows (sfu.io.collector)."""
        self._dtls = EndedSession()
        self.uplink.release()
        self.downlink.release()
