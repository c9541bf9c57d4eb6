"""Data channels of aiortc's client at a session: they open, and limits end only them."""

from collections.abc import Sequence
from typing import cast

from sfu import dtls
from tests.support.dtls_pair import Association, Pair, turned


def server_data(pair: Pair) -> dtls.DataAssociation:
    return cast(dtls.DataAssociation, pair.session._dtls._data_receiver)


async def associated() -> tuple[Pair, Association]:
    pair = Pair()
    await pair.connect()
    association = Association(pair.client, dtls.SCTP_PORT)
    await association.start(None, dtls.SCTP_PORT)
    await association.opened_channel("chat")
    return pair, association


async def part(pair: Pair, association: Association) -> None:
    await association.stop()
    await pair.finish()


async def test_a_data_channel_opens_and_its_messages_are_only_counted() -> None:
    pair, association = await associated()
    assert association.state == "connected"
    channel = await association.opened_channel("board")
    channel.send("hello")
    channel.send(b"\x00" * 3000)
    await association.opened_channel("after")  # channels share one line: the messages are in
    assert server_data(pair).messages == 2
    await part(pair, association)
    assert pair.reasons == []


async def test_a_session_without_data_channel_sends_and_keeps_none_of_it() -> None:
    pair = Pair()
    await pair.connect()
    assert pair.sent == 2  # the two flights of the handshake
    gate = cast(dtls.DataGate, pair.session._dtls._data_receiver)
    assert gate.association is None
    await pair.finish()


async def assert_only_the_association_ends(pair: Pair, packets: Sequence[bytes]) -> None:
    """The peer loses its channels, and the session goes on to a proper end."""
    data = server_data(pair)
    for packet in packets:
        await pair.client._send_data(packet)
        await turned(lambda: not pair.session._link._queue)
    await turned(lambda: data.state == "closed")
    assert pair.session._dtls._data_receiver is None
    assert pair.reasons == []
    await pair.client.stop()
    await pair.until(lambda: pair.reasons)
    assert pair.reasons == ["dtls_closed"]


async def test_a_stream_out_of_range_ends_the_association() -> None:
    pair, association = await associated()
    packet = association.fragment(0, dtls.MAX_DATA_STREAMS, 10)
    await assert_only_the_association_ends(pair, [packet])
    await part(pair, association)


async def test_a_skip_of_a_stream_out_of_range_ends_the_association() -> None:
    pair, association = await associated()
    await assert_only_the_association_ends(pair, [association.skip(dtls.MAX_DATA_STREAMS)])
    await part(pair, association)


async def test_a_message_larger_than_the_window_ends_the_association() -> None:
    pair, association = await associated()
    count = dtls.DATA_WINDOW // 1100 + 2
    packets = [association.fragment(number, 1, 1100) for number in range(count)]
    await assert_only_the_association_ends(pair, packets)
    await part(pair, association)


async def test_too_many_gaps_end_the_association() -> None:
    pair, association = await associated()
    count = dtls.MAX_MISORDERED_CHUNKS + 2
    packets = [association.fragment(2 * number, 1, 1) for number in range(1, count)]
    await assert_only_the_association_ends(pair, packets)
    await part(pair, association)


async def test_a_channel_opened_twice_ends_the_association() -> None:
    pair, association = await associated()
    await assert_only_the_association_ends(pair, [association.open_message(0)])
    await part(pair, association)


async def test_a_packet_of_noise_is_ignored() -> None:
    pair, association = await associated()
    await pair.client._send_data(b"no SCTP at all")
    await association.opened_channel("after")
    assert server_data(pair).state == "connected"
    await part(pair, association)
