"""Single copies: for the few that don't go by crews, and for what is sent again.

Pure: no I/O, no clock.
"""

from sfu.fanout.gso_batch import Prepared, prepare, rewrite_payload
from sfu.fanout.nonces import Epoch, Line
from sfu.publish.packet import Forwarded
from sfu.stats import DropReason
from sfu.subscribe.consumer import Consumer
from sfu.wire.rtp import FIXED


def copy(entry: Prepared, line: Line, epoch: Epoch) -> bytes:
    """One datagram for one consumer, whatever its cipher; `epoch` is one of the line's."""
    index = entry[0] + epoch.sequence_offset
    return _seal(entry, line, index, epoch.payload_type, epoch)


def retransmit(consumer: Consumer, out: int, epoch: Epoch, packet: Forwarded) -> list[bytes]:
    """One packet again: by RTX (RFC 4588) where negotiated, else the same bytes as before.

    Without RTX the packet and the epoch, which can't be changed, make the same datagram again.
    Nothing when the line for RTX is used up.
    """
    [entry] = prepare((packet,), epoch.profile)
    payload = rewrite_payload(packet, epoch.picture_offset, epoch.tl0_offset)
    if epoch.rtx_payload_type is None:
        return [copy((*entry[:5], payload), consumer.line, epoch)]
    index = consumer.rtx_line.take()
    if index is None:
        consumer.downlink.drops[DropReason.NONCE_REFUSED] += 1
        return []
    entry = (*entry[:5], (out & 0xFFFF).to_bytes(2, "big") + payload)
    return [_seal(entry, consumer.rtx_line, index, epoch.rtx_payload_type, epoch)]


def _seal(entry: Prepared, line: Line, index: int, payload_type: int, epoch: Epoch) -> bytes:
    _, flags, marker, timestamp, block, payload = entry
    timestamp = (timestamp + epoch.timestamp_offset) & 0xFFFFFFFF
    header = FIXED.pack(flags, marker | payload_type, index & 0xFFFF, timestamp, line.ssrc)
    return line.seal(index, payload, header + block)
