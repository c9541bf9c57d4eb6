"""The answer's text; aiortc's parser is the oracle that it is one."""

import pytest
from aiortc.sdp import SessionDescription
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import PeerError
from sfu.ice.agent import IceCredentials
from sfu.negotiation.answer import LocalParameters, SlotIds, build_answer
from sfu.negotiation.capabilities import Negotiation, negotiate
from sfu.negotiation.offer import parse_offer
from tests.support.offers import (
    RECORDED,
    VP8,
    VP9,
    application,
    audio,
    class_pieces,
    compose,
    h264,
    recorded,
    video,
)
from tests.support.thorough import tries

LOCAL = LocalParameters(
    credentials=IceCredentials("serverUf", "serverPasswordOf24Chars0"),
    fingerprints=(("sha-256", ":".join(["5E"] * 32)),),
    candidates=(("192.0.2.7", 40000), ("2001:db8::7", 40000)),
    cname="server-cname",
)


def slot_ids(negotiation: Negotiation) -> dict[str, SlotIds]:
    return {
        slot.mid: SlotIds(1000 + n, 2000 + n, f"stream-{n}", f"track-{n}")
        for n, slot in enumerate(negotiation.slots)
    }


def answer_to(text: str, local: LocalParameters = LOCAL) -> str:
    offer = parse_offer(text)
    negotiation = negotiate(offer)
    return build_answer(offer, negotiation, local, slot_ids(negotiation))


def split(answer: str) -> tuple[list[str], list[list[str]]]:
    """The session's lines and those of each section."""
    session, *sections = answer.split("\r\nm=")
    return session.split("\r\n"), [("m=" + section).split("\r\n") for section in sections]


def sections(text: str) -> list[list[str]]:
    return split(answer_to(text))[1]


def only(lines: list[str], start: str) -> list[str]:
    return [line.removeprefix(start) for line in lines if line.startswith(start)]


# The whole


@pytest.mark.parametrize(
    "text",
    [*map(recorded, RECORDED), compose(class_pieces()), compose([audio(), video(port=0)])],
)
def test_aiortc_reads_the_answer(text: str) -> None:
    parsed = SessionDescription.parse(answer_to(text))
    offered = parse_offer(text)
    agreed = negotiate(offered)
    assert [media.rtp.muxId for media in parsed.media] == [s.mid for s in offered.sections]
    for media, section in zip(parsed.media, agreed.sections, strict=True):
        assert (media.port == 0) == section.rejected
        if section.rejected:
            continue
        assert media.ice
        assert media.ice.iceLite
        assert (media.ice.usernameFragment, media.ice.password) == (
            "serverUf",
            "serverPasswordOf24Chars0",
        )
        assert media.dtls
        assert media.dtls.role == "server"
        assert [c.port for c in media.ice_candidates] == [40000, 40000]
        assert {c.type for c in media.ice_candidates} == {"host"}
        assert media.ice_candidates_complete


def test_lines_end_with_carriage_return_and_line_feed() -> None:
    answer = answer_to(recorded("chromium-156-class-offer.sdp"))
    assert answer.endswith("\r\n")
    assert answer.count("\n") == answer.count("\r\n") == answer.count("\r")
    assert "\r\n\r\n" not in answer


def test_session_level() -> None:
    session, _ = split(answer_to(compose([audio(), video(port=0), video("recvonly")], version=7)))
    assert session == [
        "v=0",
        "o=- 4611731400430051336 7 IN IP4 0.0.0.0",
        "s=-",
        "t=0 0",
        "a=ice-lite",
        "a=group:BUNDLE 0 2",
        "a=extmap-allow-mixed",
        "a=msid-semantic: WMS *",
    ]


def test_mixed_extensions_are_answered_where_they_are_offered() -> None:
    session, media = split(answer_to(recorded("firefox-153-publish-offer.sdp")))
    assert "a=extmap-allow-mixed" not in session
    assert all("a=extmap-allow-mixed" in lines for lines in media)
    text = compose([audio()]).replace("a=extmap-allow-mixed\r\n", "")
    assert "extmap-allow-mixed" not in answer_to(text)


# Sections


def test_microphone_section() -> None:
    assert sections(compose([audio()]))[0][:-1] == [
        "m=audio 40000 UDP/TLS/RTP/SAVPF 111",
        "c=IN IP4 192.0.2.7",
        "a=mid:0",
        "a=ice-ufrag:serverUf",
        "a=ice-pwd:serverPasswordOf24Chars0",
        "a=fingerprint:sha-256 " + ":".join(["5E"] * 32),
        "a=setup:passive",
        "a=candidate:1 1 udp 2130706431 192.0.2.7 40000 typ host",
        "a=candidate:2 1 udp 2130706175 2001:db8::7 40000 typ host",
        "a=end-of-candidates",
        "a=recvonly",
        "a=rtcp-mux",
        "a=rtcp-rsize",
        "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level",
        "a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
        "a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
        "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid",
        "a=rtpmap:111 opus/48000/2",
        "a=rtcp-fb:111 transport-cc",
        "a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1",
    ]


def test_simulcast_section() -> None:
    lines = sections(recorded("chromium-156-publish-offer.sdp"))[1]
    assert lines[0] == "m=video 40000 UDP/TLS/RTP/SAVPF 96 97"
    assert only(lines, "a=rid:") == ["q recv", "h recv", "f recv"]
    assert only(lines, "a=simulcast:") == ["recv q;h;f"]
    assert only(lines, "a=rtpmap:") == ["96 VP8/90000", "97 rtx/90000"]
    assert only(lines, "a=fmtp:") == ["97 apt=96"]
    assert "a=recvonly" in lines
    assert not only(lines, "a=ssrc")


