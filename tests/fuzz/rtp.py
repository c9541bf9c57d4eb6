"""RTP of a guest with good keys: headers, extensions, padding, VP8 and H264, repairs and leaps.

A piece's control byte: bits 0-2 which stream, 3 the body is a whole packet (of a stream or of its
RTX), else a payload behind a header that fits, 4 harry's instead of mallory's, 5 the marker, or for
a whole packet: with the stream's next number, 6 some time passes first, 7 not sealed.
Invariants: no fault, bounded copies and tables, nobody else notices. Pure: no I/O, no clock.
"""

from contextlib import suppress
from functools import partial

import pylibsrtp

from sfu.wire import h264, vp8
from sfu.wire.rtp import RtpError, header_length, padding_length, parse_extensions
from tests.fuzz.pieces import Piece, split
from tests.fuzz.world import H264_TYPE, Guests, Kept, streams_of
from tests.support.media import RTP_HEADER, write_rtp
from tests.support.senders import EXTENSIONS, OutStream

TEXT = False
WHOLE, HARRY, MARKER, LATER, BARE = 0x08, 0x10, 0x20, 0x40, 0x80
NEXT = MARKER

_world: Kept[Guests] = Kept(partial(Guests, is_bounded=False))


def run(data: bytes) -> None:
    """The pieces one after the other through a Worker."""
    world = _world.get()
    for piece in split(data):
        _parse(piece.body)
        if piece.control & LATER:
            world.room.run(0.02)
        guest = world.harry if piece.control & HARRY else world.mallory
        packet = _packet(piece, streams_of(guest))
        if not piece.control & BARE:
            with suppress(pylibsrtp.Error, ValueError):  # it writes no header that does not fit
                packet = guest.connection.sealed(packet)
        world.rig.inject(guest.connection.path.address, packet)
        world.check()


def renew() -> None:
    """What waits is sent, and the class goes on."""
    if (world := _world.take()) is not None:
        world.room.run(0.3)
        world.check()
        world.assert_only_she_suffers()


def _packet(piece: Piece, streams: list[OutStream]) -> bytes:
    if piece.control & WHOLE:
        return _whole(piece, streams)
    stream = streams[piece.control % 8 % len(streams)]
    names = [(EXTENSIONS["mid"], stream.mid.encode())]
    if stream.rid:
        names.append((EXTENSIONS["rid"], stream.rid.encode()))
    number = _next(stream)
    payload_type = H264_TYPE if piece.control & HARRY and stream.rid else stream.payload_type
    marker = bool(piece.control & MARKER)
    return write_rtp(payload_type, marker, number, number * 3_000, stream.ssrc, names, piece.body)


def _whole(piece: Piece, streams: list[OutStream]) -> bytes:
    """The body with an SSRC of the guest's own, and where asked the number that comes next."""
    control, body = piece
    if len(body) <= RTP_HEADER.size:
        return body
    own = [(stream, stream.ssrc) for stream in streams]
    own += [(stream, stream.rtx_ssrc) for stream in streams if stream.rtx_ssrc]
    stream, ssrc = own[control % 8 % len(own)]
    number = _next(stream).to_bytes(2, "big") if control & NEXT else body[2:4]
    return body[:2] + number + body[4:8] + ssrc.to_bytes(4, "big") + body[12:]


def _next(stream: OutStream) -> int:
    stream.sequence = (stream.sequence + 1) & 0xFFFF
    return stream.sequence


def _parse(data: bytes) -> None:
    """The parsers by themselves: what they find lies within what they were given."""
    try:
        length = header_length(data)
    except RtpError:
        length = 0
    if length:
        assert RTP_HEADER.size <= length <= len(data)
        found = parse_extensions(data, length)
        assert sum(map(len, found.values())) < length
        assert all(value in data[:length] for value in found.values())
    with suppress(RtpError):
        assert 0 < padding_length(data) <= len(data)
    h264.is_keyframe(data)
    _parse_vp8(data)


def _parse_vp8(data: bytes) -> None:
    descriptor = vp8.parse(data)
    if descriptor is None:
        return
    assert 0 < descriptor.size < len(data)
    size = vp8.keyframe_size(data, descriptor)
    assert size is None or max(size) < 1 << 14
    changed = vp8.rewrite(data, 0x1234, 0x56)
    assert len(changed) == len(data)
    assert changed[descriptor.size :] == data[descriptor.size :]
    again = vp8.parse(changed)
    assert again is not None
    assert (again.size, again.keyframe, again.start) == (
        descriptor.size,
        descriptor.keyframe,
        descriptor.start,
    )
