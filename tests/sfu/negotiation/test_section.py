"""One section's attributes: codecs, RTX, header extensions, layers, sources, their limits."""

import pytest

from common.errors import PeerError
from sfu.negotiation.offer import Extension, Section, parse_offer
from tests.support.offers import OPUS, Piece, application, audio, compose, recorded, video


def section(piece: Piece, *extra: str) -> Section:
    """The section that this piece becomes with some more lines at its end."""
    piece.extra += extra
    return parse_offer(compose([piece])).sections[0]


def assert_refused(piece: Piece, line: str, name: str, reason: str) -> None:
    count = len(compose([piece]).split("\r\n"))
    with pytest.raises(PeerError) as caught:
        section(piece, line)
    assert caught.value.message.startswith(f"line {count} ({name}): "), caught.value.message
    assert reason in caught.value.message


def test_codecs_come_in_the_order_of_the_media_line_with_their_rtx() -> None:
    found = parse_offer(recorded("chromium-156-publish-offer.sdp")).sections[1].codecs
    assert [(c.name, c.payload_type, c.rtx_payload_type) for c in found[:4]] == [
        ("VP8", 96, 97),
        ("H264", 102, 103),
        ("H264", 104, 107),
        ("H264", 108, 109),
    ]
    assert found[0].feedback == ("goog-remb", "transport-cc", "ccm fir", "nack", "nack pli")
    assert found[3].parameters["profile-level-id"] == "42e01f"


def test_parameters_and_feedback_may_come_before_their_codec() -> None:
    found = parse_offer(recorded("firefox-153-publish-offer.sdp")).sections
    opus, vp8 = found[0].codecs[0], found[1].codecs[0]
    assert (opus.name, opus.channels, opus.parameters["stereo"]) == ("opus", 2, "1")
    assert (vp8.name, vp8.payload_type, vp8.rtx_payload_type) == ("VP8", 120, 124)
    assert "nack pli" in vp8.feedback


def test_wildcard_feedback_belongs_to_every_codec() -> None:
    plain = audio("sendonly", ("a=rtpmap:111 opus/48000/2",), ("a=rtpmap:8 PCMA/8000",))
    codecs = section(plain, "a=rtcp-fb:* nack", "a=rtcp-fb:8 nack").codecs
    assert [codec.feedback for codec in codecs] == [("nack",), ("nack",)]


def test_formats_that_the_media_line_does_not_name_are_no_codecs() -> None:
    lines = ("a=rtpmap:96 VP8/90000", "a=rtcp-fb:96 nack", "a=fmtp:96 a=b")
    assert [codec.name for codec in section(audio(), *lines).codecs] == ["opus"]


def test_codec_names_are_known_in_any_case() -> None:
    piece = video("sendonly", ("a=rtpmap:96 vp8/90000",), ("a=rtpmap:98 h264/90000",))
    assert [codec.name for codec in section(piece).codecs] == ["VP8", "H264"]


def test_payload_types_that_look_like_rtcp_are_not_used() -> None:
    piece = video("sendonly", ("a=rtpmap:72 VP8/90000",), ("a=rtpmap:98 VP8/90000",))
    assert [codec.payload_type for codec in section(piece).codecs] == [98]


def test_first_rtx_of_a_codec_counts() -> None:
    again = ("a=rtpmap:100 rtx/90000", "a=fmtp:100 apt=96")
    piece = video("sendonly", ("a=rtpmap:96 VP8/90000", *_rtx(97, 96), *again))
    assert section(piece).codecs[0].rtx_payload_type == 97


def test_rtx_without_its_codec_is_left_out() -> None:
    piece = video("sendonly", ("a=rtpmap:96 VP8/90000", *_rtx(97, 98), "a=rtpmap:99 rtx/90000"))
    (codec,) = section(piece).codecs
    assert codec.rtx_payload_type is None


def _rtx(payload_type: int, apt: int) -> tuple[str, str]:
    return (f"a=rtpmap:{payload_type} rtx/90000", f"a=fmtp:{payload_type} apt={apt}")


def test_extension_directions_are_kept() -> None:
    found = parse_offer(recorded("firefox-153-publish-offer.sdp")).sections[1].extensions
    assert Extension(9, "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id", "sendonly") in found
    assert Extension(3, "urn:ietf:params:rtp-hdrext:sdes:mid", "") in found


def test_two_byte_ids_are_kept_and_reserved_ones_left_out() -> None:
    found = section(audio(), "a=extmap:255 urn:two-byte", "a=extmap:4096 urn:waits").extensions
    assert Extension(255, "urn:two-byte", "") in found
    assert "urn:waits" not in [extension.uri for extension in found]


def test_layers_come_in_the_order_of_the_simulcast_line() -> None:
    piece = video(rids=("a", "b", "c"))
    found = section(piece, "a=simulcast:send ~c;a,b recv x")
    assert (found.rids, found.simulcast) == (("c", "a"), True)


