"""What of an offer is agreed to: sources, slots, codecs, feedback, header extensions."""

import pytest
from aiortc import RTCPeerConnection

from common.errors import PeerError
from sfu.negotiation.capabilities import (
    ABS_SEND_TIME,
    AUDIO_LEVEL,
    MAX_AGREEMENTS,
    MID,
    REPAIRED_RTP_STREAM_ID,
    RTP_STREAM_ID,
    TRANSPORT_CC,
    VIDEO_ORIENTATION,
    AgreementMemory,
    Negotiation,
    negotiate,
)
from sfu.negotiation.offer import SectionMemory, parse_offer
from tests.support.offers import (
    H264,
    OPUS,
    RECORDED,
    VP8,
    VP9,
    Piece,
    application,
    audio,
    class_pieces,
    compose,
    h264,
    recorded,
    video,
)


def negotiated(*pieces: Piece) -> Negotiation:
    return negotiate(parse_offer(compose(pieces)))


def assert_unsupported(text: str, reason: str) -> None:
    with pytest.raises(PeerError, match=reason) as caught:
        negotiate(parse_offer(text))
    assert caught.value.code == "unsupported_sdp"


# Sources and slots


@pytest.mark.parametrize(
    "text", [compose(class_pieces()), recorded("chromium-156-class-offer.sdp")]
)
def test_class_offer(text: str) -> None:
    result = negotiate(parse_offer(text))
    assert [(p.mid, p.source) for p in result.published] == [
        ("0", "microphone"),
        ("1", "camera"),
        ("2", "screen"),
        ("3", "screen-audio"),
    ]
    assert [slot.mid for slot in result.slots if slot.kind == "audio"] == ["4", "5", "6", "7"]
    assert [s.mid for s in result.slots if s.kind == "video"] == [str(n) for n in range(8, 18)]
    assert [s.mid for s in result.sections if s.rejected] == ["18"]
    assert [p.rids for p in result.published] == [(), ("q", "h", "f"), (), ()]


def test_screen_names_its_source_and_repair() -> None:
    screen = negotiated(*class_pieces()).published[2]
    assert screen.ssrcs == ((3001, 3002),)


def test_offer_again_with_more_slots_keeps_the_sources() -> None:
    result = negotiated(*class_pieces(), *(video("recvonly") for _ in range(15)))
    assert [p.mid for p in result.published] == ["0", "1", "2", "3"]
    assert len(result.slots) == 14 + 15


def test_sendrecv_section_publishes_and_receives() -> None:
    result = negotiated(video("sendrecv"))
    assert [p.source for p in result.published] == ["camera"]
    assert [slot.mid for slot in result.slots] == ["0"]
    assert result.sections[0].direction == "sendrecv"


def test_answer_directions() -> None:
    result = negotiated(audio(), video("recvonly"), audio("inactive"), video("sendrecv"))
    assert [section.direction for section in result.sections] == [
        "recvonly",
        "sendonly",
        "inactive",
        "sendrecv",
    ]
    assert not any(section.rejected for section in result.sections)


def test_third_sending_section_of_a_kind_is_not_taken() -> None:
    result = negotiated(audio(), audio(), audio(), audio("sendrecv"))
    assert [p.mid for p in result.published] == ["0", "1"]
    assert [section.direction for section in result.sections[2:]] == ["inactive", "sendonly"]
    assert [slot.mid for slot in result.slots] == ["3"]


def test_sending_section_with_unknown_codecs_keeps_its_source_from_the_next() -> None:
    result = negotiated(video("sendonly", VP9), video())
    assert result.sections[0].rejected
    assert [(p.mid, p.source) for p in result.published] == [("1", "screen")]


# Rejected sections


def test_section_of_port_0_is_rejected() -> None:
    result = negotiated(audio(), video(port=0))
    assert [section.rejected for section in result.sections] == [False, True]
    assert [p.source for p in result.published] == ["microphone"]


def test_section_outside_the_group_is_rejected() -> None:
    outside = video()
    outside.bundled = False
    assert negotiated(audio(), outside).sections[1].rejected


@pytest.mark.parametrize(
    "piece",
    [
        video("recvonly", VP9),
        video("recvonly", h264(98, mode=0)),
        video("recvonly", h264(98, profile="xyz")),
        video("recvonly", ("a=rtpmap:96 VP8/1000",)),
        audio("recvonly", ("a=rtpmap:8 PCMA/8000",)),
        audio("recvonly", ("a=rtpmap:111 opus/48000",)),
        audio("recvonly", VP8),
        video("recvonly", OPUS),
        Piece("text", codecs=(OPUS,)),
    ],
)
def test_section_with_nothing_supported_is_rejected_alone(piece: Piece) -> None:
    result = negotiated(piece, audio())
    assert [section.rejected for section in result.sections] == [True, False]
    assert not result.slots


