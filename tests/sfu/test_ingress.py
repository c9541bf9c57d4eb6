"""What arrives at the socket: sorted, counted, and never raising."""

from collections import Counter
from types import SimpleNamespace
from typing import cast

import pytest

from sfu.fanout.outbox import Collected
from sfu.ice.address_table import AddressTable
from sfu.ingress import Ingress
from sfu.stats import DropReason
from sfu.transport import Transport
from sfu.wire.address import Address

NOBODY: Address = ("203.0.113.7", 7)
SOMEBODY: Address = ("203.0.113.8", 8)


class Broken:
    """A transport that raises at whatever it gets."""

    transport_id = "broken"

    def receive_rtp(self, data: bytes, now: float) -> bool:
        raise OverflowError

    receive_rtcp = receive_rtp

    def receive_dtls(self, data: bytes, address: Address, now: float) -> bool:
        raise OverflowError

    def receive_stun_answer(self, data: bytes, address: Address, now: float) -> None:
        raise OverflowError

    def awaits(self, address: Address, transaction: bytes) -> bool:
        return True

    @property
    def agent(self) -> SimpleNamespace:
        return SimpleNamespace(check=self)


class Desk:
    """An ingress and what it asks of its surroundings."""

    def __init__(self) -> None:
        self.active: dict[Transport, None] = {}
        self.addresses: AddressTable[Transport] = AddressTable()
        self.drops: Counter[DropReason] = Counter()
        self.sent = Collected()
        self.faults: list[tuple[str, Exception]] = []
        self.ingress = Ingress(
            self.addresses,
            self.drops,
            1_500,
            self.active,
            self.sent,
            lambda transport_id, error, now: self.faults.append((transport_id, error)),
        )


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"\x50" + bytes(30), "unknown_kind"),
        (bytes(1_501), "oversized"),
        (b"\x80\x60" + bytes(30), "unknown_address"),
        (b"\x80\xc8" + bytes(30), "unknown_address"),
        (b"\x16" + bytes(30), "unknown_address"),
        (b"\x00\x01" + bytes(30), "stun_malformed"),
        (b"\x01\x01" + bytes(30), "stun_unasked"),
    ],
)
def test_what_strangers_send_ends_in_a_counter(data: bytes, reason: str) -> None:
    desk = Desk()
    desk.ingress.receive(data, NOBODY, 0.0)
    assert desk.drops == {reason: 1}
    assert (desk.ingress.arrivals.datagrams, desk.ingress.arrivals.bytes) == (1, len(data))
    assert desk.sent == []
    assert desk.active == {}


@pytest.mark.parametrize("first", [b"\x80\x60", b"\x80\xc8", b"\x16\x00", b"\x01\x01"])
def test_a_fault_in_a_transport_is_told_and_goes_no_further(first: bytes) -> None:
    desk = Desk()
    broken = cast(Transport, Broken())
    desk.addresses.name(broken, ("ufrag",))
    desk.addresses.bind(broken, SOMEBODY, (SOMEBODY,))
    desk.ingress.receive(first + bytes(30), SOMEBODY, 0.0)
    [(owner, error)] = desk.faults
    assert owner == "broken"
    assert isinstance(error, OverflowError)
    assert broken in desk.active


class Picky:
    """A transport that takes RTP and DTLS, and drops RTCP, which it would count itself."""

    def receive_rtp(self, data: bytes, now: float) -> bool:
        return True

    def receive_rtcp(self, data: bytes, now: float) -> bool:
        return False

    def receive_dtls(self, data: bytes, address: Address, now: float) -> bool:
        return True


def test_what_a_transport_drops_is_not_accepted() -> None:
    desk = Desk()
    picky = cast(Transport, Picky())
    desk.addresses.bind(picky, SOMEBODY, (SOMEBODY,))
    for first in (b"\x80\x60", b"\x80\xc8", b"\x16\x00", b"\x50\x00"):
        desk.ingress.receive(first + bytes(30), SOMEBODY, 0.0)
    assert (desk.ingress.arrivals.datagrams, desk.ingress.arrivals.accepted) == (4, 2)
    assert desk.drops == {"unknown_kind": 1}
