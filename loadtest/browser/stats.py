"""The getStats figures of a real browser, summed up for one viewer.

Pure: no I/O, no clock. The numbers come from the page's getStats; times are its milliseconds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from loadtest.records import BrowserResult

VIDEO = ("framesDecoded", "framesDropped", "freezeCount", "totalFreezesDuration")
VIDEO_STATE = ("frameWidth", "frameHeight", "jitterBufferDelay", "jitterBufferEmittedCount")
SOUND = ("concealedSamples", "silentConcealedSamples", "totalSamplesReceived")
BOTH = ("packetsReceived", "packetsLost")
FIELDS = ("kind", "mid", "timestamp", *VIDEO, *VIDEO_STATE, *SOUND, *BOTH)
OPEN = frozenset({"new", "connecting", "connected", "disconnected"})

# Keeps every connection the page makes, and gives what each has received. A page that comes back
# after a fault makes a new one; the old one's numbers stay.
SCRIPT = """
{
  const connections = [];
  const fields = FIELDS;
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...rest) { super(...rest); connections.push(this); }
  };
  globalThis.viewerReports = () => Promise.all(connections.map(async (connection) => {
    const entries = [...(await connection.getStats()).values()];
    const inbound = entries.filter((entry) => entry.type === "inbound-rtp");
    const chosen = (entry) => Object.fromEntries(fields.map((name) => [name, entry[name] ?? 0]));
    return { state: connection.connectionState, inbound: inbound.map(chosen) };
  }));
}
""".replace("FIELDS", str(list(FIELDS)))

Report = Mapping[str, Any]
_Key = tuple[int, str]
"""Number of the connection, mid."""


@dataclass(slots=True)
class PageCounts:
    """Takes reports, each with all connections; later ones hold what earlier ones counted."""

    open: bool = False
    """Whether the last report had a connection that still was one."""
    _before: dict[_Key, Report] = field(default_factory=dict)
    """Of each stream, what it had counted when counting began."""
    _first: dict[_Key, Report] = field(default_factory=dict)
    """Of each video stream, the first report with decoded frames since then."""
    _last: dict[_Key, Report] = field(default_factory=dict)

    def take(self, reports: Sequence[Report]) -> None:
        self.open = any(report["state"] in OPEN for report in reports)
        for number, report in enumerate(reports):
            for entry in report["inbound"]:
                key = number, str(entry["mid"])
                self._last[key] = entry
                if entry["framesDecoded"]:
                    self._first.setdefault(key, entry)

    def begin(self) -> None:
        """Leaves out what has been counted so far."""
        self._before = dict(self._last)
        self._first = {key: entry for key, entry in self._last.items() if entry["framesDecoded"]}

    def result(
        self,
        name: str,
        joined: bool,
        join_ms: float | None,
        first_frame_ms: float | None,
        error: str | None,
    ) -> BrowserResult:
        """Counts are over all streams; rate, size and buffer are of the picture most shown."""
        main = self._main()
        last: Report = self._last[main] if main else {}
        return BrowserResult(
            name=name,
            joined=joined,
            join_ms=join_ms,
            first_frame_ms=first_frame_ms,
            frames_decoded=self._sum("framesDecoded"),
            frames_dropped=self._sum("framesDropped"),
            freezes=self._sum("freezeCount"),
            freeze_s=round(self._sum("totalFreezesDuration"), 3),
            packets=self._sum("packetsReceived"),
            lost=max(0, self._sum("packetsLost")),
            fps=self._fps(main),
            width=last.get("frameWidth", 0),
            height=last.get("frameHeight", 0),
            jitter_buffer_ms=self._buffer_ms(main),
            audio_concealed=self._concealed(),
            error=error,
        )

    def _main(self) -> _Key | None:
        """The stream of which most pictures were decoded."""
        return max(self._first, key=lambda key: self._counted(key, "framesDecoded"), default=None)

    def _counted(self, key: _Key, name: str) -> Any:
        before = self._before.get(key)
        return self._last[key][name] - (before[name] if before else 0)

    def _sum(self, name: str) -> Any:
        return sum(self._counted(key, name) for key in self._last)

    def _fps(self, main: _Key | None) -> float:
        if main is None:
            return 0.0
        first, last = self._first[main], self._last[main]
        seconds = (last["timestamp"] - first["timestamp"]) / 1000
        frames = last["framesDecoded"] - first["framesDecoded"]
        return float(round(frames / seconds, 2)) if seconds > 0 else 0.0

    def _buffer_ms(self, main: _Key | None) -> float:
        """How long a picture waited, on average."""
        emitted = self._counted(main, "jitterBufferEmittedCount") if main else 0
        if not main or not emitted:
            return 0.0
        return float(round(self._counted(main, "jitterBufferDelay") / emitted * 1000, 1))

    def _concealed(self) -> float:
        """The share of the sound that was concealed; silence does not count."""
        heard = self._sum("totalSamplesReceived")
        made_up = self._sum("concealedSamples") - self._sum("silentConcealedSamples")
        return float(round(max(0, made_up) / heard, 5)) if heard else 0.0