def test_firefox_extensions_are_answered_in_the_other_direction() -> None:
    lines = sections(recorded("firefox-153-publish-offer.sdp"))[1]
    assert only(lines, "a=extmap:") == [
        "3 urn:ietf:params:rtp-hdrext:sdes:mid",
        "4 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
        "7 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
        "9/recvonly urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
        "10/recvonly urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
    ]


def test_video_slot_names_its_streams() -> None:
    lines = sections(compose([video("recvonly", VP8)]))[0]
    assert "a=sendonly" in lines
    assert only(lines, "a=msid:") == ["stream-0 track-0"]
    assert only(lines, "a=ssrc-group:") == ["FID 1000 2000"]
    assert only(lines, "a=ssrc:") == ["1000 cname:server-cname", "2000 cname:server-cname"]
    assert "transport-cc" not in "".join(lines)


def test_slot_without_rtx_has_one_stream() -> None:
    lines = sections(compose([audio("recvonly")]))[0]
    assert not only(lines, "a=ssrc-group:")
    assert only(lines, "a=ssrc:") == ["1000 cname:server-cname"]


def test_each_slot_has_its_own_numbers() -> None:
    parsed = SessionDescription.parse(answer_to(recorded("chromium-156-class-offer.sdp")))
    ssrcs = [description.ssrc for media in parsed.media for description in media.ssrc]
    assert len(ssrcs) == len(set(ssrcs)) == 4 + 2 * 10


def test_sound_of_the_screen_and_of_slots_is_stereo() -> None:
    stereo = ["111 minptime=10;useinbandfec=1;usedtx=1;stereo=1;sprop-stereo=1"]
    answered = sections(compose([audio(), audio(), audio("recvonly"), audio("sendrecv")]))
    assert [only(lines, "a=fmtp:") == stereo for lines in answered] == [False, True, True, True]
    assert only(sections(compose([audio("sendrecv")]))[0], "a=fmtp:") != stereo


def test_h264_repeats_the_profile() -> None:
    lines = sections(compose([video("recvonly", h264(102, "4D001F"))]))[0]
    assert only(lines, "a=fmtp:") == [
        "102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=4d001f",
        "103 apt=102",
    ]


def test_sendrecv_section_has_both_sides() -> None:
    lines = sections(compose([video("sendrecv", rids=("q", "h"))]))[0]
    assert "a=sendrecv" in lines
    assert only(lines, "a=rid:") == ["q recv", "h recv"]
    assert only(lines, "a=msid:") == ["stream-0 track-0"]
    assert lines[0].endswith(" 96 97 108 109")


def test_inactive_section_stays_in_the_group() -> None:
    session, media = split(answer_to(compose([audio(), audio("inactive")])))
    assert "a=group:BUNDLE 0 1" in session
    assert "a=inactive" in media[1]
    assert not only(media[1], "a=msid") + only(media[1], "a=ssrc")


def test_rejected_sections_have_port_0_and_leave_the_group() -> None:
    text = compose([audio(), video("recvonly", VP9), video(port=0), application()])
    session, media = split(answer_to(text))
    assert "a=group:BUNDLE 0" in session
    assert media[1] == [
        "m=video 0 UDP/TLS/RTP/SAVPF 98 99",
        "c=IN IP4 0.0.0.0",
        "a=mid:1",
        "a=inactive",
    ]
    assert media[2][0] == "m=video 0 UDP/TLS/RTP/SAVPF 96 97 108 109"


def test_data_channel_is_rejected() -> None:
    """RFC 9429 section 5.3.1, RFC 8843 section 7.3.3."""
    session, media = split(answer_to(compose([application(), audio(), video("recvonly")])))
    assert "a=group:BUNDLE 1 2" in session
    assert media[0] == [
        "m=application 0 UDP/DTLS/SCTP webrtc-datachannel",
        "c=IN IP4 0.0.0.0",
        "a=mid:0",
        "a=inactive",
    ]
    assert [lines[0].split()[1] for lines in media[1:]] == ["40000", "40000"]


def test_default_address_is_the_first_candidate() -> None:
    text = compose([audio()])
    local = LocalParameters(LOCAL.credentials, LOCAL.fingerprints, (("2001:db8::7", 5),), "c")
    assert "m=audio 5 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP6 2001:db8::7\r\n" in answer_to(text, local)
    local.candidates = ()
    assert "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\n" in answer_to(text, local)


# Arbitrary offers


@settings(max_examples=tries(100))
@given(st.data())
def test_whatever_offer_is_accepted_the_answer_is_well_formed(data: st.DataObject) -> None:
    lines = recorded(data.draw(st.sampled_from(RECORDED))).split("\r\n")
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        if data.draw(st.booleans()):
            lines[at] = lines[at][: data.draw(st.integers(0, len(lines[at])))]
        else:
            end = data.draw(st.text("\n\r\t :;/=", min_size=1, max_size=3))
            lines[at] += end + data.draw(st.sampled_from(["a=ice-lite", "m=audio 9 X 1", "x"]))
    try:
        answer = answer_to("\r\n".join(lines))
    except PeerError:
        return
    session, media = split(answer)
    assert session.count("a=ice-lite") == 1
    assert all(lines.count("a=setup:passive") <= 1 for lines in media)
    assert answer.count("\r") == answer.count("\n") == answer.count("\r\n")
    SessionDescription.parse(answer)