def test_media_without_encryption_is_rejected() -> None:
    text = compose([audio(), audio()]).replace("UDP/TLS/RTP/SAVPF", "RTP/AVP", 1)
    assert [s.rejected for s in negotiate(parse_offer(text)).sections] == [True, False]


def test_data_channel_is_rejected_alone() -> None:
    result = negotiated(audio(), application(), video("recvonly"))
    assert [section.rejected for section in result.sections] == [False, True, False]
    assert [slot.mid for slot in result.slots] == ["2"]


def test_offer_of_a_data_channel_alone_can_not_be_used() -> None:
    with pytest.raises(PeerError, match="no section"):
        negotiated(application())


# Nothing can be done


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("a=group:BUNDLE 0\r\n", "", "BUNDLE"),
        ("a=ice-pwd", "a=x-pwd", "ICE"),
        ("a=ice-ufrag", "a=x-ufrag", "ICE"),
        ("a=fingerprint:sha-256", "a=fingerprint:sha-1", "sha-256"),
        ("a=fingerprint", "a=x-fingerprint", "fingerprint"),
        ("a=setup:actpass", "a=setup:passive", "DTLS client"),
        ("a=setup:actpass\r\n", "", "DTLS client"),
        ("a=rtcp-mux\r\n", "", "rtcp-mux"),
        ("m=audio 9", "m=audio 0", "no section"),
        ("BUNDLE 0", "BUNDLE 1", "no section"),
    ],
)
def test_offers_that_leave_nothing_are_refused(old: str, new: str, reason: str) -> None:
    text = compose([audio()])
    assert old in text
    assert_unsupported(text.replace(old, new), reason)


def test_client_may_insist_on_being_the_dtls_client() -> None:
    text = compose([audio()]).replace("a=setup:actpass", "a=setup:active")
    assert negotiate(parse_offer(text)).published


def test_digests_that_can_not_be_checked_are_left_out() -> None:
    one = f"a=fingerprint:sha-1 {':'.join(['AA'] * 20)}\r\n"
    text = compose([audio()]).replace("a=setup", one + "a=setup")
    assert [algorithm for algorithm, _ in negotiate(parse_offer(text)).fingerprints] == ["sha-256"]


# Codecs


def codecs(piece: Piece) -> list[tuple[str, int, int | None]]:
    agreed = negotiated(piece).sections[0]
    return [(codec.name, codec.payload_type, codec.rtx_payload_type) for codec in agreed.codecs]


def test_publisher_gets_its_first_supported_codec() -> None:
    assert codecs(video("sendonly", VP9, VP8, H264)) == [("VP8", 96, 97)]
    assert codecs(video("sendonly", H264, VP8)) == [("H264", 108, 109)]


def test_slot_gets_every_supported_codec_in_the_order_of_the_offer() -> None:
    assert codecs(video("recvonly", VP9, H264, VP8)) == [("H264", 108, 109), ("VP8", 96, 97)]


def test_h264_only_peer() -> None:
    result = negotiated(video("sendonly", H264), video("recvonly", H264))
    assert result.published[0].codecs[0].name == "H264"
    assert [codec.name for codec in result.slots[0].codecs] == ["H264"]


def test_constrained_baseline_is_preferred() -> None:
    offered = (h264(102, "64001f"), h264(104, "42001f"), h264(106, "42E01F"), h264(108, "42e01f"))
    assert codecs(video("recvonly", *offered)) == [("H264", 106, 107)]
    assert codecs(video("recvonly", *offered[:2])) == [("H264", 104, 105)]
    assert codecs(video("recvonly", *offered[:1])) == [("H264", 102, 103)]


def test_chromium_s_h264_choice_of_the_recorded_offer() -> None:
    slot = negotiate(parse_offer(recorded("chromium-156-class-offer.sdp"))).slots[-1]
    assert [(c.name, c.payload_type) for c in slot.codecs] == [("VP8", 96), ("H264", 108)]


def test_codec_without_rtx_is_taken_without() -> None:
    assert codecs(video("recvonly", ("a=rtpmap:96 VP8/90000",))) == [("VP8", 96, None)]


# Feedback


def test_publisher_gets_transport_feedback_and_slots_do_not() -> None:
    result = negotiated(video("sendonly", VP8), video("recvonly", VP8), audio(), audio("recvonly"))
    sending, receiving, speaking, hearing = (s.codecs[0].feedback for s in result.sections)
    assert sending == ("goog-remb", "transport-cc", "ccm fir", "nack", "nack pli")
    assert receiving == ("goog-remb", "ccm fir", "nack", "nack pli")
    assert speaking == ("transport-cc",)
    assert hearing == ()


def test_only_offered_feedback_is_agreed() -> None:
    piece = video("sendonly", ("a=rtpmap:96 VP8/90000", "a=rtcp-fb:96 nack", "a=rtcp-fb:96 x y"))
    assert negotiated(piece).published[0].codecs[0].feedback == ("nack",)


