"""Sends RTCP records to a transport's peer, in as few datagrams as they fit in.

Pure: no I/O, no clock.
"""

from collections.abc import Iterable, Iterator

from sfu.fanout.outbox import Outbox
from sfu.subscribe.downlink import Downlink
from sfu.wire.rtcp import RtcpRecord, build_compound

MAX_DATAGRAM = 1_200  # bytes before encryption


def send(records: Iterable[RtcpRecord], downlink: Downlink, outbox: Outbox) -> None:
    """Encrypts and sends the records; without keys or an address they are left out."""
    address = downlink.address
    if address is None or not downlink.connected:
        return
    for data in compounds(records):
        outbox.append((address, [downlink.protect_rtcp(data)]))


def compounds(records: Iterable[RtcpRecord]) -> Iterator[bytes]:
    """Compound packets of at most MAX_DATAGRAM bytes, but for a record that alone is longer."""
    parts: list[bytes] = []
    size = 0
    for record in records:
        data = build_compound((record,))
        if parts and size + len(data) > MAX_DATAGRAM:
            yield b"".join(parts)
            parts, size = [], 0
        parts.append(data)
        size += len(data)
    if parts:
        yield b"".join(parts)
