"""A Router: one class. Knows who publishes what and points every slot at somebody.

Pure: no I/O, no clock.
"""

from collections.abc import Callable, Container, Iterable, Sequence
from itertools import islice

from common.errors import PeerError, StateError
from sfu.events import ActiveSpeakers, Event, ProducerClosed, ProducerOpened
from sfu.layout import WANTS, SlotWant
from sfu.publish.producer import Layer, Producer
from sfu.speakers.active_speaker import ActiveSpeaker
from sfu.speakers.audio_slots import fill
from sfu.stats import TrafficTotals
from sfu.subscribe.consumer import Consumer
from sfu.subscribe.downlink import PRIORITIES
from sfu.subscribe.slot_updates import Slots, SlotUpdateQueue
from sfu.transport import Transport

MAX_VOICES = 32  # candidates for audio slots; nobody has that many slots
SLICE = 32  # subscribers whose slots are pointed anew in one go: 2 ms
SPEAKER = "speaker"  # stands among wanted producers for the slots that follow the speaker

Voices = tuple[list[str], list[str]]  # pinned, others in order


class Router:
    """One class: its transports, their producers, who speaks, and the slots."""

    def __init__(
        self,
        router_id: str,
        emit: Callable[[Event], None],
        on_fault: Callable[[Transport, Exception], None],
        on_due: Callable[["Router"], None] = lambda router: None,
    ) -> None:
        """`on_due` is told of a deadline that arises outside of `handle_timers`, `on_fault` of an
        exception in a subscriber's slots: whoever made them change has no part in it."""
        self.router_id = router_id
        self.transports: dict[str, Transport] = {}
        self.producers: dict[str, Producer] = {}
        self.departed = TrafficTotals()  # of transports that have left
        self.rest_until = 0.0  # no timers before, after a fault in them
        self._emit = emit
        self._on_fault = on_fault
        self._on_due = on_due
        self._pinned: dict[str, None] = {}  # microphones that keep the first audio slot
        self._microphones: dict[str, Producer] = {}
        self._shared: dict[str, Producer] = {}  # sound of screens
        self._follows: dict[str, frozenset[str]] = {}  # by subscriber: what its slots follow
        self._voices_now: Voices = ([], [])
        self._speaker_cameras_now: list[str] = []
        self._updates: SlotUpdateQueue[str] = SlotUpdateQueue()
        self._updates_since = 0.0
        self._speaker = ActiveSpeaker[str]()
        self._disabled: set[str] = set()

    # -- who is here ------------------------------------------------------------------------

    def add(self, transport: Transport) -> None:
        """A participant's transport joins the class."""
        self.transports[transport.transport_id] = transport
        if transport.pinned:
            self._pinned[_microphone(transport)] = None

    def remove(self, transport: Transport, now: float) -> None:
        """Takes a closed transport and what it published out of the class."""
        self.transports.pop(transport.transport_id, None)
        self._pinned.pop(_microphone(transport), None)
        self._follows.pop(transport.transport_id, None)
        self._updates.forget(transport.transport_id)
        self._disabled = {
            source for source in self._disabled if not _published_by(source, transport)
        }
        if closed := list(transport.uplink.producers.values()):
            self.producers_changed(transport, [], closed, now)

    def producers_changed(
        self,
        transport: Transport,
        opened: Sequence[Producer],
        closed: Sequence[Producer],
        now: float,
    ) -> None:
        """Takes up and lets go of producers, and refills the slots."""
        if self.transports.get(transport.transport_id) is transport:
            self._note_wishes(transport)
            self._updates.mark((transport.transport_id,), Slots.ALL)  # new ones, perhaps
        for producer in closed:
            self.producers.pop(producer.producer_id, None)
            self._sounds(producer).pop(producer.producer_id, None)
            self._speaker.remove(producer.producer_id)
        for producer in closed:
            producer.close(now)
            self._emit(ProducerClosed(self.router_id, transport.transport_id, producer.producer_id))
        for producer in opened:
            self.producers[producer.producer_id] = producer
            self._sounds(producer)[producer.producer_id] = producer
            producer.paused = producer.producer_id in self._disabled
            self._listen(producer)
            self._emit(
                ProducerOpened(
                    self.router_id,
                    transport.transport_id,
                    producer.producer_id,
                    producer.source,
                    producer.kind,
                )
            )
        self._changed((*closed, *opened), now)

    def _sounds(self, producer: Producer) -> dict[str, Producer]:
        """Where a producer of sound is kept by its source; nowhere for one of pictures."""
        tables = {"microphone": self._microphones, "screen-audio": self._shared}
        return tables.get(producer.source, {})

    def set_source(self, transport: Transport, source: str, enabled: bool, now: float) -> None:
        """Pauses or resumes one source; remembered for a producer that is still to come."""
        producer_id = f"{transport.transport_id}:{source}"
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
        self._listen(producer)
        self._changed((producer,), now)

    def _listen(self, producer: Producer) -> None:
        if producer.source != "microphone":
            return
        if producer.available:
            self._speaker.add(producer.producer_id)
        else:
            self._speaker.remove(producer.producer_id)

    # -- speakers ---------------------------------------------------------------------------

    def on_level(self, producer: Producer, level: int, now: float) -> None:
        """Hot: once per audio packet."""
        if producer.source == "microphone" and not producer.paused:
            self._speaker.level(producer.producer_id, level, now)

    def next_deadline(self) -> float | None:
        """When the speakers are looked at again, or slots still wait to be pointed anew."""
        deadline = self._updates_since if self._updates else self._speaker.next_deadline()
        return None if deadline is None else max(deadline, self.rest_until)

    def handle_timers(self, now: float) -> None:
        """Tells who speaks, and gives them slots."""
        if self._speaker.handle_timers(now):
            self._tell_speakers()
            self._changed((), now)
        else:
            self._settle(now)

    def _tell_speakers(self) -> None:
        dominant = self._speaker.dominant
        self._emit(
            ActiveSpeakers(
                self.router_id,
                tuple(_participant(key) for key in self._speaker.speaking()),
                None if dominant is None else _participant(dominant),
            )
        )

    # -- slots ------------------------------------------------------------------------------

    def set_layout(self, transport: Transport, slots: Sequence[SlotWant], now: float) -> None:
        """What one client wants to see; slots that it doesn't name stay as they are."""
        consumers = [_video_slot(transport, slot) for slot in slots]
        for consumer, slot in zip(consumers, slots, strict=True):
            consumer.wish = slot
        self._note_wishes(transport)
        self._resolve_video(transport, now)

    def _note_wishes(self, transport: Transport) -> None:
        """What its video slots follow, so that others' changes need not look at each slot."""
        wishes = [consumer.wish for consumer in transport.downlink.slots("video")]
        self._follows[transport.transport_id] = frozenset(
            SPEAKER if wish.want == "speaker" else wish.producer or "" for wish in wishes
        )

    def _changed(self, producers: Iterable[Producer], now: float) -> None:
        """Somebody came, left, paused, resumed or speaks: whoever is concerned is looked at anew,
        the first of them at once. In a large class a camera concerns few, and a microphone that
        is not among the voices nobody."""
        ids = {producer.producer_id for producer in producers}
        before, self._voices_now = self._voices_now, self._voices()
        heard = {*before[0], *before[1], *self._voices_now[0], *self._voices_now[1]}
        if before != self._voices_now or not ids.isdisjoint(heard):
            self._updates.mark(self.transports, Slots.AUDIO)
        seen, self._speaker_cameras_now = self._speaker_cameras_now, self._speaker_cameras()
        if seen != self._speaker_cameras_now or not ids.isdisjoint(seen):
            ids.add(SPEAKER)
        follows = self._follows.items()
        self._updates.mark([one for one, ids_ in follows if not ids_.isdisjoint(ids)], Slots.VIDEO)
        self._settle(now)

    def _settle(self, now: float) -> None:
        """Points the slots of the first SLICE that wait; a deadline stands for the others."""
        for _ in range(min(SLICE, len(self._updates))):
            transport_id, slots = self._updates.take()
            transport = self.transports[transport_id]
            try:
                self._point(transport, slots, now)
            except Exception as error:  # its own: the others', and the caller's request, go on
                self._on_fault(transport, error)
        if self._updates:
            self._updates_since = now
            self._on_due(self)

    def _point(self, transport: Transport, slots: Slots, now: float) -> None:
        if Slots.AUDIO in slots:
            self._resolve_audio(transport, self._voices_now, now)
        if Slots.VIDEO in slots:
            self._resolve_video(transport, now)
        elif Slots.LAYERS in slots:
            transport.downlink.allocate(now)

    def resolve(self, transport: Transport, now: float) -> None:
        """Points all slots of one subscriber."""
        self._resolve_audio(transport, self._voices_now, now)
        self._resolve_video(transport, now)

    def layer_started(self, layer: Layer, now: float) -> None:
        """A layer sends its first packets, or sends again: it can be chosen."""
        layer.start()
        self._let_wait(layer, now)
        self._layers_changed(layer.producer, now)

    def _let_wait(self, layer: Layer, now: float) -> None:
        """Whoever shows nothing yet begins with the key frame that is just arriving, in the least
        layer, although in a large class its turn to choose comes later."""
        producer = layer.producer
        least = next(one for one in producer.by_height() if one.active)
        if producer.kind != "video" or least is not layer:
            return
        for watcher in producer.watchers:
            try:
                watcher.start_smallest(now)
            except Exception as error:  # as in _settle: the publisher has no part in it
                self._on_fault(self.transports[watcher.context.transport_id], error)

    def stop_quiet_layers(self, transport: Transport, now: float) -> None:
        """A layer that the publisher has given up can't be chosen any more."""
        for producer in transport.uplink.producers.values():
            quiet = [
                layer for layer in producer.layers if layer.active and layer.stream.is_quiet(now)
            ]
            for layer in quiet:
                layer.stop()
            if quiet:
                self._layers_changed(producer, now)

    def _layers_changed(self, producer: Producer, now: float) -> None:
        if producer.kind == "audio":
            self._changed((producer,), now)
            return
        watching = (one.context.transport_id for one in producer.watchers)
        self._updates.mark([one for one in watching if one in self.transports], Slots.LAYERS)
        self._settle(now)

    def _resolve_video(self, transport: Transport, now: float) -> None:
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
        self, transport: Transport, consumer: Consumer, shown: Container[str]
    ) -> Producer | None:
        wish = consumer.wish
        if wish.want == "off":
            return None
        wanted = [wish.producer] if wish.want != "speaker" else self._speaker_cameras_now
        for producer_id in wanted:
            producer = self.producers.get(producer_id or "")
            if producer is None or producer.producer_id in shown:
                continue
            if self._may_show(transport, consumer, producer):
                return producer
        return None

    def _speaker_cameras(self) -> list[str]:
        keys = [self._speaker.dominant, *self._speaker.ranked(), *self._pinned]
        return [f"{_participant(key)}:camera" for key in keys if key is not None]

    def _may_show(self, transport: Transport, consumer: Consumer, producer: Producer) -> bool:
        own = producer.transport_id == transport.transport_id
        return not own and producer.available and consumer.accepts(producer)

    def _voices(self) -> Voices:
        """Pinned microphones, then shared sound, then speakers, then whoever is not muted:
        in a small class everybody is heard from the first syllable on."""
        pinned = list(self._pinned)
        shared = [p.producer_id for p in self._shared.values() if p.layers[0].stream.ssrc]
        microphones = self._microphones.values()
        unmuted = (p.producer_id for p in microphones if p.available and p.layers[0].stream.ssrc)
        others = islice(unmuted, MAX_VOICES)
        ordered = dict.fromkeys((*shared, *self._speaker.ranked(), *others))
        return pinned, [p for p in ordered if p not in pinned][:MAX_VOICES]

    def _resolve_audio(self, transport: Transport, voices: Voices, now: float) -> None:
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

    def _audible(self, transport: Transport, consumer: Consumer, producer_id: str) -> bool:
        producer = self.producers.get(producer_id)
        if producer is None or not producer.layers[0].stream.ssrc:
            return False
        return self._may_show(transport, consumer, producer)


def _rank(consumer: Consumer) -> int:
    """Of slots that want the same the first of these shows it: pinned, speaker, page."""
    return PRIORITIES.get(consumer.wish.want, len(PRIORITIES))


def _microphone(transport: Transport) -> str:
    return f"{transport.transport_id}:microphone"


def _participant(producer_id: str) -> str:
    return producer_id.rpartition(":")[0]


def _published_by(producer_id: str, transport: Transport) -> bool:
    return _participant(producer_id) == transport.transport_id


def _video_slot(transport: Transport, slot: SlotWant) -> Consumer:
    consumer = transport.downlink.consumers.get(slot.mid)
    if consumer is None or consumer.kind != "video":
        raise StateError("unknown_slot", f"there is no video slot {slot.mid!r}")
    if slot.want not in WANTS:
        raise PeerError("bad_layout", f"want must be one of {', '.join(WANTS)}")
    return consumer
