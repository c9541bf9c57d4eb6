"""The connection that a producer's media comes from. Pure: no I/O, no clock."""

from typing import Protocol

from sfu.publish.clock import ClockMap
from sfu.publish.stream import Stream


class Origin(Protocol):
    """The origin of a producer's packets: a participant's uplink, or a pipe from elsewhere."""

    transport_id: str
    clockmap: ClockMap
    """The publisher's NTP clock against the server's."""

    def request_keyframe(self, stream: Stream, now: float) -> None:
        """Asks for a key frame of this stream; requests are merged and repeated."""
