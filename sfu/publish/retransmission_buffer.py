"""The retransmission buffer: the packets of a layer that can still be sent again.

Pure: no I/O, no clock.
"""

from typing import Generic, TypeVar

Packet = TypeVar("Packet")


class RetransmissionBuffer(Generic[Packet]):
    """A ring of the newest packets by index. The capacity is a power of two.

    Room is made with the first packet: most sources of most participants never send one.
    """

    __slots__ = ("_indices", "_mask", "_packets")

    def __init__(self, capacity: int) -> None:
        if capacity <= 0 or capacity & (capacity - 1):
            raise ValueError(f"capacity must be a power of two, not {capacity}")
        self._mask = capacity - 1
        self._indices: list[int] = []
        self._packets: list[Packet | None] = []

    def put(self, index: int, packet: Packet) -> bool:
        """Keeps the packet. False: the index is here already, or too old to tell whether it was."""
        slot = index & self._mask
        try:
            if index <= self._indices[slot]:
                return False
        except IndexError:
            self._indices = [-1] * (self._mask + 1)
            self._packets = [None] * (self._mask + 1)
        self._indices[slot] = index
        self._packets[slot] = packet
        return True

    def get(self, index: int) -> Packet | None:
        """The packet with exactly this index; None when it was never here or was pushed out."""
        if not self._indices:
            return None
        slot = index & self._mask
        return self._packets[slot] if self._indices[slot] == index else None
