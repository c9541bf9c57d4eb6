"""The sound of a class: its speakers, and the order in which its sounds are heard.

Pure: no I/O, no clock.
"""

from itertools import islice

from sfu.publish.producer import Producer
from sfu.speakers.active_speaker import ActiveSpeaker

MAX_VOICES = 32  # candidates for audio slots; no subscriber has that many slots

Voices = tuple[list[str], list[str]]  # ids of producers: pinned, and the others in order


class AudioSources:
    """The microphones and the shared sound of a router's producers."""

    def __init__(self) -> None:
        self._pinned: dict[str, None] = {}  # microphones that keep the first audio slot
        self._microphones: dict[str, Producer] = {}
        self._shared: dict[str, Producer] = {}  # sound of screens
        self._speaker = ActiveSpeaker[str]()

    def pin(self, transport_id: str) -> None:
        """Gives this transport's microphone the first audio slot everywhere, now or later."""
        self._pinned[f"{transport_id}:microphone"] = None

    def unpin(self, transport_id: str) -> None:
        """The transport is gone; harmless when it was not pinned."""
        self._pinned.pop(f"{transport_id}:microphone", None)

    def add(self, producer: Producer) -> None:
        """Takes up a producer; one of pictures is left out."""
        self._table(producer)[producer.producer_id] = producer
        self.update(producer)

    def remove(self, producer: Producer) -> None:
        """Forgets a producer; harmless when it is none of these."""
        self._table(producer).pop(producer.producer_id, None)
        self._speaker.remove(producer.producer_id)

    def update(self, producer: Producer) -> None:
        """A microphone was paused or resumed: only one that is on can be a speaker's."""
        if producer.source != "microphone":
            return
        if producer.available:
            self._speaker.add(producer.producer_id)
        else:
            self._speaker.remove(producer.producer_id)

    def _table(self, producer: Producer) -> dict[str, Producer]:
        tables = {"microphone": self._microphones, "screen-audio": self._shared}
        return tables.get(producer.source, {})

    def on_level(self, producer: Producer, level: int, now: float) -> None:
        """Notes a packet's level in -dBov. Hot: once per audio packet."""
        if producer.source == "microphone" and not producer.paused:
            self._speaker.level(producer.producer_id, level, now)

    def next_deadline(self) -> float | None:
        """The time when the speakers are ranked again."""
        return self._speaker.next_deadline()

    def handle_timers(self, now: float) -> bool:
        """Ranks the speakers; True when they have changed."""
        return self._speaker.handle_timers(now)

    def speaking(self) -> tuple[str, ...]:
        """The transports of those who speak, the loudest first."""
        return tuple(map(transport_of, self._speaker.speaking()))

    def dominant(self) -> str | None:
        """The transport of the settled speaker."""
        key = self._speaker.dominant
        return None if key is None else transport_of(key)

    def voices(self) -> Voices:
        """Pinned microphones, then shared sound, then speakers, then microphones that are on:
        in a small class everybody is heard from the first syllable on."""
        pinned = list(self._pinned)
        shared = [p.producer_id for p in self._shared.values() if p.layers[0].stream.ssrc]
        microphones = self._microphones.values()
        unmuted = (p.producer_id for p in microphones if p.available and p.layers[0].stream.ssrc)
        others = islice(unmuted, MAX_VOICES)
        ordered = dict.fromkeys((*shared, *self._speaker.ranked(), *others))
        return pinned, [p for p in ordered if p not in pinned][:MAX_VOICES]

    def cameras(self) -> list[str]:
        """The cameras that a slot which follows the speaker shows, the first choice first."""
        keys = [self._speaker.dominant, *self._speaker.ranked(), *self._pinned]
        return [f"{transport_of(key)}:camera" for key in keys if key is not None]


def transport_of(producer_id: str) -> str:
    """The transport in a producer's id."""
    return producer_id.rpartition(":")[0]
