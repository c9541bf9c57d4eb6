"""SRTCP against libsrtp as the oracle, in both directions and both profiles."""

import struct
from collections.abc import Callable

import pylibsrtp
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pylibsrtp import Policy, Session

from sfu.srtp import rtcp as srtcp
from sfu.srtp.keys import SALT_LENGTHS, SrtpError, SrtpProfile
from sfu.srtp.rtcp import REPLAY_WINDOW, GcmReceiver, GcmSender, protector, unprotector
from tests.support.thorough import tries

SSRC = 0xDECAF001
GCM, CM = SrtpProfile.AEAD_AES_128_GCM, SrtpProfile.AES128_CM_SHA1_80
LIBSRTP = {
    GCM: Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
    CM: Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
}
REASONS = {
    "replay check failed (bad index)": "replayed",
    "replay check failed (index too old)": "too_old",
    "authentication failure": "unauthentic",
    "bad parameter": "malformed",
}
profiles = pytest.mark.parametrize("profile", [GCM, CM])


def master(profile: SrtpProfile) -> bytes:
    return bytes(range(16 + SALT_LENGTHS[profile]))


def libsrtp(profile: SrtpProfile, kind: int) -> Session:
    return Session(Policy(master(profile), kind, 0, LIBSRTP[profile]))


def libsrtp_sender(profile: SrtpProfile = GCM) -> Session:
    return libsrtp(profile, Policy.SSRC_ANY_OUTBOUND)


def libsrtp_receiver(profile: SrtpProfile = GCM) -> Session:
    return libsrtp(profile, Policy.SSRC_ANY_INBOUND)


