"""A Worker: the classes of one UDP port, driven by a few verbs over plain data.

`receive` and `flush` take what has arrived, `handle_timers` and `next_deadline` serve what is
due, and `deliver_events` tells what happened. Datagrams leave by the outbox. Nothing from the
network raises past `receive`: it ends in a counter with a DropReason. Pure: no I/O, no clock.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from common.errors import CapacityError, StateError
from sfu.config import WorkerConfig
from sfu.dtls.api import DtlsFactory
from sfu.egress import Egress
from sfu.events import (
    Event,
    Listener,
    QualityChanged,
    SlotsChanged,
    TransportClosed,
    TransportConnected,
    TransportDisconnected,
)
from sfu.fanout.forward import Totals
from sfu.fanout.outbox import Outbox
from sfu.ice.address_table import AddressTable
from sfu.ice.agent import IceState
from sfu.ingress import Ingress
from sfu.layout import SlotWant
from sfu.negotiation.negotiator import Answer, Negotiator
from sfu.negotiation.offer import Offer
from sfu.publish.producer import Layer
from sfu.router import Router
from sfu.snapshot import read_router, snapshot_transport
from sfu.stats import DropReason, RouterReading, WorkerSnapshot
from sfu.subscribe.estimator import EstimatorFactory
from sfu.subscribe.remb_estimator import RembEstimator
from sfu.timers import Timers, earliest
from sfu.transport import Services, Transport, TransportState
from sfu.transport_changes import TransportChanges
from sfu.wire.address import Address
from sfu.workload import Workload

AFTER_FAULT = 1.0  # s until a class's timers are tried again


class Worker:
    """Routers, their transports, and the one table of addresses they share."""

    def __init__(
        self,
        config: WorkerConfig,
        *,
        dtls: DtlsFactory,
        random: Callable[[int], bytes],
        outbox: Outbox,
        listener: Listener,
        drops: Counter[DropReason] | None = None,
        new_estimator: EstimatorFactory = RembEstimator,
    ) -> None:
        """`random` gives so many unpredictable bytes; `drops` may be shared with the parts of the
        surroundings that drop datagrams, too."""
        self.config = config
        self.routers: dict[str, Router[Transport]] = {}
        self.drops: Counter[DropReason] = Counter() if drops is None else drops
        self.forwarded = Totals(drops=self.drops)
        self._dtls = dtls
        self._random = random
        self._new_estimator = new_estimator
        self._outbox = outbox
        self._listener = listener
        self._negotiator = Negotiator(config, dtls.fingerprints, random)
        self._transports: dict[str, Transport] = {}
        self._addresses: AddressTable[Transport] = AddressTable()
        self.by_address: Mapping[Address, Transport] = self._addresses.by_address
        self._timers: Timers[Transport | Router[Transport]] = Timers()
        self._events: list[Event] = []
        self._changes = TransportChanges(listener.on_wake)
        self._ingress = Ingress(
            self._addresses,
            self.drops,
            config.max_datagram,
            self._changes.deadlines,
            outbox,
            self._fail,
        )
        self.arrivals = self._ingress.arrivals
        self._egress = Egress(outbox, self.forwarded, self._start_layer, self._fail)

    # -- control ----------------------------------------------------------------------------

    def create_router(self, router_id: str, now: float) -> None:
        """Opens a class; harmless when it is open."""
        if router_id in self.routers:
            return
        if len(self.routers) >= self.config.max_routers:
            raise CapacityError("too_many_classes", "this server holds no more classes")
        self.routers[router_id] = Router[Transport](
            router_id, self._events.append, self._on_subscriber_fault, self._arm_router
        )

    def close_router(self, router_id: str, now: float) -> None:
        """Closes a class and every connection in it."""
        if (router := self.routers.pop(router_id, None)) is None:
            return
        for transport in tuple(router.transports.values()):
            self._close(transport, "ended", now)
        router.transports.clear()
        self._timers.clear(router)

    def create_transport(
        self, router_id: str, transport_id: str, now: float, *, pinned: bool = False
    ) -> None:
        """Makes room for a participant; `pinned` is the teacher, whose voice keeps the first audio
        slot and who is never removed for making too much work."""
        router = self._router(router_id)
        if transport_id in self._transports:
            raise StateError("already_joined", "this participant has a connection already")
        if len(self._transports) >= self.config.max_transports:
            raise CapacityError("server_full", "this server holds no more participants")
        if len(router.transports) >= self.config.max_transports_per_router:
            raise CapacityError("class_full", "the class is full")
        self._add_transport(router, transport_id, now, pinned=pinned)

    def _add_transport(
        self,
        router: Router[Transport],
        transport_id: str,
        now: float,
        *,
        pinned: bool,
        workload: Workload | None = None,
    ) -> Transport:
        services = Services(
            dtls=self._dtls,
            random=self._random,
            outbox=self._outbox,
            listener=self._changes,
            on_pending=self._egress.pending.append,
            on_level=router.on_level,
            max_streams=self.config.max_streams_per_transport,
            new_estimator=self._new_estimator,
            workload=workload or self._new_workload(now, is_teacher=pinned),
        )
        transport = Transport(router.router_id, transport_id, services, now, pinned=pinned)
        self._transports[transport_id] = transport
        router.add(transport)
        self._arm_router(router)
        return transport

    def _new_workload(self, now: float, *, is_teacher: bool) -> Workload:
        rate, burst = self.config.work_rate, self.config.work_burst
        return Workload(rate, burst, now, is_teacher=is_teacher)

    def accept_offer(self, transport_id: str, sdp: str, now: float) -> Answer:
        """Answers a client's offer: the first one, one with more slots, an ICE restart, or that
        of a reloaded page, which replaces the old connection. Which it is, the offer itself tells
        (RFC 8839 4.4.1.1.1)."""
        transport = self._transport(transport_id)
        offer, negotiation = self._negotiator.read(sdp)
        if transport.close_reason or _is_other_client(transport, offer):
            router, old = self._router(transport.router_id), transport
            self._close(old, "replaced", now)
            transport = self._add_transport(  # whose debts stay: a reload is no way out of them
                router, transport_id, now, pinned=old.pinned, workload=old.workload
            )
        if transport.offer is None:
            transport.begin(offer, negotiation, now)
            self._addresses.name(transport, transport.agent.ufrags())
        elif offer.ice_ufrag != transport.offer.ice_ufrag:
            transport.restart_ice(offer, now)
            self._addresses.name(transport, transport.agent.ufrags())
        slots = transport.negotiate_slots(self._negotiator, negotiation, now)
        answer = self._negotiator.answer(
            offer,
            negotiation,
            slots,
            credentials=(transport.agent.credentials.ufrag, transport.agent.credentials.pwd),
            cname=transport.cname,
        )
        opened, closed = transport.uplink.negotiate(negotiation)
        router = self._router(transport.router_id)
        router.slots_offered(transport)
        router.change_producers(opened, closed, now)
        self._arm(transport, now)
        return answer

    def set_layout(self, transport_id: str, slots: Sequence[SlotWant], now: float) -> None:
        """What a subscriber wants in its video slots."""
        transport = self._transport(transport_id)
        self._router(transport.router_id).set_layout(transport, slots, now)

    def set_source(self, transport_id: str, source: str, enabled: bool, now: float) -> None:
        """Media state of a publisher: what is off isn't forwarded."""
        transport = self._transport(transport_id)
        self._router(transport.router_id).set_source(transport_id, source, enabled, now)

    def close_transport(self, transport_id: str, now: float) -> None:
        """A participant leaves; harmless when gone."""
        if (transport := self._transports.get(transport_id)) is not None:
            self._close(transport, "left", now)

    def _router(self, router_id: str) -> Router[Transport]:
        router = self.routers.get(router_id)
        if router is None:
            raise StateError("unknown_class", "this class is not open")
        return router

    def _transport(self, transport_id: str) -> Transport:
        transport = self._transports.get(transport_id)
        if transport is None:
            raise StateError("not_joined", "join the class first")
        return transport

    def _close(self, transport: Transport, reason: str, now: float) -> None:
        del self._transports[transport.transport_id]
        self._addresses.forget(transport)
        self._timers.clear(transport)
        for step in (transport.close, partial(self._depart, transport)):
            try:
                step(reason, now)
            except Exception as error:  # a fault in one must not keep it in the class's tables
                self._listener.on_fault(transport.transport_id, error)
        transport.release()
        self._changes.states.pop(transport, None)
        self.drops.update(transport.drops)
        self._events.append(TransportClosed(transport.router_id, transport.transport_id, reason))

    def _depart(self, transport: Transport, reason: str, now: float) -> None:
        """Its class counts and lets go of it."""
        router = self.routers.get(transport.router_id)
        try:
            transport.final = snapshot_transport(transport, now)
            if router is not None:
                router.closed_traffic.add(transport.final.traffic())
        finally:
            if router is not None:
                router.remove(transport.transport_id)
                if closed := list(transport.uplink.producers.values()):
                    router.change_producers((), closed, now)

    # -- what arrives -----------------------------------------------------------------------

    def receive(self, data: bytes, address: Address, now: float) -> None:
        """Takes one datagram; never raises. Media goes out at the next `flush`."""
        self._ingress.receive(data, address, now)

    def _on_subscriber_fault(self, transport_id: str, error: Exception) -> None:
        """Closes it at the next flush: its class is in the middle of assigning slots."""
        self._note_fault(transport_id, error)
        if (transport := self._transports.get(transport_id)) is not None:
            transport.closed("error")

    def _note_fault(self, transport_id: str, error: Exception) -> None:
        self.drops[DropReason.TRANSPORT_ERROR] += 1
        self._listener.on_fault(transport_id, error)

    def _fail(self, transport_id: str, error: Exception, now: float) -> None:
        """Closes one connection after an exception in it. Never raises."""
        self._note_fault(transport_id, error)
        if (transport := self._transports.get(transport_id)) is not None:
            self._close(transport, "error", now)

    def flush(self, now: float) -> None:
        """Forwards what a batch of `receive` calls gathered."""
        self._egress.flush(now)
        self._settle(now)

    def _start_layer(self, layer: Layer, now: float) -> None:
        if (transport := self._transports.get(layer.producer.transport_id)) is not None:
            self._router(transport.router_id).layer_started(layer, now)

    def _settle(self, now: float) -> None:
        """After any input: state changes become events, and deadlines are set."""
        states, deadlines = self._changes.states, self._changes.deadlines
        while states:
            transport = next(iter(states))
            del states[transport]
            try:
                self._take_changes(transport, now)
            except Exception as error:  # as in receive
                self._fail(transport.transport_id, error, now)
        for transport in deadlines:
            self._arm(transport, now)
            if router := self.routers.get(transport.router_id):
                self._arm_router(router)  # a first audio level starts its clock
        deadlines.clear()

    # -- time -------------------------------------------------------------------------------

    def next_deadline(self) -> float | None:
        """When handle_timers has something to do."""
        return earliest(self._egress.pending.next_deadline(), self._timers.next_deadline())

    def handle_timers(self, now: float) -> None:
        """Does everything that is due."""
        if (held := self._egress.pending.next_deadline()) is not None and held <= now:
            self.flush(now)
        for owner in self._timers.pop_due(now):
            if isinstance(owner, Router):
                self._handle_router_timers(owner, now)
            else:
                self._handle_transport_timers(owner, now)
        self._settle(now)

    def _handle_router_timers(self, router: Router[Transport], now: float) -> None:
        try:
            router.handle_timers(now)
        except Exception as error:  # the class goes on, at worst without new speakers
            self._listener.on_fault(router.router_id, error)
            router.rest_until = now + AFTER_FAULT
        self._arm_router(router)

    def _handle_transport_timers(self, transport: Transport, now: float) -> None:
        try:
            reallocate = transport.handle_timers(now)
            if transport.ticked_at == now and transport.uplink.producers:
                self._router(transport.router_id).stop_quiet_layers(
                    transport.uplink.producers.values(), now
                )
            if reallocate:
                transport.downlink.allocate(now)
        except Exception as error:  # as in receive
            self._fail(transport.transport_id, error, now)
        self._changes.on_deadline(transport)

    def _arm(self, transport: Transport, now: float) -> None:
        deadline = transport.next_deadline(now)
        if deadline is not None:
            self._timers.set(transport, deadline)

    def _arm_router(self, router: Router[Transport]) -> None:
        deadline = router.next_deadline()
        if deadline is not None:
            self._timers.set(router, deadline)

    # -- what happened ----------------------------------------------------------------------

    def deliver_events(self) -> None:
        """Tells the listener what happened since the last call: the last step after any input."""
        for transport in self._changes.slots:
            if transport.state is not TransportState.CLOSED:
                ids = (transport.router_id, transport.transport_id)
                if slots := transport.downlink.take_changed_slots():
                    self._events.append(SlotsChanged(*ids, slots))
        self._changes.slots.clear()
        if events := self._events[:]:
            self._events.clear()  # in place: routers append to it
            self._listener.on_events(events)

    def _take_changes(self, transport: Transport, now: float) -> None:
        """One transport's changes of state, told and acted on."""
        if self._transports.get(transport.transport_id) is not transport:
            return
        router = self._router(transport.router_id)
        ids = (transport.router_id, transport.transport_id)
        if transport.close_reason or transport.agent.state is IceState.FAILED:
            self._close(transport, transport.close_reason or "timeout", now)
            return
        if (state := transport.take_state()) is TransportState.CONNECTED:
            self._events.append(TransportConnected(*ids))
            router.assign_slots(transport, now)
        elif state is TransportState.DISCONNECTED:
            self._events.append(TransportDisconnected(*ids))
        if (quality := transport.take_quality()) is not None:
            self._events.append(
                QualityChanged(*ids, quality.uplink, quality.downlink, quality.reason)
            )
        self._changes.on_deadline(transport)

    # -- figures ----------------------------------------------------------------------------

    def totals(self) -> WorkerSnapshot:
        """What has passed through, with the drops of the worker and of all transports ever."""
        drops, arrivals, forwarded = self.drops.copy(), self.arrivals, self.forwarded
        for transport in self._transports.values():
            for reason, count in transport.drops.items():  # Counter.update costs 1 ms for 1,000
                drops[reason] += count
        return WorkerSnapshot(
            arrivals.datagrams,
            arrivals.bytes,
            forwarded.packets,
            forwarded.copies,
            forwarded.bytes,
            arrivals.stun_answers,
            {reason.value: count for reason, count in drops.items()},
            len(self._transports),
            datagrams_accepted=arrivals.accepted,
        )

    def read_routers(self, clock: Callable[[], float]) -> list[RouterReading]:
        """All classes at this instant. The worker may run while their transports are read, 50 µs
        each: whatever is present now is in the reading, and not among the closed."""
        return [read_router(router, clock) for router in self.routers.values()]


def _is_other_client(transport: Transport, offer: Offer) -> bool:
    """The offer brings another certificate: a reloaded page, or another device."""
    return transport.offer is not None and offer.fingerprints != transport.offer.fingerprints
