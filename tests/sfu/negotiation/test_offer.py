"""Reading whole offers: recorded ones, every limit with the line it names, arbitrary text."""

import pytest
from aiortc import RTCPeerConnection
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import PeerError
from sfu.negotiation.offer import MAX_SECTIONS, MAX_SHAPES, Offer, SectionMemory, parse_offer
from sfu.negotiation.section import SECTION_READERS, TRANSPORT_READERS
from tests.support.offers import (
    OPUS,
    RECORDED,
    Piece,
    application,
    audio,
    class_pieces,
    compose,
    recorded,
    video,
)
from tests.support.thorough import tries


def assert_refused(text: str, line: str, reason: str) -> None:
    with pytest.raises(PeerError) as caught:
        parse_offer(text)
    assert caught.value.code == "bad_sdp"
    assert caught.value.message.startswith(line + ": "), caught.value.message
    assert reason in caught.value.message


def replaced(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new, 1)


MINIMAL = compose([audio()])
MEMORY = SectionMemory()
for known in (*map(recorded, RECORDED), compose(class_pieces())):
    parse_offer(known, MEMORY)


# Recorded offers


def test_chromium_publish_offer() -> None:
    offer = parse_offer(recorded("chromium-156-publish-offer.sdp"))
    assert offer.bundle == ("0", "1")
    assert (offer.ice_ufrag, offer.ice_pwd) == ("7sxC", "iI88QrN2SXIaeWBVf5h1djMf")
    assert [algorithm for algorithm, _ in offer.fingerprints] == ["sha-256"]
    assert offer.fingerprints[0][1].startswith("7A:D9:32:E6")
    assert offer.setup == "actpass"
    assert (offer.session_id, offer.session_version) == ("7345576667060943111", "2")
    assert offer.extmap_allow_mixed
    assert [(s.mid, s.kind, s.direction) for s in offer.sections] == [
        ("0", "audio", "sendonly"),
        ("1", "video", "sendonly"),
    ]


def test_chromium_class_offer_has_all_sections() -> None:
    offer = parse_offer(recorded("chromium-156-class-offer.sdp"))
    kinds = [(section.kind, section.direction) for section in offer.sections]
    assert [kind for kind, _ in kinds[:4]] == ["audio", "video", "video", "audio"]
    assert {direction for _, direction in kinds[:4]} == {"sendonly"}
    assert kinds[4:8] == [("audio", "recvonly")] * 4
    assert kinds[8:18] == [("video", "recvonly")] * 10
    assert offer.sections[18].kind == "application"


def test_firefox_writes_fingerprint_once_for_the_session() -> None:
    offer = parse_offer(recorded("firefox-153-publish-offer.sdp"))
    assert len(offer.fingerprints) == 1
    assert offer.fingerprints[0][1].startswith("2E:5D:BC:4C")
    assert (offer.ice_ufrag, offer.setup) == ("b23daf41", "actpass")


def test_firefox_bundle_only_section_with_port_0_is_not_rejected() -> None:
    offer = parse_offer(recorded("firefox-153-publish-offer.sdp"))
    assert not offer.sections[1].rejected


async def test_aiortc_offer() -> None:
    peer = RTCPeerConnection()
    peer.addTransceiver("audio", direction="sendrecv")
    peer.addTransceiver("video", direction="recvonly")
    peer.createDataChannel("class")
    await peer.setLocalDescription(await peer.createOffer())
    offer = parse_offer(peer.localDescription.sdp)
    await peer.close()
    assert [(s.kind, s.direction) for s in offer.sections[:2]] == [
        ("audio", "sendrecv"),
        ("video", "recvonly"),
    ]
    assert offer.sections[2].kind == "application"
    assert "sha-256" in dict(offer.fingerprints)


# Levels and groups


