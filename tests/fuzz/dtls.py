"""DTLS datagrams into sessions: before, in and after a real handshake with aiortc's client.

A piece's control byte: bits 0-1 a record's type, 2 the body gets a record header, 3 an epoch of 1
in it, 4 the body is laid over a genuine datagram of a client (which one: its first byte), 5 into
the established session, else into a new one.
Invariants: nothing reaches the loop; keys only from a real handshake; an established session stays
established; what is sent is bounded by what came.
"""

import asyncio
from typing import Any

from sfu.srtp.keys import SrtpKeys
from sfu.wire.demux import DTLS, classify
from tests.fuzz.pieces import Piece, split
from tests.fuzz.world import Kept
from tests.support.dtls_pair import FACTORY, Pair

TEXT = False
FRAMED, PROTECTED, GENUINE, ESTABLISHED = 0x04, 0x08, 0x10, 0x20
FIRST_TYPE = 20  # change_cipher_spec, alert, handshake, application_data
FLIGHT = 4_096  # bytes that one datagram may draw
ANSWERS = 4  # datagrams that one may draw from an established session
TURNS = 8  # of the loop, for a datagram to be worked off
REASONS = {"dtls_failed", "dtls_closed"}


class Ears:
    """The hooks of a session that belongs to nobody."""

    def __init__(self) -> None:
        self.sent = 0
        self.reasons: list[str] = []

    def send(self, data: bytes) -> None:
        self.sent += len(data)

    def connected(self, keys: SrtpKeys) -> None:
        raise AssertionError("keys without a handshake")

    def closed(self, reason: str) -> None:
        self.reasons.append(reason)


class Sessions:
    """An established pair, and what its client sent until then."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.failures: list[str] = []
        self.loop.set_exception_handler(self._note)
        self.genuine: list[bytes] = []
        self.pair = self.loop.run_until_complete(self._connected())

    async def _connected(self) -> Pair:
        pair = Pair(client_loss=self._listen)
        await pair.connect()
        return pair

    def _listen(self, number: int, data: bytes) -> bool:
        self.genuine.append(data)
        return False

    def _note(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.failures.append(f"{context['message']} {context.get('exception')!r}")

    async def throw(self, pieces: list[Piece]) -> None:
        """The pieces to whom they are for; a new session hears all that are not for the old."""
        ears = Ears()
        session = FACTORY.session(ears)
        session.start([("sha-256", ":".join(["AB"] * 32))])
        await _turns()
        before, arrived = self.pair.sent, 0
        for number, piece in enumerate(pieces):
            data = self._datagram(piece, number)
            if classify(data) != DTLS:
                continue
            arrived += 1
            (self.pair.session if piece.control & ESTABLISHED else session).receive(data)
            await _turns()
        session.close()
        await _turns()
        assert ears.sent <= FLIGHT * (arrived + 1), f"{ears.sent} bytes for {arrived} datagrams"
        assert len(ears.reasons) <= 1
        assert set(ears.reasons) <= REASONS
        assert self.pair.sent - before <= ANSWERS * (arrived + 1)
        assert not self.pair.reasons, f"the established session ended: {self.pair.reasons}"
        assert not self.failures, self.failures

    def _datagram(self, piece: Piece, number: int) -> bytes:
        control, body = piece
        if control & GENUINE and body:
            genuine = bytearray(self.genuine[body[0] % len(self.genuine)])
            for place, value in zip(range(len(genuine)), body[1:], strict=False):
                genuine[place] ^= value
            return bytes(genuine)
        if control & FRAMED:
            epoch = b"\x00\x01" if control & PROTECTED else b"\x00\x00"
            head = bytes([FIRST_TYPE + (control & 3)]) + b"\xfe\xfd" + epoch
            return head + number.to_bytes(6, "big") + len(body).to_bytes(2, "big") + body
        return body

    def close(self) -> None:
        """Ends everything; nothing may have failed on the way."""
        self.loop.run_until_complete(self.pair.finish())
        self.loop.run_until_complete(_turns())
        left = asyncio.all_tasks(self.loop)
        self.loop.close()
        assert not left, left
        assert not self.failures, self.failures


_world: Kept[Sessions] = Kept(Sessions)


def run(data: bytes) -> None:
    """One input's datagrams."""
    world = _world.get()
    world.loop.run_until_complete(world.throw(split(data)))


def renew() -> None:
    """Both ends say good-bye."""
    if (world := _world.take()) is not None:
        world.close()


async def _turns() -> None:
    for _ in range(TURNS):
        await asyncio.sleep(0)
