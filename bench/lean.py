"""The lean loop: the least that a forwarded copy needs, measured beside everything else.

Header pack, AES-GCM, `sendto` of a 1.1 kB packet to 200 loopback destinations, nothing else. With
segments it sends six packets to a destination by one UDP_SEGMENT call.
"""

import os
import select
import socket
import struct
import time
from collections.abc import Sequence

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bench.sinks import udp_socket
from sfu.wire.rtp import FIXED
from tests.support.rig import Address

DESTINATIONS = 200
PAYLOAD = 1_100
SEGMENTS = 6
UDP_SEGMENT = 103  # include/uapi/linux/udp.h


class LeanLoop:
    """One socket, DESTINATIONS peers with a key each."""

    def __init__(self, addresses: Sequence[Address]) -> None:
        self._socket = udp_socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8 * 1024 * 1024)
        self._targets = [
            (address, AESGCM(os.urandom(16)).encrypt, 1_000 + number)
            for number, address in enumerate(addresses[:DESTINATIONS])
        ]
        self._salt = int.from_bytes(os.urandom(12), "big")
        self._index = 0

    def close(self) -> None:
        """Closes the socket."""
        self._socket.close()

    def singly(self, copies: int) -> float:
        """µs of CPU per copy, one `sendto` each."""
        payload, pack, sendto = os.urandom(PAYLOAD), FIXED.pack, self._socket.sendto
        packets = max(1, copies // len(self._targets))
        started = time.process_time()
        for index in range(self._index, self._index + packets):
            for target, encrypt, ssrc in self._targets:
                header = pack(0x80, 96, index & 0xFFFF, 3_000, ssrc)
                nonce = (self._salt ^ ssrc << 48 ^ index).to_bytes(12, "big")
                try:
                    sendto(header + encrypt(nonce, payload, header), target)
                except BlockingIOError:
                    select.select([], [self._socket], [])
        spent = time.process_time() - started
        self._index += packets
        return spent / (packets * len(self._targets)) * 1e6

    def by_segments(self, copies: int) -> float:
        """µs of CPU per copy, SEGMENTS of them with one `sendmsg`."""
        payload, pack, sendmsg = os.urandom(PAYLOAD), FIXED.pack, self._socket.sendmsg
        size = struct.pack("=H", FIXED.size + PAYLOAD + 16)
        segment = [(socket.IPPROTO_UDP, UDP_SEGMENT, size)]
        frames = max(1, copies // (len(self._targets) * SEGMENTS))
        started = time.process_time()
        for start in range(self._index, self._index + frames * SEGMENTS, SEGMENTS):
            for target, encrypt, ssrc in self._targets:
                base = self._salt ^ ssrc << 48
                run = []
                for index in range(start, start + SEGMENTS):
                    header = pack(0x80, 96, index & 0xFFFF, 3_000, ssrc)
                    nonce = (base ^ index).to_bytes(12, "big")
                    run.append(header + encrypt(nonce, payload, header))
                try:
                    sendmsg(run, segment, 0, target)
                except BlockingIOError:
                    select.select([], [self._socket], [])
        spent = time.process_time() - started
        self._index += frames * SEGMENTS
        return spent / (frames * SEGMENTS * len(self._targets)) * 1e6
