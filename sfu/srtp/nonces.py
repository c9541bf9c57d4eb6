"""The one way to a nonce that seals RTP: no (key, SSRC, index) ever seals two different datagrams.

Under AES-GCM two datagrams with one nonce give the key stream and the authentication key away;
under AES-CM the key stream. A nonce is made of a stream's SSRC and the index of a datagram, and
made in sfu.srtp.headers only. That an index stands for one datagram follows from five things:

1. `IndexSpaces` has one `IndexSpace` for each SSRC under a key, and never another for an SSRC it
   had (sfu.srtp.index_space).
2. An `IndexSpace` only grows. It is a sequence of `StreamMapping`s, one for each stay of the slot
   on a layer, and each begins behind the highest index of those before it. So an outgoing index
   belongs to one mapping.
3. Within a mapping outgoing index = the layer's index + a constant. So an index of a mapping
   belongs to one index of one layer. Only what lies between a mapping's first index and the end
   of all indices is sealed (`CommonRange` for a plan at once, `StreamMapping.covers` for one
   packet).
4. A `Ledger`, one for each layer, lets each index of the layer pass once, as one packet, which
   can't be changed from there on (`Forwarded`).
5. A datagram is a function of such a packet, a mapping (both frozen) and the SSRC. So what is sent
   again under the same index is the same in every byte, and does no harm.

What does not pass is refused, and the caller counts it as DropReason.NONCE_REFUSED.
Pure: no I/O, no clock.
"""

from collections.abc import Iterable
from typing import cast

from sfu.wire.packet import Forwarded, Packet

MAX_INDEX = (1 << 48) - 1  # RFC 3711 3.3.1; behind it the SSRC's bits of the nonce begin
WINDOW = 1_024  # indices below the highest that may still pass

_WINDOW_MASK = (1 << WINDOW) - 1


class Ledger:
    """Keeps which indices of a layer have been forwarded, and lets each pass once.

    `changes` counts the mappings that began or ended on the layer: a plan that was made before the
    last of them is out of date (`CommonRange`).
    """

    __slots__ = ("_solid", "_used", "changes", "highest")

    def __init__(self) -> None:
        self.highest = -1
        self.changes = 0
        self._solid = 0  # all from here to the highest have passed
        self._used = _WINDOW_MASK  # bit n: of those before, the n-th last has passed, or is none

    def admit(self, packets: Iterable[Packet], stamp: int) -> list[Forwarded]:
        """The packets whose index has not passed yet, frozen with this abs-send-time.

        An index above the highest passes; one below it passes if the window has it as unused.
        """
        admitted: list[Packet] = []
        for packet in packets:
            if packet.stamp:
                continue
            if packet.index == self.highest + 1:
                self.highest += 1
            elif not self._passes(packet.index):
                continue
            packet.stamp = stamp
            packet.__class__ = Forwarded
            admitted.append(packet)
        return cast("list[Forwarded]", admitted)

    def _passes(self, index: int) -> bool:
        """Decides on an index that does not follow the highest, and moves the window up to it.

        The window is not touched by indices that come in turn: it may end before the highest.
        """
        ahead, solid = index - self.highest, self.highest + 1 - self._solid
        if ahead > 0:
            # a leap past the whole window would only build a huge number to mask away
            passed = (1 << min(solid, WINDOW)) - 1
            window = self._used << solid | passed if solid < WINDOW else passed
            self._used = window << ahead - 1 & _WINDOW_MASK if ahead <= WINDOW else 0
            self._solid = self.highest = index
            return True
        before = self._solid - 1 - index
        if before < 0 or ahead <= -WINDOW or self._used >> before & 1:
            return False
        self._used |= 1 << before
        return True
