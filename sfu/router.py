"""A Router: one class. It knows what is published, and assigns a producer to every slot.

Pure: no I/O, no clock.
"""

from collections.abc import Callable, Container, Iterable, Sequence
from typing import Generic, Protocol, TypeVar

from common.errors import PeerError, StateError
from sfu.events import ActiveSpeakers, Event, ProducerClosed, ProducerOpened
from sfu.layout import WANTS, SlotWant
from sfu.publish.producer import Layer, Producer
from sfu.speakers.audio_slots import fill
from sfu.speakers.audio_sources import AudioSources, Voices, transport_of
from sfu.stats import TrafficTotals
from sfu.subscribe.consumer import Consumer
from sfu.subscribe.downlink import PRIORITIES, Downlink
from sfu.subscribe.slot_updates import Slots, SlotUpdateQueue

SLICE = 32  # subscribers whose slots are assigned in one turn of the loop: 2 ms
SPEAKER = "speaker"  # stands among wanted producers for the slots that follow the speaker


class Member(Protocol):
    """The parts of a transport that its router uses: its slots. Its producers come and go by
    `Router.change_producers`, as producers from elsewhere do."""

    @property
    def transport_id(self) -> str: ...
    @property
    def pinned(self) -> bool: ...
    @property
    def downlink(self) -> Downlink: ...


MemberT = TypeVar("MemberT", bound=Member)


