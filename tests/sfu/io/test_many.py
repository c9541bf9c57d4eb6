"""sendmmsg on real sockets."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from sfu.fanout.outbox import Destinations
from sfu.io.many import MAX_MESSAGES, ManySender, is_available
from sfu.wire.address import Address

REFUSED = ("255.255.255.255", 9)  # broadcast without the option: EACCES


@pytest.fixture
def sockets() -> Iterator[list[socket.socket]]:
    """The sender's and three that receive."""
    with ExitStack() as stack:
        made = []
        for _ in range(4):
            udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            udp.bind(("127.0.0.1", 0))
            udp.settimeout(2.0)
            made.append(udp)
        yield made


def addresses(sockets: list[socket.socket]) -> tuple[Address, ...]:
    return tuple(udp.getsockname() for udp in sockets[1:])


def test_it_is_here() -> None:
    assert is_available()


def test_each_gets_its_own_run(sockets: list[socket.socket]) -> None:
    sender = ManySender(sockets[0])
    buffer = bytearray().join(bytes([peer]) * 250 for peer in range(3))
    assert sender.send(Destinations(addresses(sockets)), buffer, 250, 100) == 3
    for peer, far in enumerate(sockets[1:]):
        got = [far.recv(2_048) for _ in range(3)]
        assert got == [bytes([peer]) * size for size in (100, 100, 50)]


def test_sizes_and_shapes_change_from_call_to_call(sockets: list[socket.socket]) -> None:
    sender, far = ManySender(sockets[0]), sockets[1]
    for sizes in ([90], [100, 100], [40], [30, 30, 20], [1_200] * 5, [1_000]):
        datagrams = [bytes([n + 1]) * size for n, size in enumerate(sizes)]
        buffer = bytearray().join(datagrams)
        assert sender.send(Destinations(addresses(sockets)[:1]), buffer, len(buffer), sizes[0]) == 1
        assert [far.recv(2_048) for _ in sizes] == datagrams


def test_says_how_many_went_out_before_one_failed(sockets: list[socket.socket]) -> None:
    sender = ManySender(sockets[0])
    first, *others = addresses(sockets)
    assert sender.send(Destinations((first, REFUSED, *others)), bytearray(400), 100, 100) == 1
    assert sender.send(Destinations((REFUSED, *others)), bytearray(300), 100, 100) == 0
    assert sockets[1].recv(2_048) == bytes(100)


def test_never_reads_behind_the_buffer(sockets: list[socket.socket]) -> None:
    with pytest.raises(ValueError, match="too short"):
        ManySender(sockets[0]).send(Destinations(addresses(sockets)), bytearray(299), 100, 100)


def test_takes_a_bounded_number_at_a_time(sockets: list[socket.socket]) -> None:
    crowd = Destinations(addresses(sockets)[:1] * (MAX_MESSAGES + 1))
    with pytest.raises(ValueError, match="more messages"):
        ManySender(sockets[0]).send(crowd, bytearray(1_000), 10, 10)


def test_goes_out_by_the_long_form_of_addresses_too() -> None:
    with ExitStack() as stack:
        near, far = (
            stack.enter_context(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)) for _ in "ab"
        )
        for udp in (near, far):
            udp.bind(("::1", 0))
            udp.settimeout(2.0)
        assert (
            ManySender(near).send(Destinations((far.getsockname(),)), bytearray(b"hello"), 5, 5)
            == 1
        )
        assert far.recv(2_048) == b"hello"


def test_makes_its_form_of_addresses_once(sockets: list[socket.socket]) -> None:
    sender, far = ManySender(sockets[0]), Destinations(addresses(sockets)[:2])
    assert sender.send(far, bytearray(20), 10, 10) == 2
    form = far.form
    assert sender.send(far, bytearray(40), 20, 10) == 2
    assert far.form is form


def test_another_sender_makes_its_own(sockets: list[socket.socket]) -> None:
    far = Destinations(addresses(sockets)[:1])
    for _ in range(2):
        assert ManySender(sockets[0]).send(far, bytearray(b"hello"), 5, 5) == 1
        assert sockets[1].recv(2_048) == b"hello"
