"""Ranks the speakers of a class: the few that get audio slots, and the settled one for the stage.

Pure: no I/O, no clock.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)

INTERVAL = 0.2  # s between two decisions
FLOOR = 60  # -dBov; anything quieter counts as silence
SMOOTHING = 0.4  # weight of the newest interval; the memory is about 0.4 s
SPEAKING = 8.0  # dB above the floor, smoothed, from which a microphone counts as speaking
MARGIN = 6.0  # dB by which one is clearly louder than another
BEATEN_AFTER = 0.4  # s
SETTLED_AFTER = 1.0  # s
_ROUNDING = 1e-6  # s; deadlines are sums of floats


@dataclass(slots=True)
class _Voice:
    loudness: int = 0  # sum of this interval, dB above the floor
    packets: int = 0
    score: float = 0.0  # smoothed dB above the floor
    ahead_since: float | None = None  # clearly louder than the quietest ranked one


class ActiveSpeaker(Generic[Key]):
    """Ranks by RFC 6464 audio levels. Keys are whatever names a microphone."""

    def __init__(self, size: int = 3) -> None:
        self._size = size
        self._voices: dict[Key, _Voice] = {}
        self._ranked: list[Key] = []
        self._speaking: tuple[Key, ...] = ()
        self._dominant: Key | None = None
        self._challenger: Key | None = None
        self._challenger_since = 0.0
        self._changed = False
        self._deadline: float | None = None

    @property
    def dominant(self) -> Key | None:
        """The key that has led for a second; stays through silence, until another has led or it
        leaves."""
        return self._dominant

    def ranked(self) -> tuple[Key, ...]:
        """At most `size` keys, the loudest first; they stay until clearly beaten."""
        return tuple(self._ranked)

    def speaking(self) -> tuple[Key, ...]:
        """The ranked keys that are heard right now, in the same order."""
        return self._speaking

    def add(self, key: Key) -> None:
        """The microphone is open from now on."""
        self._voices.setdefault(key, _Voice())

    def remove(self, key: Key) -> None:
        """The microphone is muted or gone: it disappears at once."""
        self._voices.pop(key, None)
        if key in self._ranked:
            self._ranked.remove(key)
            self._speaking = tuple(other for other in self._speaking if other != key)
            self._changed = True
        if key == self._dominant:
            self._dominant = None
            self._changed = True
        if key == self._challenger:
            self._challenger = None

    def level(self, key: Key, level: int, now: float) -> None:
        """Note one packet's level in -dBov, 0 to 127 (silence). Hot: once per audio packet."""
        voice = self._voices.get(key)
        if voice is None:
            return
        voice.packets += 1
        if level < FLOOR:
            voice.loudness += FLOOR - level
        if self._deadline is None:
            self._deadline = now + INTERVAL

    def handle_timers(self, now: float) -> bool:
        """Decide; True when any of the lists or the dominant speaker changed."""
        if self._deadline is not None and now + _ROUNDING >= self._deadline:
            self._deadline = now + INTERVAL if self._voices else None
            self._smooth()
            self._rank(now)
            self._settle(now)
        changed = self._changed
        self._changed = False
        return changed

    def next_deadline(self) -> float | None:
        """The time of the next decision; None until the first level."""
        return self._deadline

    def _smooth(self) -> None:
        for voice in self._voices.values():
            if voice.packets:
                mean = voice.loudness / voice.packets
                voice.score += (mean - voice.score) * SMOOTHING
                voice.loudness = voice.packets = 0
            elif voice.score:
                # Nothing came: the sender is silent (DTX) or its packets are lost.
                voice.score *= 1 - SMOOTHING

    def _rank(self, now: float) -> None:
        before = list(self._ranked)
        for key in self._outsiders():
            self._let_in(key, now)
        self._order()
        speaking = tuple(key for key in self._ranked if self._voices[key].score >= SPEAKING)
        if self._ranked != before or speaking != self._speaking:
            self._speaking = speaking
            self._changed = True

    def _outsiders(self) -> list[Key]:
        """Microphones that speak without being ranked, the loudest first."""
        ranked = set(self._ranked)
        loud = []
        for key, voice in self._voices.items():
            if key in ranked or voice.score < SPEAKING:
                voice.ahead_since = None
            else:
                loud.append(key)
        return sorted(loud, key=self._score, reverse=True)

    def _let_in(self, key: Key, now: float) -> None:
        """A free place is taken at once; another's only after being clearly louder for a while."""
        if len(self._ranked) < self._size:
            self._ranked.append(key)
            return
        voice = self._voices[key]
        quietest = min(reversed(self._ranked), key=self._score)
        if voice.score < self._score(quietest) + MARGIN:
            voice.ahead_since = None
        elif voice.ahead_since is None:
            voice.ahead_since = now
        elif now - voice.ahead_since >= BEATEN_AFTER - _ROUNDING:
            self._ranked[self._ranked.index(quietest)] = key

    def _order(self) -> None:
        """One passes another only when clearly louder, so that equals do not swap all the time."""
        ranked = self._ranked
        for place in range(1, len(ranked)):
            position = place
            while position and self._beats(ranked[position], ranked[position - 1]):
                ranked[position - 1 : position + 1] = ranked[position], ranked[position - 1]
                position -= 1

    def _beats(self, key: Key, other: Key) -> bool:
        return self._score(key) > self._score(other) + MARGIN

    def _score(self, key: Key) -> float:
        return self._voices[key].score

    def _settle(self, now: float) -> None:
        """The stage goes to the microphone that is the loudest for a whole second."""
        leader = max(self._speaking, key=self._score, default=None)
        if leader is None or leader == self._dominant:
            self._challenger = None
        elif leader != self._challenger:
            self._challenger = leader
            self._challenger_since = now
        elif now - self._challenger_since >= SETTLED_AFTER - _ROUNDING:
            self._dominant = leader
            self._challenger = None
            self._changed = True
