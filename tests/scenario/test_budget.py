"""Real participants stay far below the budget of work, also on bad networks."""

from dataclasses import replace

import pytest

from sfu.config import WorkerConfig
from tests.support import offers
from tests.support.netem import Conditions
from tests.support.peers import Peer
from tests.support.recorded import LARGE, MIDDLE, OFFER, SMALL, SOUND
from tests.support.restamped import restamped, with_slots
from tests.support.rig import SERVER
from tests.support.room import SEEN_STUDENT, Room
from tests.support.siege import AnyLine
from tests.support.slots import SlotPolicy
from tests.support.workloads import DEFAULTS

pytestmark = pytest.mark.sweep

LOSSY = Conditions(delay=0.04, jitter=0.01, loss=0.1)
ENDLESS = 1e9
TILES, VOICES = 9, 3
SECONDS = 15


def spent(room: Room, peer: Peer) -> float:
    """Units that the peer's packets have cost so far."""
    return ENDLESS - room.rig.worker.routers["class"].transports[peer.name].workload.budget.credit


def by_second(room: Room, peer: Peer) -> list[float]:
    """What each second of the class costs."""
    costs = []
    for _ in range(SECONDS):
        before = spent(room, peer)
        room.run(1.0)
        costs.append(spent(room, peer) - before)
    return costs


def uncapped() -> Room:
    """A room that only counts."""
    return Room(config=WorkerConfig((SERVER,), work_rate=0.0, work_burst=ENDLESS))


@pytest.mark.parametrize("browser", [OFFER, "firefox-153-publish-offer.sdp"])
def test_nine_tiles_at_ten_percent_loss_take_less_than_half(browser: str) -> None:
    room = uncapped()
    watcher = replace(SEEN_STUDENT, policy=SlotPolicy(line=lambda kind: AnyLine()))
    others = [room.add(watcher, f"other-{number}") for number in range(TILES)]
    offer = with_slots(offers.recorded(browser), VOICES, TILES)
    plan = replace(SEEN_STUDENT, name="ada", template=offer, up=LOSSY, down=LOSSY)
    ada = room.add(replace(plan, video_slots=TILES, audio_slots=VOICES))
    ssrcs = {"microphone": (SOUND,), "camera": (SMALL, MIDDLE, LARGE)}
    ada.make_sender = lambda mid, source: restamped(browser, mid, ssrcs[source])
    room.join(*others)
    ada.join()
    room.run(2.0)
    assert ada.connected_at is not None
    assert spent(room, ada) < DEFAULTS.work_burst / 2  # the join
    room.watch(ada, [other.name for other in others])
    for other in others:
        room.watch(other, ["ada"])
    costs = by_second(room, ada)
    assert min(costs) > 1_000, "she publishes and watches all the time"
    assert max(costs) < DEFAULTS.work_rate / 2, [round(cost) for cost in costs]
    refused = {"rtp_unwanted_codec", "rtp_unknown_stream", "rtp_over_rate", "rtcp_malformed"}
    assert refused.isdisjoint(room.transport(ada).drops)
