"""Finds the transport of a datagram: by validated address, or by ICE user name fragment.

Pure: no I/O, no clock.
"""

from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

from sfu.wire.address import Address

Owner = TypeVar("Owner", bound=Hashable)


class AddressTable(Generic[Owner]):
    """Two tables that change in place: a join costs the same however many owners there are."""

    def __init__(self) -> None:
        self.by_address: dict[Address, Owner] = {}
        self.by_ufrag: dict[str, Owner] = {}
        self._addresses: dict[Owner, set[Address]] = {}
        self._ufrags: dict[Owner, set[str]] = {}

    def bind(self, owner: Owner, address: Address, bound: Iterable[Address]) -> None:
        """The owner proved `address`; of those before only the `bound` still lead to it."""
        own = self._addresses.setdefault(owner, set())
        for known in own.difference(bound):
            self._release(owner, known)
        own.intersection_update(bound)
        own.add(address)
        self.by_address[address] = owner

    def name(self, owner: Owner, ufrags: Iterable[str]) -> None:
        """Requests with these fragments, and no others, are the owner's."""
        for known in self._ufrags.pop(owner, ()):
            self.by_ufrag.pop(known, None)
        self._ufrags[owner] = set(ufrags)
        self.by_ufrag.update(dict.fromkeys(self._ufrags[owner], owner))

    def forget(self, owner: Owner) -> None:
        """Nothing leads to the owner any more."""
        for address in self._addresses.pop(owner, ()):
            self._release(owner, address)
        for known in self._ufrags.pop(owner, ()):
            self.by_ufrag.pop(known, None)

    def _release(self, owner: Owner, address: Address) -> None:
        if self.by_address.get(address) is owner:  # not when another has proved it since
            del self.by_address[address]