def test_section_values_come_before_those_of_the_session() -> None:
    text = replaced(MINIMAL, "t=0 0\r\n", "t=0 0\r\na=setup:active\r\na=ice-ufrag:session\r\n")
    offer = parse_offer(text)
    assert (offer.setup, offer.ice_ufrag) == ("actpass", "uFrg")


def test_transport_is_that_of_the_first_bundled_section_in_use() -> None:
    text = compose([audio(), video()])
    text = replaced(text, "m=audio 9", "m=audio 0")
    text = replaced(text, "a=ice-ufrag:uFrg", "a=ice-ufrag:gone")
    assert parse_offer(text).ice_ufrag == "uFrg"


def test_session_direction_is_the_default_of_sections() -> None:
    text = replaced(MINIMAL, "t=0 0\r\n", "t=0 0\r\na=recvonly\r\n")
    text = replaced(text, "a=sendonly\r\n", "")
    assert parse_offer(text).sections[0].direction == "recvonly"


def test_section_without_direction_is_sendrecv() -> None:
    assert parse_offer(replaced(MINIMAL, "a=sendonly\r\n", "")).sections[0].direction == "sendrecv"


def test_only_the_first_bundle_group_counts() -> None:
    text = replaced(MINIMAL, "t=0 0\r\n", "t=0 0\r\na=group:LS 0\r\n")
    text = replaced(text, "a=msid-semantic", "a=group:BUNDLE 7\r\na=msid-semantic")
    assert parse_offer(text).bundle == ("0",)


def test_missing_group_and_credentials_are_left_to_the_negotiation() -> None:
    lines = [x for x in MINIMAL.split("\r\n") if not x.startswith(("a=group", "a=ice", "a=fing"))]
    offer = parse_offer("\r\n".join(lines))
    assert (offer.bundle, offer.ice_ufrag, offer.ice_pwd, offer.fingerprints) == ((), "", "", ())


def test_bare_line_feeds_and_blank_lines_are_read_too() -> None:
    assert parse_offer(MINIMAL.replace("\r\n", "\n") + "\n\n") == parse_offer(MINIMAL)


def test_unknown_lines_and_attributes_are_passed_over() -> None:
    text = replaced(MINIMAL, "t=0 0\r\n", "t=0 0\r\nb=AS:1\r\na=unheard:of\r\n")
    assert parse_offer(text + "k=clear:x\r\na=new-thing\r\n") == parse_offer(MINIMAL)


# Refusals name the line


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", "line 1 (end)", "o= line"),
        ("v=1\r\n", "line 1 (v=)", "begins with v=0"),
        ("\r\no=- 1 1 IN IP4 0\r\n", "line 2 (v=)", "begins with v=0"),
        ("v=0\r\nhello\r\n", "line 2 (?)", "type=value"),
        ("v=0\r\no=- x 1 IN IP4 0\r\n", "line 2 (o=)", "origin"),
        ("v=0\r\no=- 1 1 IN IP4 0\r\ns=-\r\n", "line 4 (end)", "no m= line"),
        ("v=0\r\ns=-\r\nm=audio 9 X 0\r\na=mid:0\r\n", "line 5 (end)", "no o= line"),
    ],
)
def test_frame_of_the_text(text: str, line: str, reason: str) -> None:
    assert_refused(text, line, reason)


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("m=audio 9 UDP", "m=audio UDP", "line 8 (m=)", "media description"),
        ("m=audio 9 UDP", "m=audio 65536 UDP", "line 8 (m=)", "0 to 65535"),
        ("SAVPF 111", "SAVPF 128", "line 8 (m=)", "0 to 127"),
        ("SAVPF 111", "SAVPF " + " ".join(["0"] * 129), "line 8 (m=)", "128 formats"),
        ("a=mid:0\r\n", "", "line 8 (m=)", "no a=mid"),
        ("a=ice-ufrag:uFrg", "a=ice-ufrag:u", "line 10 (a=ice-ufrag)", "ICE characters"),
        ("a=ice-pwd:client", "a=ice-pwd:é", "line 11 (a=ice-pwd)", "ICE characters"),
        ("a=setup:actpass", "a=setup:both", "line 14 (a=setup)", "role"),
        ("BUNDLE 0", f"BUNDLE {'9' * 33}", "line 5 (a=group)", "token"),
        ("BUNDLE 0", "BUNDLE" + " 0" * 65, "line 5 (a=group)", "64 sections"),
    ],
)
def test_faults_name_their_line(old: str, new: str, line: str, reason: str) -> None:
    assert_refused(replaced(MINIMAL, old, new), line, reason)


