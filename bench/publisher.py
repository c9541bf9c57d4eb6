"""A publisher whose encrypted packets are made ahead, in the shape Chromium sends them.

Per frame at 30 fps: one packet of the small layer, two of the middle one, four or five of the
top one, sizes within a byte and the smaller ones first. Sound is a packet every 20 ms. So the top
layer with its sound is 180 packets/s. Pure: no I/O, no clock.
"""

from tests.support import rtcp_client
from tests.support.clock import Agenda
from tests.support.media import Mark, write_mark, write_video
from tests.support.peers import Peer
from tests.support.senders import Encoding
from tests.support.stun_client import binding_request

FPS = 30
SOUND_PER_SECOND = 50
BLOCK_FRAMES, BLOCK_SOUNDS = 3, 5  # a tenth of a second
TOP = ((1_125, 1_125, 1_125, 1_126), (1_126,) * 4, (1_099, 1_099, 1_099, 1_099, 1_100))
LOWER = {0: ((776,),) * 3, 1: ((971, 972), (972, 972), (985, 985))}
KEY = {0: (1_000,), 1: (1_100,) * 3, 2: (1_100,) * 6}
SOUND_BYTES = 66  # the recording's median
LOUD = 30  # -dBov

Wakes = list[list[bytes]]  # datagrams that arrive together


class Tap:
    """Stands for the rig at a peer's connection: keeps what the peer sends."""

    def __init__(self, peer: Peer) -> None:
        self._out: list[bytes] = []
        peer.connection.rig = self  # type: ignore[assignment]  # from now on it sends here

    def send(self, _path: object, data: bytes) -> None:
        """What the peer sends is kept."""
        self._out.append(data)

    def take(self) -> list[bytes]:
        """What was sent since the last call."""
        taken, self._out = self._out, []
        return taken


class Publisher:
    """A connected peer: its frames, its sound and its reports, encrypted."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.address = peer.connection.path.address
        self.publisher, self.agenda = peer.publisher, Agenda()
        self._tap = Tap(peer)
        self._frames = 0
        self._sounds = 0

    # -- what OutStream asks of its carrier

    def send_rtp(self, packet: bytes) -> None:
        """Encrypted, kept."""
        self.peer.connection.send_rtp(packet)

    def send_rtcp(self, packet: bytes) -> None:
        """Encrypted, kept."""
        self.peer.connection.send_rtcp(packet)

    def transport_sequence(self) -> int:
        """Of transport-cc."""
        return self.peer.transport_sequence()

    def wall(self, now: float) -> float:
        """The publisher's clock."""
        return self.peer.wall(now)

    # -- what it makes

    def frame(self, *, key: bool = False) -> list[bytes]:
        """The next picture in all layers, the smallest first."""
        captured = self._frames / FPS
        for encoding in self.peer.camera.encodings:
            self._encode(encoding, captured, key)
        self._frames += 1
        return self._tap.take()

    def sound(self, level: int = LOUD) -> list[bytes]:
        """The next 20 ms."""
        stream, captured = self.peer.microphone.stream, self._sounds / SOUND_PER_SECOND
        mark = Mark(self.publisher, 0, True, self._sounds, 0, 1, captured)
        timestamp = stream.timestamp(captured, 0.0)
        stream.send(self, write_mark(mark, SOUND_BYTES), timestamp, False, captured, level)
        self._sounds += 1
        return self._tap.take()

    def block(self) -> list[tuple[float, list[bytes]]]:
        """A tenth of a second: when (from its start) which datagrams arrive together."""
        frames, sounds = [], []
        if "camera" in self.peer.senders:
            frames = [(n / FPS, self.frame()) for n in range(BLOCK_FRAMES)]
        if "microphone" in self.peer.senders:
            sounds = [(n / SOUND_PER_SECOND + 0.007, self.sound()) for n in range(BLOCK_SOUNDS)]
        return sorted(frames + sounds)

    def reports(self, now: float) -> list[bytes]:
        """Sender Reports of all its streams, as of the newest frame."""
        for sender in self.peer.senders.values():
            for stream in sender.streams:
                timestamp = stream.timestamp(self._frames / FPS, 0.0)
                self.send_rtcp(
                    rtcp_client.sender_report(
                        stream.ssrc, self.wall(now), timestamp, stream.packets, stream.octets
                    )
                )
        return self._tap.take()

    def check(self) -> bytes:
        """A binding request with consent and nomination."""
        return binding_request(self.peer.connection.credentials, self.peer.random.randbytes(12))

    def _encode(self, encoding: Encoding, captured: float, key: bool) -> None:
        usual = TOP if encoding.layer == 2 else LOWER[encoding.layer]
        sizes = KEY[encoding.layer] if key else usual[self._frames % len(usual)]
        timestamp = encoding.stream.timestamp(captured, 0.0)
        for packet, size in enumerate(sizes):
            last = packet == len(sizes) - 1
            mark = Mark(
                self.publisher, encoding.layer, key, encoding.number, packet, len(sizes), captured
            )
            payload = write_video(mark, encoding.picture_id, encoding.tl0picidx, size)
            encoding.stream.send(self, payload, timestamp, last, captured)
        encoding.number += 1
        encoding.picture_id = (encoding.picture_id + 1) & 0x7FFF
        encoding.tl0picidx = (encoding.tl0picidx + 1) & 0xFF
