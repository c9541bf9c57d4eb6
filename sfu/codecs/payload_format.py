"""A codec as the SFU knows it: its negotiation, and what forwarding reads and rewrites.

Each codec is one module with one PayloadFormat; sfu.codecs.registry has the list.
Pure: no I/O, no clock.
"""

from collections.abc import Mapping

from sfu.wire.packet import Numbers, Offsets, Packet


class PayloadFormat:
    """The RTP payload format of one codec. This class itself has no running numbers, never tells
    where a picture begins, and takes any parameters."""

    name: str
    kind: str
    """audio or video"""
    clock_rate: int
    channels = 1
    moduli: tuple[int, ...] = ()
    """Of the running numbers in its payloads: each counts from 0 up to its modulus."""

    # -- negotiation ------------------------------------------------------------------------

    def rank(self, parameters: Mapping[str, str]) -> int:
        """How well an offered payload type with these format parameters suits; 0: not at all."""
        return 1

    def answer_parameters(self, parameters: Mapping[str, str], *, stereo: bool) -> str:
        """The format parameters of the answer to an offer with `parameters`."""
        return ""

    # -- payloads ---------------------------------------------------------------------------

    def describe(self, packet: Packet) -> None:
        """Sets `starts`, `height` and `numbers` from the packet's payload. Hot: once per packet."""

    def can_skip(self, payload: bytes) -> bool:
        """True when a packet of a layer without subscribers is of no use: no picture begins with
        it. Hot: once per packet of such a layer, before `describe`."""
        return False

    def rewrite(self, packet: Packet, offsets: Offsets) -> bytes:
        """The packet's payload with its running numbers moved by `offsets`."""
        return packet.payload

    # -- running numbers --------------------------------------------------------------------

    def offsets(self, last: Numbers, first: Numbers) -> Offsets:
        """Offsets by which `first` follows `last`; a number that either lacks stays as it is."""
        offsets = tuple(
            0 if before is None or number is None else before + 1 - number
            for before, number in zip(last, first, strict=False)
        )
        return offsets if any(offsets) else ()

    def moved(self, numbers: Numbers, offsets: Offsets) -> Numbers:
        """The numbers as they were sent with these offsets."""
        if not offsets:
            return numbers
        return tuple(
            None if number is None else (number + offset) % modulus
            for number, offset, modulus in zip(numbers, offsets, self.moduli, strict=True)
        )


def newest(before: Numbers, numbers: Numbers) -> Numbers:
    """`numbers`, with those of `before` where they lack one."""
    if not before or None not in numbers:
        return numbers
    return tuple(b if n is None else n for b, n in zip(before, numbers, strict=True))