def test_layers_without_a_simulcast_line_come_in_their_own_order() -> None:
    found = section(video(), "a=rid:b send pt=96;max-width=320", "a=rid:x recv", "a=rid:a send")
    assert (found.rids, found.simulcast) == (("b", "a"), False)


def test_sources_are_paired_with_their_repairs() -> None:
    found = parse_offer(recorded("firefox-153-publish-offer.sdp")).sections
    assert found[0].ssrcs == ((4231146158, None),)
    assert found[1].ssrcs == (
        (4096911447, 2623864515),
        (1331959958, 66635465),
        (354308643, 3332598803),
    )


def test_other_source_groups_are_passed_over() -> None:
    found = section(video(ssrcs=((1, 2),)), "a=ssrc-group:SIM 1 5 6")
    assert found.ssrcs == ((1, 2),)


def test_flags_of_a_section() -> None:
    found = section(video(), "a=extmap-allow-mixed")
    assert (found.rtcp_mux, found.rtcp_reduced_size, found.extmap_allow_mixed) == (True,) * 3
    bare = parse_offer("v=0\no=- 1 1 IN IP4 0\nm=audio 9 X 0\na=mid:0\n").sections[0]
    assert (bare.rtcp_mux, bare.rtcp_reduced_size, bare.extmap_allow_mixed) == (False,) * 3


def test_port_0_rejects_a_section_unless_it_waits_for_its_bundle() -> None:
    assert section(video(port=0)).rejected
    assert not section(video(port=0), "a=bundle-only").rejected


@pytest.mark.parametrize(
    ("line", "name", "reason"),
    [
        ("a=mid:", "a=mid", "token"),
        ("a=mid:" + "m" * 33, "a=mid", "token"),
        ("a=mid:a b", "a=mid", "token"),
        ("a=rtpmap:111", "a=rtpmap", "codec"),
        ("a=rtpmap:128 opus/48000", "a=rtpmap", "0 to 127"),
        ("a=rtpmap:\u0661\u0661 opus/48000", "a=rtpmap", "codec"),
        ("a=fmtp:x a=b", "a=fmtp", "0 to 127"),
        ("a=rtcp-fb:-1 nack", "a=rtcp-fb", "0 to 127"),
        ("a=extmap:0 urn:x", "a=extmap", "1 to 9999"),
        ("a=extmap:3/up urn:x", "a=extmap", "header extension"),
        ("a=extmap:4 urn:other", "a=extmap", "used twice"),
        ("a=rid:q", "a=rid", "rid"),
        ("a=rid:" + "q" * 17 + " send", "a=rid", "rid"),
        ("a=simulcast:send", "a=simulcast", "simulcast"),
        ("a=simulcast:up q;h", "a=simulcast", "simulcast"),
        ("a=simulcast:send a" + ";b" * 9, "a=simulcast", "4 layers"),
        ("a=fmtp:96 a" + ";b" * 16, "a=fmtp", "16 parameters"),
        ("a=ssrc:0 cname:x", "a=ssrc", "1 to 4294967295"),
        ("a=ssrc:4294967296 cname:x", "a=ssrc", "1 to 4294967295"),
        ("a=ssrc:1_0 cname:x", "a=ssrc", "1 to 4294967295"),
        ("a=ssrc-group:FID 1", "a=ssrc-group", "two sources"),
        ("a=ssrc-group:FID 1 x", "a=ssrc-group", "1 to 4294967295"),
        ("a=fingerprint:sha-256 AB:CD", "a=fingerprint", "fingerprint"),
    ],
)
def test_faults_name_their_line(line: str, name: str, reason: str) -> None:
    assert_refused(audio(), line, name, reason)


@pytest.mark.parametrize(
    ("pattern", "limit", "name", "reason"),
    [
        ("a=rid:r{} send", 4, "a=rid", "4 layers"),
        ("a=ssrc:{} cname:x", 64, "a=ssrc", "64 sources"),
        ("a=ssrc-group:FID {0} 100{0}", 64, "a=ssrc-group", "64 sources"),
        ("a=extmap:1{} urn:{}", 56, "a=extmap", "64 header extensions"),
        ("a=rtcp-fb:* type{}", 12, "a=rtcp-fb", "12 feedback lines"),
    ],
)
def test_limits_hold(pattern: str, limit: int, name: str, reason: str) -> None:
    full = video()
    full.extra = tuple(pattern.format(n, n) for n in range(20, 20 + limit))
    parse_offer(compose([full]))
    assert_refused(full, pattern.format(99, 99), name, reason)


def test_too_many_fingerprints() -> None:
    piece = Piece("audio", codecs=(OPUS,))
    line = "a=fingerprint:sha-256 " + ":".join(["AB"] * 32)
    piece.extra = (line,) * 7  # one is there already
    assert_refused(piece, line, "a=fingerprint", "8 fingerprints")


def test_data_channel_section() -> None:
    found = section(application())
    assert (found.kind, found.protocol) == ("application", "UDP/DTLS/SCTP")
    assert found.formats == ("webrtc-datachannel",)
