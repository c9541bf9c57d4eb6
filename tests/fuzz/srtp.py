"""SRTP and SRTCP that somebody has changed, in both profiles.

The first byte of an input: bit 0 the profile, 1 RTCP, 2-4 which genuine packet, 5 some of the
genuine ones come first. The rest, in threes: a place (two bytes) and what is XORed into it; a place
behind the end cuts the packet or, where odd, makes it longer. Libsrtp has made the packets.
Invariants: what is opened is byte for byte a genuine packet and comes the first time; after all
that was forged every genuine packet still opens. Pure: no I/O, no clock.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sfu.srtp.keys import SrtpError, SrtpKeys, SrtpProfile
from sfu.srtp.rtp import InboundSrtp, InboundStream, inbound
from sfu.wire.rtp import RtpError, header_length
from tests.support import rtcp_client
from tests.support.dtls import MasterKeys, master_keys
from tests.support.media import write_rtp
from tests.support.peer_srtp import PeerSrtp

TEXT = False
PACKETS = 8
SSRC = 0x01020304

_genuine: dict[tuple[SrtpProfile, bool], tuple[bytes, ...]] = {}


@dataclass(slots=True)
class Receiver:
    """One end that opens, and what it has opened."""

    open: Callable[[bytes], bytes]
    opened: list[bytes]

    def take(self, data: bytes, genuine: tuple[bytes, ...]) -> bool:
        """Whether it opened; raises AssertionError when it should not have."""
        try:
            self.open(data)
        except (SrtpError, RtpError):
            return False
        assert data in genuine, "a forged packet was opened"
        assert data not in self.opened, "a packet was opened twice"
        self.opened.append(data)
        return True


def run(data: bytes) -> None:
    """One changed packet, and the whole input as a packet, at a receiver without history."""
    if len(data) < 2:
        return
    profile, control = list(SrtpProfile)[data[0] & 1], bool(data[0] & 2)
    genuine = packets(profile, control)
    receiver = _receiver(profile, control)
    for packet in genuine[: 3 if data[0] & 0x20 else 0]:
        assert receiver.take(packet, genuine)
    changed = _changed(genuine[data[0] >> 2 & 7], data[1:])
    for forged in (changed, data[1:], changed):
        receiver.take(forged, genuine)
    for packet in genuine:
        expected = packet not in receiver.opened
        assert receiver.take(packet, genuine) is expected, "a genuine packet was kept out"


def renew() -> None:
    """Nothing is kept."""


def packets(profile: SrtpProfile, control: bool) -> tuple[bytes, ...]:
    """The genuine packets; sound, pictures, one with padding and one with an extension."""
    if (profile, control) not in _genuine:
        peer = PeerSrtp(_keys(profile), profile)
        if control:
            made = [peer.protect_rtcp(rtcp_client.nack(SSRC, n, [n, 9])) for n in range(PACKETS)]
        else:
            made = [peer.protect(_plain(n)) for n in range(PACKETS)]
        _genuine[profile, control] = tuple(made)
    return _genuine[profile, control]


def _plain(number: int) -> bytes:
    extension = [(1, bytes([number]))] if number & 1 else []
    payload = bytes(range(40 * number % 256))
    return write_rtp(96, True, 65_530 + number, number, SSRC, extension, payload, number & 4)


def _keys(profile: SrtpProfile) -> MasterKeys:
    return master_keys(bytes(16), profile)


def _receiver(profile: SrtpProfile, control: bool) -> Receiver:
    keys = _keys(profile)
    srtp = inbound(SrtpKeys(profile, local=keys.server, remote=keys.client))
    if control:
        return Receiver(srtp.unprotect_rtcp, [])
    return Receiver(_opener(srtp), [])


def _opener(srtp: InboundSrtp) -> Callable[[bytes], bytes]:
    """As the uplink opens: a stream is kept once a packet of it is authentic."""
    streams: dict[bytes, InboundStream] = {}

    def open_(data: bytes) -> bytes:
        length = header_length(data)
        ssrc = data[8:12]
        stream = streams.get(ssrc) or srtp.stream(int.from_bytes(ssrc, "big"))
        _, payload = stream.open(data, length, int.from_bytes(data[2:4], "big"))
        streams[ssrc] = stream
        return payload

    return open_


def _changed(packet: bytes, edits: bytes) -> bytes:
    data = bytearray(packet)
    for start in range(0, len(edits) - 2, 3):
        place = int.from_bytes(edits[start : start + 2], "big")
        if place < len(data):
            data[place] ^= edits[start + 2]
        elif place & 1:
            data.append(edits[start + 2])
        else:
            del data[edits[start + 2] :]
    return bytes(data)
