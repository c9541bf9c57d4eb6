"""Transport-wide congestion control feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01).

Times are microseconds on the feedback sender's clock, in steps of 250.
Pure: no I/O, no clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Self

from sfu.wire.rtcp_feedback import RTPFB, SSRCS, parse_ssrcs
from sfu.wire.rtcp_packet import RtcpError, frame

FMT_TRANSPORT_CC = 15
REFERENCE_US = 64_000
"""One unit of `reference_time`."""
DELTA_US = 250
"""One unit of the difference between two arrivals, which has 16 bits with the sign."""
MAX_STATUSES = 1024
"""Most packets of one feedback. A run-length chunk costs two bytes for up to 8191 of them,
so that without a limit one datagram could claim two million."""

_FIXED = Struct(">HHI")
_CHUNK = Struct(">H")
_SHORT = Struct(">h")
_LOST, _SMALL, _LARGE, _RESERVED = range(4)
_LONGEST_RUN = 0x1FFF
_ONE_BIT, _TWO_BIT = 14, 7
"""Statuses that a vector chunk holds."""


@dataclass(slots=True)
class TransportFeedback:
    sender_ssrc: int
    media_ssrc: int
    base_sequence: int
    reference_time: int
    """In 64 ms. Read as signed 24 bits; a wider one may be given for writing."""
    feedback_count: int
    arrivals: tuple[tuple[int, int | None], ...]
    """Every sequence number from the base on; None when it has not arrived."""

    @classmethod
    def parse(cls, body: bytes) -> Self:
        sender, media = parse_ssrcs(body)
        if len(body) < 16:
            raise RtcpError("transport feedback is cut off")
        base, count, word = _FIXED.unpack_from(body, 8)
        if count > MAX_STATUSES:
            raise RtcpError("transport feedback covers too many packets")
        statuses, position = _parse_chunks(body, 16, count)
        reference = ((word >> 8) ^ 0x800000) - 0x800000
        times = _parse_deltas(body, position, statuses, reference * REFERENCE_US)
        arrivals = tuple(((base + i) & 0xFFFF, time) for i, time in enumerate(times))
        return cls(sender, media, base, reference, word & 0xFF, arrivals)

    def build(self) -> bytes:
        """Raises RtcpError when arrivals have holes or are too far apart for a delta."""
        if len(self.arrivals) > MAX_STATUSES:
            raise RtcpError("transport feedback covers too many packets")
        statuses, deltas = self._statuses()
        word = (self.reference_time & 0xFFFFFF) << 8 | self.feedback_count & 0xFF
        body = b"".join(
            (
                SSRCS.pack(self.sender_ssrc, self.media_ssrc),
                _FIXED.pack(self.base_sequence, len(statuses), word),
                _build_chunks(statuses),
                deltas,
            )
        )
        return frame(RTPFB, FMT_TRANSPORT_CC, body, padding=-len(body) & 3)

    def _statuses(self) -> tuple[list[int], bytes]:
        """Each packet's status, and the deltas of those that arrived."""
        statuses: list[int] = []
        deltas = bytearray()
        last = self.reference_time * (REFERENCE_US // DELTA_US)
        for i, (sequence, time) in enumerate(self.arrivals):
            if sequence != (self.base_sequence + i) & 0xFFFF:
                raise RtcpError("transport feedback has a hole")
            if time is None:
                statuses.append(_LOST)
                continue
            tick = time // DELTA_US
            # Differences are taken between rounded times, so that no error adds up.
            delta, last = tick - last, tick
            if 0 <= delta <= 255:
                statuses.append(_SMALL)
                deltas.append(delta)
            elif -0x8000 <= delta <= 0x7FFF:
                statuses.append(_LARGE)
                deltas += _SHORT.pack(delta)
            else:
                raise RtcpError("arrivals are too far apart for one transport feedback")
        return statuses, bytes(deltas)


def _parse_chunks(body: bytes, position: int, count: int) -> tuple[list[int], int]:
    """`count` statuses and where the deltas begin (section 3.1.1 to 3.1.4)."""
    statuses: list[int] = []
    while len(statuses) < count:
        if position + 2 > len(body):
            raise RtcpError("transport feedback chunks are cut off")
        (chunk,) = _CHUNK.unpack_from(body, position)
        position += 2
        if chunk < 0x8000:
            run = min(chunk & _LONGEST_RUN, count - len(statuses))
            statuses += [chunk >> 13] * run
        elif chunk < 0xC000:
            statuses += [chunk >> shift & 1 for shift in range(13, -1, -1)]
        else:
            statuses += [chunk >> shift & 3 for shift in range(12, -1, -2)]
    # The last vector may be filled up beyond the count.
    del statuses[count:]
    return statuses, position


def _parse_deltas(
    body: bytes, position: int, statuses: Sequence[int], time: int
) -> list[int | None]:
    times: list[int | None] = []
    for status in statuses:
        if status == _LOST:
            times.append(None)
            continue
        if status == _RESERVED:
            raise RtcpError("transport feedback has a reserved status")
        if position + status > len(body):
            raise RtcpError("transport feedback deltas are cut off")
        if status == _SMALL:
            time += body[position] * DELTA_US
        else:
            time += _SHORT.unpack_from(body, position)[0] * DELTA_US
        position += status  # a small delta has one byte, a large one two
        times.append(time)
    return times


def _build_chunks(statuses: Sequence[int]) -> bytes:
    """Runs where they pay, else vectors, with two bits only where a large delta needs them."""
    chunks = bytearray()
    position, end = 0, len(statuses)
    while position < end:
        run = _run_length(statuses, position)
        ahead = statuses[position : position + _ONE_BIT]
        if run >= len(ahead) or (run >= _TWO_BIT and _LARGE in ahead):
            chunk, taken = statuses[position] << 13 | run, run
        elif _LARGE not in ahead:
            chunk, taken = 0x8000 | _vector(ahead, _ONE_BIT, 1), len(ahead)
        else:
            ahead = ahead[:_TWO_BIT]
            chunk, taken = 0xC000 | _vector(ahead, _TWO_BIT, 2), len(ahead)
        chunks += _CHUNK.pack(chunk)
        position += taken
    return bytes(chunks)


def _run_length(statuses: Sequence[int], position: int) -> int:
    end = min(len(statuses), position + _LONGEST_RUN)
    stop = position + 1
    while stop < end and statuses[stop] == statuses[position]:
        stop += 1
    return stop - position


def _vector(statuses: Sequence[int], places: int, bits: int) -> int:
    vector = 0
    for status in statuses:
        vector = vector << bits | status
    return vector << bits * (places - len(statuses))