def report(ssrc: int = SSRC, content: bytes = b"") -> bytes:
    return struct.pack(">BBHI", 0x80, 201, 1 + len(content) // 4, ssrc) + content


def receiver() -> GcmReceiver:
    return GcmReceiver(*srtcp._session_keys(GCM, master(GCM)))


def sender(index: int = 0) -> GcmSender:
    made = GcmSender(*srtcp._session_keys(GCM, master(GCM)))
    made._index = index
    return made


def verdict(open_: Callable[[bytes], bytes], data: bytes) -> str:
    """What became of a packet: ours by its reason, libsrtp's by its words."""
    try:
        open_(data)
    except SrtpError as error:
        return error.reason
    except pylibsrtp.Error as error:
        return REASONS[str(error)]
    return "opened"


@profiles
@given(content=st.binary(max_size=1_300), ssrc=st.integers(0, 2**32 - 1))
@settings(max_examples=tries(40), deadline=None)
def test_libsrtp_opens_what_we_protect_and_we_what_it_protects(
    profile: SrtpProfile, content: bytes, ssrc: int
) -> None:
    ours = protector(profile, master(profile)), unprotector(profile, master(profile))
    theirs = libsrtp_sender(profile), libsrtp_receiver(profile)
    for packet in (report(ssrc, content), report(ssrc), report(ssrc ^ 1, content)):
        assert theirs[1].unprotect_rtcp(ours[0](packet)) == packet
        assert ours[1](theirs[0].protect_rtcp(packet)) == packet


def test_ciphertext_tag_and_word_are_where_libsrtp_has_them() -> None:
    theirs, ours = libsrtp_sender(), sender()
    first = theirs.protect_rtcp(report(content=b"content!"))
    ours._index = int.from_bytes(first[-4:], "big") & 0x7FFFFFFF
    assert ours.protect(report(content=b"content!")) == first


def test_vector_of_rfc_7714_17_1() -> None:
    """The SRTCP packet that is encrypted and authenticated with AES-128."""
    cipher = AESGCM(bytes.fromhex("000102030405060708090a0b0c0d0e0f"))
    salt = int.from_bytes(bytes.fromhex("517569642070726f2071756f"), "big")
    plain = bytes.fromhex(
        "81c8000d4d6172734e5450314e545032525450200000042a0000e930"
        "4c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef"
    )
    made = GcmSender(cipher, salt)
    made._index = 0x5D4
    packet = made.protect(plain)
    assert packet[:8] == plain[:8]
    assert packet[-4:].hex() == "800005d4"
    nonce = srtcp._nonce_base(salt, plain[4:8]) ^ 0x5D4
    assert nonce.to_bytes(12, "big").hex() == "517524055203726f207170bb"
    assert packet[8:-4].hex() == (
        "63e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda"
        "4ce09b4686303ded0bb9275bc84aa45896cf4d2fc5abf87245d9eade"
    )
    assert GcmReceiver(cipher, salt).unprotect(packet) == plain


def test_one_line_of_indices_for_all_senders_and_an_end_to_it() -> None:
    ours = sender(index=2**31 - 2)
    words = [ours.protect(report(ssrc))[-4:] for ssrc in (1, 2)]
    assert words == [b"\xff\xff\xff\xfe", b"\xff\xff\xff\xff"]
    with pytest.raises(SrtpError, match="used_up"):
        ours.protect(report())


@profiles
def test_less_than_a_header_is_not_protected(profile: SrtpProfile) -> None:
    with pytest.raises(SrtpError, match="malformed"):
        protector(profile, master(profile))(report()[:7])


@profiles
def test_a_change_of_any_byte_is_found_and_leaves_no_trace(profile: SrtpProfile) -> None:
    ours = unprotector(profile, master(profile))
    packet = libsrtp_sender(profile).protect_rtcp(report(content=bytes(range(24))))
    for position in range(len(packet)):
        changed = bytearray(packet)
        changed[position] ^= 0x40
        assert verdict(ours, bytes(changed)) == "unauthentic", position
    assert verdict(ours, packet) == "opened"
    assert verdict(ours, packet) == "replayed"


def test_a_packet_that_is_cut_short_is_refused() -> None:
    ours, packet = receiver(), libsrtp_sender().protect_rtcp(report(content=bytes(16)))
    for length in range(len(packet)):
        assert verdict(ours.unprotect, packet[:length]) in ("malformed", "unauthentic")
        if length < 28:
            assert verdict(ours.unprotect, packet[:length]) == "malformed"
    assert not ours._senders
    assert verdict(ours.unprotect, packet) == "opened"


def test_what_is_authentic_but_not_encrypted_is_refused() -> None:
    ours, content = receiver(), report(content=b"in clear")
    word = (7).to_bytes(4, "big")
    cipher, salt = srtcp._session_keys(GCM, master(GCM))
    nonce = (srtcp._nonce_base(salt, content[4:8]) ^ 7).to_bytes(12, "big")
    tag = cipher.encrypt(nonce, b"", content + word)
    assert verdict(ours.unprotect, content + tag + word) == "malformed"


def test_a_replay_is_refused_before_decryption() -> None:
    ours, packet = receiver(), sender().protect(report())
    ours.unprotect(packet)
    assert verdict(ours.unprotect, packet[:-5] + b"x" + packet[-4:]) == "replayed"


def test_each_packet_of_the_window_opens_once() -> None:
    ours, theirs = receiver(), sender()
    packets = [theirs.protect(report()) for _ in range(REPLAY_WINDOW + 1)]
    for packet in (packets[-1], *packets[1:-1]):
        assert verdict(ours.unprotect, packet) == "opened"
    assert [verdict(ours.unprotect, one) for one in packets] == ["too_old"] + (
        ["replayed"] * REPLAY_WINDOW
    )


def test_senders_have_windows_of_their_own() -> None:
    ours = receiver()
    assert verdict(ours.unprotect, sender(index=5_000).protect(report(1))) == "opened"
    assert verdict(ours.unprotect, sender(index=5).protect(report(2))) == "opened"
    assert verdict(ours.unprotect, sender(index=5).protect(report(1))) == "too_old"


@given(indices=st.lists(st.integers(0, 400) | st.sampled_from([2**31 - 1, 2**30]), max_size=60))
@settings(max_examples=tries(80), deadline=None)
def test_verdicts_agree_with_libsrtp(indices: list[int]) -> None:
    ours, theirs = receiver(), libsrtp_receiver()
    for index in indices:
        packet = sender(index=index).protect(report())
        assert verdict(ours.unprotect, packet) == verdict(theirs.unprotect_rtcp, packet)


@profiles
def test_senders_are_bounded(profile: SrtpProfile) -> None:
    ours, theirs = unprotector(profile, master(profile)), libsrtp_sender(profile)
    for ssrc in range(srtcp.MAX_RTCP_STREAMS):
        ours(theirs.protect_rtcp(report(ssrc)))
    with pytest.raises(SrtpError, match="too_many_streams"):
        ours(theirs.protect_rtcp(report(5_000)))
    ours(theirs.protect_rtcp(report(0)))


def test_forged_senders_take_no_room() -> None:
    ours = receiver()
    for ssrc in range(3):
        assert verdict(ours.unprotect, report(ssrc) + bytes(16) + b"\x80\0\0\1") == "unauthentic"
    assert not ours._senders


@profiles
def test_rtcp_up_to_the_limit_is_protected(profile: SrtpProfile) -> None:
    packet = report(content=bytes(srtcp.MAX_RTCP - 8))
    protected = protector(profile, master(profile))(packet)
    assert unprotector(profile, master(profile))(protected) == packet


def test_more_than_libsrtp_takes_is_refused() -> None:
    with pytest.raises(SrtpError, match="malformed"):
        protector(CM, master(CM))(report(content=bytes(srtcp.MAX_RTCP - 4)))


@profiles
@given(data=st.binary(max_size=1500))
@example(data=bytes(1501))
@example(data=b"")
@settings(max_examples=tries(100), deadline=None)
def test_any_bytes_raise_only_srtp_errors(profile: SrtpProfile, data: bytes) -> None:
    with pytest.raises(SrtpError):
        unprotector(profile, master(profile))(data)
