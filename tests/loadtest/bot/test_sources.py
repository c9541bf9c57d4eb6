"""Sources as the plan wants them."""

from random import Random

import pytest

from loadtest.bot import offer
from loadtest.bot.sender import Camera, Microphone
from loadtest.bot.sources import SourceMaker
from sfu.srtp.keys import SrtpKeys
from sfu.srtp.rtp import outbound
from tests.support.bots import GCM, plan, toy_clip


def studio() -> SourceMaker:
    keys = SrtpKeys(GCM, bytes(28), bytes(28))
    return SourceMaker(toy_clip(1), outbound(keys), 100.0, Random(2).randbytes)


def test_nothing_is_made_for_a_viewer() -> None:
    assert studio().sources(plan("eve"), 1, 100.0) == []


@pytest.mark.parametrize(("layers", "rids"), [(1, ["q"]), (2, ["q", "h"]), (3, ["q", "h", "f"])])
def test_a_camera_has_the_lowest_layers_of_the_offer(layers: int, rids: list[str]) -> None:
    (camera,) = studio().sources(plan("ada", ("camera",), layers=layers), 1, 100.0)
    assert isinstance(camera, Camera)
    assert [line.rid for line in camera.lines] == rids
    assert all(line.rtx_ssrc for line in camera.lines)
    assert len({packet.layer for packet in camera.due(101.0)}) == layers


def test_a_microphone_has_the_ssrc_of_the_offer_and_turns_on_the_callers_clock() -> None:
    bot = plan("ada", ("microphone",), speaks=((5.0, 6.0),))
    (microphone,) = studio().sources(bot, 4_711, 100.0)
    assert isinstance(microphone, Microphone)
    assert [(line.ssrc, line.mid) for line in microphone.lines] == [
        (4_711, offer.MIDS["microphone"])
    ]
    microphone.due(105.0)
    assert microphone.next_deadline() <= 105.1