def test_refusal_does_not_repeat_a_secret() -> None:
    with pytest.raises(PeerError) as caught:
        parse_offer(replaced(MINIMAL, "a=ice-pwd:", "a=ice-pwd:short\r\na=ice-pwd:"))
    assert "short" not in caught.value.message


def test_too_many_sections() -> None:
    text = compose([video("recvonly")] * MAX_SECTIONS)
    assert len(parse_offer(text).sections) == MAX_SECTIONS
    more = text + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:more\r\n"
    assert_refused(more, f"line {text.count(chr(10)) + 1} (m=)", "64 sections")


def test_mid_used_twice() -> None:
    text = replaced(compose([audio(), audio()]), "a=mid:1", "a=mid:0")
    second = text.split("\r\n").index("m=audio 9 UDP/TLS/RTP/SAVPF 111", 8) + 1
    assert_refused(text, f"line {second} (m=)", "used twice")


# Arbitrary input

ATTRIBUTES = st.sampled_from(
    [*SECTION_READERS, *TRANSPORT_READERS, "group", "candidate", "sendonly", "rtcp"]
)
VALUES = st.one_of(
    st.text(max_size=40),
    st.from_regex(r"\A[0-9]{1,11}[ /:;][a-zA-Z0-9 ;=~,/*]{0,20}\Z"),
    st.sampled_from(["send q;h", "send ", "FID 1", "BUNDLE", "1 a/0", "9/sendonly x", "* nack"]),
)
LINES = st.one_of(
    st.builds("a={}:{}".format, ATTRIBUTES, VALUES),
    st.builds("m={}".format, VALUES),
    st.builds("{}={}".format, st.characters(), VALUES),
    st.text(max_size=20),
)


def outcome(text: str, memory: SectionMemory | None = None) -> Offer | str:
    try:
        return parse_offer(text, memory)
    except PeerError as error:
        assert error.code == "bad_sdp"  # noqa: PT017
        return error.message


def parse_or_refuse(text: str) -> None:
    """A memory that knows what the text was made from changes neither result nor message."""
    assert outcome(text, MEMORY) == outcome(text)


@given(st.text())
def test_arbitrary_text_is_read_or_refused(text: str) -> None:
    parse_or_refuse(text)


@given(st.lists(LINES, max_size=8), st.integers(1, 40))
def test_arbitrary_lines_are_read_or_refused(lines: list[str], at: int) -> None:
    text = compose([video(rids=("q", "h")), application()]).split("\r\n")
    parse_or_refuse("\r\n".join([*text[:at], *lines, *text[at:]]))


@settings(max_examples=tries(150))
@given(st.data())
def test_mutated_recordings_are_read_or_refused(data: st.DataObject) -> None:
    lines = recorded(data.draw(st.sampled_from(RECORDED))).split("\r\n")
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        match data.draw(st.sampled_from(["drop", "double", "cut", "swap"])):
            case "drop":
                lines[at : at + 1] = []
            case "double":
                lines.insert(at, lines[at])
            case "cut":
                lines[at] = lines[at][: data.draw(st.integers(0, len(lines[at])))]
            case "swap":
                other = data.draw(st.integers(0, len(lines) - 1))
                lines[at], lines[other] = lines[other], lines[at]
    parse_or_refuse("\r\n".join(lines))


