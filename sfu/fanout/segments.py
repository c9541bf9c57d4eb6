"""Cutting datagrams for one peer into runs that one UDP_SEGMENT send takes.

udp(7): the kernel cuts one send into segments of one size, of which the last may be shorter.
Pure: no I/O, no clock.
"""

from collections.abc import Sequence

UDP_SEGMENT = 103  # the option, include/uapi/linux/udp.h
MAX_SEGMENTS = 64  # of one send; more is EMSGSIZE
MAX_SEGMENTED_BYTES = 65_507  # of one UDP datagram before it is cut


def cut(sizes: Sequence[int]) -> list[tuple[int, int]]:
    """Ranges [start, end) of datagrams with these sizes: equal in each, the last may be less."""
    count = len(sizes)
    if not count:
        return []
    if sizes.count(sizes[0]) == count <= MAX_SEGMENTS and sum(sizes) <= MAX_SEGMENTED_BYTES:
        return [(0, count)]  # the usual case: one frame
    ranges: list[tuple[int, int]] = []
    start, total = 0, 0
    for position, size in enumerate(sizes):
        segment = sizes[start]
        full = position - start >= MAX_SEGMENTS or total + size > MAX_SEGMENTED_BYTES
        ended = position > start and sizes[position - 1] < segment
        if position > start and (full or ended or size > segment):
            ranges.append((start, position))
            start, total = position, 0
        total += size
    ranges.append((start, count))
    return ranges
