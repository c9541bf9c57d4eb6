"""Which SSRC is which layer."""

import pytest

from sfu.publish.ssrc_table import IncomingSsrc, SendingSection, SsrcTable
from tests.support.core import OPUS_PT, VP8_PT, VP8_RTX_PT, Source, negotiation, open_inbound
from tests.support.offers import H264, Piece, audio, video

MID, RID, REPAIRED = 4, 10, 11
SIMULCAST = video(rids=("q", "h", "f"))


def table(*pieces: Piece) -> SsrcTable:
    source = Source(*pieces)
    producers = source.uplink.producers
    return SsrcTable(
        [
            SendingSection(published, producers[f"teacher:{published.source}"])
            for published in negotiation(pieces).published
        ]
    )


def resolved(
    known: SsrcTable, payload_type: int, extensions: dict[int, bytes], ssrc: int = 1
) -> tuple[str, str, bool, int] | None:
    """Source, rid, repair and payload type of what a packet says it is."""
    stream = IncomingSsrc(open_inbound().stream(ssrc))
    if not known.resolve(stream, ssrc, payload_type, extensions):
        assert stream.layer is None
        return None
    assert stream.layer is not None
    producer = stream.layer.producer
    return producer.source, stream.layer.rid, stream.repair, stream.payload_type


@pytest.mark.parametrize(
    ("payload_type", "extensions", "found"),
    [
        (VP8_PT, {MID: b"1", RID: b"h"}, ("camera", "h", False, VP8_PT)),
        (VP8_RTX_PT, {MID: b"1", REPAIRED: b"h"}, ("camera", "h", True, VP8_RTX_PT)),
        (OPUS_PT, {MID: b"0"}, ("microphone", "", False, OPUS_PT)),
        (OPUS_PT, {}, ("microphone", "", False, OPUS_PT)),
        (VP8_PT, {RID: b"f"}, ("camera", "f", False, VP8_PT)),
        (VP8_PT, {MID: b"1"}, None),
        (VP8_PT, {MID: b"1", RID: b"x"}, None),
        (VP8_PT, {MID: b"1", RID: b"\xff"}, None),
        (VP8_RTX_PT, {MID: b"1", RID: b"h"}, None),
        (VP8_PT, {MID: b"9", RID: b"h"}, None),
        (VP8_PT, {MID: b"\xff"}, None),
        (33, {}, None),
    ],
)
def test_by_what_the_packet_says(
    payload_type: int, extensions: dict[int, bytes], found: tuple[str, str, bool, int] | None
) -> None:
    assert resolved(table(audio(), SIMULCAST), payload_type, extensions) == found


def test_a_payload_type_of_two_sections_tells_nothing() -> None:
    known = table(video(), video())
    assert resolved(known, VP8_PT, {}) is None
    assert resolved(known, VP8_PT, {MID: b"1"}) == ("screen", "", False, VP8_PT)


def test_by_what_the_offer_says() -> None:
    known = table(video(ssrcs=((5, 6),)), video(ssrcs=((7, 8),)))
    assert resolved(known, VP8_PT, {}, ssrc=7) == ("screen", "", False, VP8_PT)
    assert resolved(known, VP8_PT, {}, ssrc=8) == ("screen", "", True, VP8_RTX_PT)
    assert resolved(known, VP8_PT, {}, ssrc=9) is None


def test_with_rids_the_offers_order_of_ssrcs_tells_nothing() -> None:
    known = table(video(rids=("q", "f"), ssrcs=((5, 6), (7, 8))))
    assert resolved(known, VP8_PT, {}, ssrc=5) is None


def test_ids_of_extensions_come_with_the_section() -> None:
    sound, picture = (IncomingSsrc(open_inbound().stream(n)) for n in (1, 2))
    known = table(audio(), video())
    known.resolve(sound, 1, OPUS_PT, {})
    known.resolve(picture, 2, VP8_PT, {})
    assert (sound.level_id, sound.orientation_id) == (1, 0)
    assert (picture.level_id, picture.orientation_id) == (0, 13)


def test_without_rtx_its_payload_type_is_unknown() -> None:
    plain = tuple(line for line in H264 if "109" not in line)
    known = table(video("sendonly", plain))
    assert resolved(known, 108, {}) == ("camera", "", False, 108)
    assert resolved(known, 109, {}) is None


def test_declared_repair_without_a_payload_type_takes_nothing() -> None:
    plain = tuple(line for line in H264 if "109" not in line)
    known = table(video("sendonly", plain, ssrcs=((5, 6),)))
    assert resolved(known, 109, {}, ssrc=6) == ("camera", "", True, -1)


def test_an_offer_without_sending_sections_knows_no_stream() -> None:
    assert resolved(SsrcTable(()), VP8_PT, {MID: b"0"}) is None
