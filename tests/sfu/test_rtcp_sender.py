"""Records share datagrams, up to a size."""

from sfu.rtcp_sender import MAX_DATAGRAM, compounds, send
from sfu.wire.rtcp import Goodbye, Nack, parse_compound, parsers
from tests.support.line import Line

READ = parsers((Nack,))


def nack(count: int) -> Nack:
    """One that needs four bytes for each of its numbers."""
    return Nack(1, 2, tuple(range(0, 40 * count, 40)))


def test_few_records_share_a_datagram() -> None:
    [data] = compounds([nack(1), nack(2)])
    assert parse_compound(data, READ) == [nack(1), nack(2)]


def test_a_datagram_ends_before_it_is_too_long() -> None:
    records = [nack(100) for _ in range(8)]
    datagrams = list(compounds(records))
    assert len(datagrams) == 4
    assert all(len(data) <= MAX_DATAGRAM for data in datagrams)
    assert [record for data in datagrams for record in parse_compound(data, READ)] == records


def test_a_record_that_alone_is_too_long_is_sent_alone() -> None:
    small, large = nack(1), nack(400)
    sizes = [len(data) for data in compounds([small, large, small])]
    assert sizes[1] > MAX_DATAGRAM > sizes[0] == sizes[2]


def test_nothing_makes_no_datagram() -> None:
    assert list(compounds([])) == []


def test_records_are_not_sent_without_an_address() -> None:
    line = Line().begin()
    send([Goodbye((1,))], line.transport.downlink, line.sent)
    assert line.sent == []


def test_records_go_where_media_goes() -> None:
    line = Line().connected()
    records = [Nack(7, 9, tuple(range(0, 17 * 100, 17))) for _ in range(4)]
    send(records, line.transport.downlink, line.sent)
    sizes = [len(data) for _, [data] in line.sent]
    assert len(sizes) == 2
    assert max(sizes) <= MAX_DATAGRAM
    assert line.take_records() == records