# Header extensions


def test_extensions_of_publishers_and_slots() -> None:
    result = negotiated(*class_pieces(1, 1))
    microphone, camera, *_ = result.published
    assert microphone.extensions == {AUDIO_LEVEL: 1, ABS_SEND_TIME: 2, TRANSPORT_CC: 3, MID: 4}
    assert camera.extensions == {
        ABS_SEND_TIME: 2,
        TRANSPORT_CC: 3,
        MID: 4,
        RTP_STREAM_ID: 10,
        REPAIRED_RTP_STREAM_ID: 11,
        VIDEO_ORIENTATION: 13,
    }
    hearing, seeing = result.slots
    assert hearing.extensions == {AUDIO_LEVEL: 1, ABS_SEND_TIME: 2, MID: 4}
    assert seeing.extensions == {ABS_SEND_TIME: 2, MID: 4, VIDEO_ORIENTATION: 13}


def test_extension_of_one_direction_is_not_used_the_other_way() -> None:
    text = compose([audio("sendrecv")])
    text = text.replace("a=extmap:1 ", "a=extmap:1/sendonly ")
    text = text.replace("a=extmap:2 ", "a=extmap:2/recvonly ")
    text = text.replace("a=extmap:4 ", "a=extmap:4/inactive ")
    result = negotiate(parse_offer(text))
    assert result.published[0].extensions == {AUDIO_LEVEL: 1, TRANSPORT_CC: 3}
    assert result.slots[0].extensions == {ABS_SEND_TIME: 2}
    assert [extension.id for extension in result.sections[0].extensions] == [1, 2, 3]


def test_extension_offered_twice_is_used_once() -> None:
    again = audio()
    again.extra = (f"a=extmap:20 {AUDIO_LEVEL}",)
    result = negotiated(again)
    assert result.published[0].extensions[AUDIO_LEVEL] == 1
    assert [e.id for e in result.sections[0].extensions if e.uri == AUDIO_LEVEL] == [1]


def test_firefox_layers_are_found_by_their_sendonly_extension() -> None:
    camera = negotiate(parse_offer(recorded("firefox-153-publish-offer.sdp"))).published[1]
    assert camera.rids == ("q", "h", "f")
    assert (camera.extensions[RTP_STREAM_ID], camera.extensions[REPAIRED_RTP_STREAM_ID]) == (9, 10)
    assert [codec.name for codec in camera.codecs] == ["VP8"]


def test_layers_without_their_extension_are_none() -> None:
    text = compose([video(rids=("q", "h"))]).replace(RTP_STREAM_ID, "urn:else")
    result = negotiate(parse_offer(text))
    assert result.published[0].rids == ()
    assert result.sections[0].rids == ()


async def test_aiortc_s_own_offer() -> None:
    peer = RTCPeerConnection()
    peer.addTransceiver("audio", direction="sendrecv")
    peer.addTransceiver("video", direction="sendonly")
    peer.addTransceiver("video", direction="recvonly")
    peer.createDataChannel("class")
    await peer.setLocalDescription(await peer.createOffer())
    result = negotiate(parse_offer(peer.localDescription.sdp))
    await peer.close()
    assert [p.source for p in result.published] == ["microphone", "camera"]
    assert [slot.kind for slot in result.slots] == ["audio", "video"]
    assert [section.rejected for section in result.sections] == [False, False, False, True]


# The memory of agreements


@pytest.mark.parametrize("name", RECORDED)
def test_a_known_offer_is_agreed_to_alike_and_shares_its_codecs(name: str) -> None:
    sections, agreements = SectionMemory(), AgreementMemory()
    plain = negotiate(parse_offer(recorded(name)))
    first = negotiate(parse_offer(recorded(name), sections), agreements)
    second = negotiate(parse_offer(recorded(name), sections), agreements)
    assert first == second == plain
    for one, other in zip(first.sections, second.sections, strict=True):
        assert one.codecs is other.codecs


def test_sections_of_one_shape_differ_by_whether_they_publish() -> None:
    sections, agreements = SectionMemory(), AgreementMemory()
    pieces = [video(), video(), video()]  # two sources; the third has none left
    for _ in range(2):
        found = negotiate(parse_offer(compose(pieces), sections), agreements)
        assert [s.source for s in found.sections] == ["camera", "screen", None]
        assert [s.direction for s in found.sections] == ["recvonly", "recvonly", "inactive"]
        assert found == negotiate(parse_offer(compose(pieces)))


def test_the_memory_of_agreements_is_bounded() -> None:
    sections, agreements = SectionMemory(), AgreementMemory()
    for number in range(MAX_AGREEMENTS + 10):
        piece = Piece("audio", codecs=(OPUS,), extra=(f"a=x:{number}",))
        negotiate(parse_offer(compose([piece]), sections), agreements)
    assert len(agreements) <= MAX_AGREEMENTS
