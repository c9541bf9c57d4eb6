"""A codec that is added by one file (tests/support/made_up_codec.py) goes from the offer to slots:
simulcast, layer switches, running numbers, retransmissions, codecs that do not match."""

import pytest

from sfu.codecs.registry import PAYLOAD_FORMATS
from sfu.ice.agent import IceCredentials
from sfu.negotiation.answer import LocalParameters, SlotIds, build_answer
from sfu.negotiation.capabilities import negotiate
from sfu.negotiation.offer import parse_offer
from sfu.wire.rtcp import Nack
from tests.support.core import IDS, Sent, Source, Viewer, flush, sequences
from tests.support.made_up_codec import MadeUp, picture_number, write
from tests.support.offers import compose, video, video_codec

PAYLOAD_TYPE = 50
CODEC = video_codec("MadeUp", PAYLOAD_TYPE, "level=2")
RIDS = ("q", "f")
HEIGHTS = (180, 720)


@pytest.fixture(autouse=True)
def added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PAYLOAD_FORMATS, "madeup", MadeUp())


class Stage:
    """A publisher with two layers of the codec, and a subscriber."""

    def __init__(self) -> None:
        self.source = Source(video("sendonly", CODEC, rids=RIDS))
        self.viewer = Viewer(video("recvonly", CODEC))
        self.slot = self.viewer.slot()
        self.slot.assign(self.source.producer(), 0.0)
        self.numbers = [100, 60_000]  # pictures of the two layers
        self.sequence = [500, 7_000]

    def picture(self, layer: int, now: float, *, key: bool = False) -> list[Sent]:
        """A picture of two packets, received and forwarded."""
        self.numbers[layer] += 1
        for first in (True, False):
            self.sequence[layer] += 1
            payload = write(self.numbers[layer], key=key, first=first, height=HEIGHTS[layer])
            reason = self.source.receive(
                self.sequence[layer],
                payload,
                ssrc=20 + layer,
                payload_type=PAYLOAD_TYPE,
                marker=not first,
                timestamp=round(now * 90_000) + 777 * layer,
                extensions=[(IDS["mid"], b"0"), (IDS["rtp-stream-id"], RIDS[layer].encode())],
                now=now,
            )
            assert reason is None
        return flush(self.source, now)

    def watch(self, layer: int, now: float) -> None:
        self.slot.set_target(self.source.layer(layer), now)


def shown(sent: list[Sent]) -> list[int]:
    return [picture_number(one.rtp.payload) for one in sent]


def test_it_is_negotiated_and_answered_with_its_own_parameters() -> None:
    offer = parse_offer(compose([video("sendrecv", CODEC, video_codec("VP9", 98))]))
    agreed = negotiate(offer)
    [codec] = agreed.slots[0].codecs
    assert (codec.name, codec.payload_type, codec.rtx_payload_type) == ("MADEUP", 50, 51)
    local = LocalParameters(IceCredentials("u", "p" * 24), (("sha-256", "AA"),), (), "cname")
    answer = build_answer(offer, agreed, local, {"0": SlotIds(1, 2, "main", "track")})
    assert "a=rtpmap:50 MADEUP/90000\r\n" in answer
    assert "a=fmtp:50 level=2\r\n" in answer


def test_a_slot_waits_for_its_key_frame_and_goes_on_over_layer_switches() -> None:
    stage = Stage()
    stage.picture(0, 0.0, key=True)
    stage.picture(1, 0.0, key=True)
    assert [layer.height for layer in stage.source.producer().by_height()] == [180, 720]
    stage.watch(0, 0.1)
    assert stage.picture(0, 0.1) == []
    got = stage.picture(0, 0.2, key=True) + stage.picture(0, 0.3)
    stage.watch(1, 0.4)
    assert stage.picture(1, 0.4) == [], "the larger layer has no key frame yet"
    got += stage.picture(0, 0.5)
    got += stage.picture(1, 0.6, key=True) + stage.picture(1, 0.7)
    stage.watch(0, 0.8)
    got += stage.picture(0, 0.9, key=True)
    assert sequences(got) == list(range(1, 13))
    first = shown(got)[0]
    assert shown(got) == [first + n // 2 for n in range(12)]
    assert all(one.rtp.payload_type == PAYLOAD_TYPE for one in got)


def test_a_lost_packet_comes_again_with_the_slots_own_number() -> None:
    stage = Stage()
    for layer in (0, 1):
        stage.picture(layer, 0.0, key=True)
        stage.watch(layer, 0.1)
        got = stage.picture(layer, 0.2, key=True)
    [again] = stage.viewer.downlink.receive_nack(Nack(1, 1_000, (got[0].rtp.sequence,)), 1.0)
    assert got[0].rtp.payload in again, "behind the two bytes of RTX (RFC 4588 4)"


def test_without_subscribers_only_a_pictures_first_packet_is_kept() -> None:
    stage = Stage()
    stage.picture(0, 0.0, key=True)
    layer = stage.source.layer(0)
    stage.sequence[0] += 1
    before = len(layer.pending)
    stage.source.receive(
        stage.sequence[0], write(200, first=False), ssrc=20, payload_type=PAYLOAD_TYPE, now=0.1
    )
    assert len(layer.pending) == before


def test_a_subscriber_without_the_codec_is_not_shown_it() -> None:
    stage, other = Stage(), Viewer()
    assert stage.slot.accepts(stage.source.producer())
    assert not other.slot().accepts(stage.source.producer())
