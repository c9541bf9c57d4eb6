"""Single copies: for the few that don't go by crews, and for what is sent again.

Pure: no I/O, no clock.
"""

from sfu.consumer import Consumer, Epoch
from sfu.packet import Packet
from sfu.runs import Prepared, prepare, rewrite_payload
from sfu.wire.rtp import FIXED


def copy(entry: Prepared, consumer: Consumer, epoch: Epoch) -> bytes:
    """One datagram for one consumer, whatever its cipher."""
    index, flags, marker, timestamp, block, payload = entry
    index += epoch.sequence_offset
    timestamp = (timestamp + epoch.timestamp_offset) & 0xFFFFFFFF
    second = marker | epoch.payload_type
    header = FIXED.pack(flags, second, index & 0xFFFF, timestamp, consumer.ssrc) + block
    nonce = (consumer.nonce_base ^ index).to_bytes(12, "big")
    return header + consumer.seal(nonce, payload, header)


def retransmit(consumer: Consumer, out: int, epoch: Epoch, packet: Packet) -> bytes:
    """One packet again: by RTX (RFC 4588) where negotiated, else the same bytes as before.

    Without RTX every byte must repeat (see OutboundSrtp), so the extensions carry the first
    send's abs-send-time.
    """
    index, flags, marker, timestamp, block, _ = prepare((packet,), consumer.profile)[0]
    payload = rewrite_payload(packet, epoch.picture_offset, epoch.tl0_offset)
    ssrc, payload_type, base = consumer.ssrc, epoch.payload_type, consumer.nonce_base
    if epoch.rtx_payload_type is not None:
        payload = (out & 0xFFFF).to_bytes(2, "big") + payload
        consumer.rtx_index += 1
        index = consumer.rtx_index
        ssrc, payload_type, base = (
            consumer.rtx_ssrc,
            epoch.rtx_payload_type,
            consumer.rtx_nonce_base,
        )
    else:
        index = out
    timestamp = (timestamp + epoch.timestamp_offset) & 0xFFFFFFFF
    header = FIXED.pack(flags, marker | payload_type, index & 0xFFFF, timestamp, ssrc) + block
    return header + consumer.seal((base ^ index).to_bytes(12, "big"), payload, header)