class Router(Generic[MemberT]):
    """One class: its transports, its producers, its speakers and its slots."""

    def __init__(
        self,
        router_id: str,
        emit: Callable[[Event], None],
        on_fault: Callable[[str, Exception], None],
        on_deadline: Callable[["Router[MemberT]"], None],
    ) -> None:
        """`on_fault` is told of an exception in a transport's slots, by its id: the others, and the
        call that made the slots change, go on. `on_deadline` is told of a deadline that arises
        outside of `handle_timers`."""
        self.router_id = router_id
        self.transports: dict[str, MemberT] = {}
        self.producers: dict[str, Producer] = {}
        self.closed_traffic = TrafficTotals()  # of transports that have left
        self.rest_until = 0.0  # no timers before, after a fault in them
        self._emit = emit
        self._on_fault = on_fault
        self._on_deadline = on_deadline
        self._audio = AudioSources()
        self.on_level = self._audio.on_level  # hot: once per audio packet
        self._follows: dict[str, frozenset[str]] = {}  # by subscriber: what its slots follow
        self._voices: Voices = ([], [])
        self._speaker_cameras: list[str] = []
        self._updates: SlotUpdateQueue[str] = SlotUpdateQueue()
        self._updates_since = 0.0
        self._disabled: set[str] = set()

    # -- transports and producers -----------------------------------------------------------

    def add(self, transport: MemberT) -> None:
        """A participant's transport joins the class."""
        self.transports[transport.transport_id] = transport
        if transport.pinned:
            self._audio.pin(transport.transport_id)

    def remove(self, transport_id: str) -> None:
        """Takes a closed transport out of the class; what it published is closed apart."""
        self.transports.pop(transport_id, None)
        self._audio.unpin(transport_id)
        self._follows.pop(transport_id, None)
        self._updates.forget(transport_id)
        self._disabled = {
            source for source in self._disabled if transport_of(source) != transport_id
        }

    def slots_offered(self, transport: MemberT) -> None:
        """The transport's slots were negotiated: new ones wait to be assigned."""
        self._note_wishes(transport)
        self._updates.mark((transport.transport_id,), Slots.ALL)

    def change_producers(
        self, opened: Sequence[Producer], closed: Sequence[Producer], now: float
    ) -> None:
        """Takes up and lets go of producers, of transports of this router or from elsewhere, and
        assigns the slots that this concerns."""
        for producer in closed:
            self.producers.pop(producer.producer_id, None)
            self._audio.remove(producer)
        for producer in closed:
            producer.close(now)
            ids = (self.router_id, producer.transport_id, producer.producer_id)
            self._emit(ProducerClosed(*ids))
        for producer in opened:
            self.producers[producer.producer_id] = producer
            producer.paused = producer.producer_id in self._disabled
            self._audio.add(producer)
            ids = (self.router_id, producer.transport_id, producer.producer_id)
            self._emit(ProducerOpened(*ids, producer.source, producer.kind))
        self._producers_changed((*closed, *opened), now)

    def set_source(self, transport_id: str, source: str, enabled: bool, now: float) -> None:
        """Pauses or resumes one source; remembered for a producer that is still to come."""
        producer_id = f"{transport_id}:{source}"
        if enabled:
            self._disabled.discard(producer_id)
        else:
            self._disabled.add(producer_id)
        producer = self.producers.get(producer_id)
        if producer is None or producer.paused is not enabled:
            return
        if enabled:
            producer.paused = False
        else:
            producer.pause(now)
        self._audio.update(producer)
        self._producers_changed((producer,), now)

    # -- time -------------------------------------------------------------------------------

    def next_deadline(self) -> float | None:
        """When the speakers are ranked again, or slots still wait to be assigned."""
        deadline = self._updates_since if self._updates else self._audio.next_deadline()
        return None if deadline is None else max(deadline, self.rest_until)

    def handle_timers(self, now: float) -> None:
        """Tells who speaks and gives them slots, or assigns more of the slots that wait."""
        if self._audio.handle_timers(now):
            speaking, dominant = self._audio.speaking(), self._audio.dominant()
            self._emit(ActiveSpeakers(self.router_id, speaking, dominant))
            self._producers_changed((), now)
        else:
            self._assign_waiting(now)

    # -- slots ------------------------------------------------------------------------------

    def set_layout(self, transport: MemberT, slots: Sequence[SlotWant], now: float) -> None:
        """Takes what one client wants to see; slots that it doesn't name stay as they are."""
        consumers = [_video_slot(transport, slot) for slot in slots]
        for consumer, slot in zip(consumers, slots, strict=True):
            consumer.wish = slot
        self._note_wishes(transport)
        self._assign_video(transport, now)

    def _note_wishes(self, transport: MemberT) -> None:
        """Notes what its video slots follow, so that changes elsewhere need not look at each."""
        wishes = [consumer.wish for consumer in transport.downlink.slots("video")]
        self._follows[transport.transport_id] = frozenset(
            SPEAKER if wish.want == "speaker" else wish.producer or "" for wish in wishes
        )

    def _producers_changed(self, producers: Iterable[Producer], now: float) -> None:
        """These producers were opened, closed, paused or resumed, or other people speak. Marks the
        slots that this concerns, and assigns the first of them at once. In a large class a camera
        concerns few subscribers, and a microphone that is not among the voices none."""
        ids = {producer.producer_id for producer in producers}
        before, self._voices = self._voices, self._audio.voices()
        heard = {*before[0], *before[1], *self._voices[0], *self._voices[1]}
        if before != self._voices or not ids.isdisjoint(heard):
            self._updates.mark(self.transports, Slots.AUDIO)
        seen, self._speaker_cameras = self._speaker_cameras, self._audio.cameras()
        if seen != self._speaker_cameras or not ids.isdisjoint(seen):
            ids.add(SPEAKER)
        follows = self._follows.items()
        self._updates.mark([one for one, ids_ in follows if not ids_.isdisjoint(ids)], Slots.VIDEO)
        self._assign_waiting(now)

    def _assign_waiting(self, now: float) -> None:
        """Assigns the slots of the first SLICE subscribers that wait; a deadline stands for the
        others."""
        for _ in range(min(SLICE, len(self._updates))):
            transport_id, slots = self._updates.take()
            transport = self.transports[transport_id]
            try:
                self._assign(transport, slots, now)
            except Exception as error:  # the subscriber's: others, and the caller's request, go on
                self._on_fault(transport_id, error)
        if self._updates:
            self._updates_since = now
            self._on_deadline(self)

    def _assign(self, transport: MemberT, slots: Slots, now: float) -> None:
        if Slots.AUDIO in slots:
            self._assign_audio(transport, self._voices, now)
        if Slots.VIDEO in slots:
            self._assign_video(transport, now)
        elif Slots.LAYERS in slots:
            transport.downlink.allocate(now)

    def assign_slots(self, transport: MemberT, now: float) -> None:
        """Assigns all slots of one subscriber."""
        self._assign_audio(transport, self._voices, now)
        self._assign_video(transport, now)

    def layer_started(self, layer: Layer, now: float) -> None:
        """A layer sends its first packets, or sends again: it can be chosen."""
        layer.start()
        self._start_watchers(layer, now)
        self._layers_changed(layer.producer, now)

    def _start_watchers(self, layer: Layer, now: float) -> None:
        """Slots that show nothing yet begin with the key frame that is just arriving, in the
        smallest layer: in a large class their turn to choose comes later."""
        producer = layer.producer
        least = next(one for one in producer.by_height() if one.active)
        if producer.kind != "video" or least is not layer:
            return
        for watcher in producer.watchers:
            try:
                watcher.start_smallest(now)
            except Exception as error:  # as in _assign_waiting: the publisher has no part in it
                self._on_fault(watcher.context.transport_id, error)

    def stop_quiet_layers(self, producers: Iterable[Producer], now: float) -> None:
        """A layer that its publisher has given up can't be chosen any more."""
        for producer in producers:
            quiet = [
                layer for layer in producer.layers if layer.active and layer.stream.is_quiet(now)
            ]
            for layer in quiet:
                layer.stop()
            if quiet:
                self._layers_changed(producer, now)

    def _layers_changed(self, producer: Producer, now: float) -> None:
        if producer.kind == "audio":
            self._producers_changed((producer,), now)
            return
        watching = (one.context.transport_id for one in producer.watchers)
        self._updates.mark([one for one in watching if one in self.transports], Slots.LAYERS)
        self._assign_waiting(now)

    def _assign_video(self, transport: MemberT, now: float) -> None:
        if not transport.downlink.connected:
            return
        shown: set[str] = set()  # no producer is sent to a subscriber twice
        for consumer in sorted(transport.downlink.slots("video"), key=_rank):
            producer = self._wanted(transport, consumer, shown)
            if producer is not None:
                shown.add(producer.producer_id)
            consumer.assign(producer, now)
        transport.downlink.allocate(now)

    def _wanted(
        self, transport: MemberT, consumer: Consumer, shown: Container[str]
    ) -> Producer | None:
        wish = consumer.wish
        if wish.want == "off":
            return None
        wanted = [wish.producer] if wish.want != "speaker" else self._speaker_cameras
        for producer_id in wanted:
            producer = self.producers.get(producer_id or "")
            if producer is None or producer.producer_id in shown:
                continue
            if self._may_show(transport, consumer, producer):
                return producer
        return None

    def _may_show(self, transport: MemberT, consumer: Consumer, producer: Producer) -> bool:
        own = producer.transport_id == transport.transport_id
        return not own and producer.available and consumer.accepts(producer)

    def _assign_audio(self, transport: MemberT, voices: Voices, now: float) -> None:
        slots = transport.downlink.slots("audio")
        if not slots or not transport.downlink.connected:
            return
        pinned, others = voices
        pinned = [p for p in pinned if self._audible(transport, slots[0], p)]
        wanted = [*pinned[1:], *(p for p in others if self._audible(transport, slots[0], p))]
        current = [c.producer.producer_id if c.producer else None for c in slots]
        chosen = fill(current, pinned[0] if pinned else None, wanted)
        for consumer, producer_id in zip(slots, chosen, strict=True):
            producer = self.producers.get(producer_id) if producer_id else None
            consumer.assign(producer, now)
            if producer is not None:
                consumer.set_target(producer.layers[0], now)

    def _audible(self, transport: MemberT, consumer: Consumer, producer_id: str) -> bool:
        producer = self.producers.get(producer_id)
        if producer is None or not producer.layers[0].stream.ssrc:
            return False
        return self._may_show(transport, consumer, producer)


def _rank(consumer: Consumer) -> int:
    """Of slots that want the same the first of these shows it: pinned, speaker, page."""
    return PRIORITIES.get(consumer.wish.want, len(PRIORITIES))


def _video_slot(transport: MemberT, slot: SlotWant) -> Consumer:
    consumer = transport.downlink.consumers.get(slot.mid)
    if consumer is None or consumer.kind != "video":
        raise StateError("unknown_slot", f"there is no video slot {slot.mid!r}")
    if slot.want not in WANTS:
        raise PeerError("bad_layout", f"want must be one of {', '.join(WANTS)}")
    return consumer