@given(st.integers(0, len(recorded(RECORDED[0]))))
def test_truncated_recording_is_read_or_refused(length: int) -> None:
    parse_or_refuse(recorded(RECORDED[0])[:length])


def test_composed_class_offer_has_the_shape_of_the_recorded_one() -> None:
    ours = parse_offer(compose(class_pieces()))
    theirs = parse_offer(recorded("chromium-156-class-offer.sdp"))
    assert [(s.mid, s.kind, s.direction, s.rids) for s in ours.sections] == [
        (s.mid, s.kind, s.direction, s.rids) for s in theirs.sections
    ]


# The memory of sections


@pytest.mark.parametrize("name", RECORDED)
def test_a_known_browsers_offer_is_read_alike_and_shares_what_it_has_in_common(name: str) -> None:
    memory = SectionMemory()
    first, second = parse_offer(recorded(name), memory), parse_offer(recorded(name), memory)
    assert first == second == parse_offer(recorded(name))
    for one, other in zip(first.sections, second.sections, strict=True):
        assert one.codecs is other.codecs
        assert one.shape is not None
        assert one.shape is other.shape


def test_sections_of_one_kind_keep_what_is_their_own() -> None:
    memory = SectionMemory()
    pieces = [video(ssrcs=((number, number + 1),)) for number in (10, 20)]
    parse_offer(compose(pieces[:1]), memory)
    offer = parse_offer(compose(pieces, ufrag="other", pwd="x" * 24), memory)
    assert [(s.mid, s.ssrcs) for s in offer.sections] == [("0", ((10, 11),)), ("1", ((20, 21),))]
    assert (offer.ice_ufrag, offer.ice_pwd) == ("other", "x" * 24)
    assert offer.sections[0].shape is offer.sections[1].shape


def test_a_direction_of_the_session_is_part_of_the_shape() -> None:
    memory = SectionMemory()
    text = MINIMAL.replace("a=sendonly\r\n", "")
    inactive = replaced(text, "t=0 0\r\n", "t=0 0\r\na=inactive\r\n")
    found = [parse_offer(one, memory).sections[0].direction for one in (text, inactive, text)]
    assert found == ["sendrecv", "inactive", "sendrecv"]


def test_a_fault_in_a_known_section_names_its_line() -> None:
    broken = replaced(recorded(RECORDED[0]), "a=setup:actpass", "a=setup:maybe")
    assert outcome(broken, MEMORY) == outcome(broken)
    assert "a=setup" in str(outcome(broken))


def test_the_memory_is_bounded_and_keeps_what_is_used() -> None:
    memory = SectionMemory()
    parse_offer(MINIMAL, memory)
    for number in range(MAX_SHAPES * 2):
        parse_offer(compose([Piece("audio", codecs=(OPUS,), extra=(f"a=x:{number}",))]), memory)
        parse_offer(MINIMAL, memory)
    assert len(memory) == MAX_SHAPES
    known = parse_offer(MINIMAL, memory).sections[0].shape
    assert known is parse_offer(MINIMAL, memory).sections[0].shape


def test_a_huge_section_is_read_and_not_remembered() -> None:
    memory = SectionMemory()
    more = ("a=x:" + "y" * 900 for _ in range(20))
    offer = parse_offer(compose([audio("sendonly", (*OPUS, *more))]), memory)
    assert offer.sections[0].codecs
    assert len(memory) == 0


def test_an_origin_in_a_section_counts_for_nothing_known_or_not() -> None:
    """Found by fuzzing: the second time it was answered as another session."""
    text = replaced(MINIMAL, "a=sendonly\r\n", "o=- 666 2 IN IP4 127.0.0.1\r\na=sendonly\r\n")
    memory = SectionMemory()
    assert outcome(text, memory) == outcome(text, memory) == outcome(text)
    assert outcome(text) == outcome(MINIMAL)
