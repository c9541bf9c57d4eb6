"""The class that media targets attack from inside: two hostile guests, their viewers, a teacher.

Pure: no I/O, no clock.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Generic, TypeVar

from tests.support import offers
from tests.support.mallory import ANYTHING, Mallory
from tests.support.peers import Peer
from tests.support.room import SEEN_STUDENT
from tests.support.senders import OutStream

W = TypeVar("W")

H264_TYPE = 108
ENDLESS = 1e15  # units
SLOTS = 12  # receiving sections of all who are here
H264_OFFER = offers.compose(
    [
        offers.audio(),
        offers.video("sendonly", offers.H264, rids=SEEN_STUDENT.rids),
        offers.audio("recvonly"),
        offers.video("recvonly"),
    ]
)


class Kept(Generic[W]):
    """A world that is made when it is first needed."""

    def __init__(self, make: Callable[[], W]) -> None:
        self._make = make
        self._world: W | None = None

    def get(self) -> W:
        """The present one, or a new one."""
        if self._world is None:
            self._world = self._make()
        return self._world

    def take(self) -> W | None:
        """The present one, which is forgotten."""
        world, self._world = self._world, None
        return world


class Guests(Mallory):
    """Mallory sends VP8; harry sends H264, to her as to everybody who watches."""

    def __init__(self, *, is_bounded: bool = True) -> None:
        """`is_bounded` False: guests may make any amount of work, so that all of it is tried."""
        super().__init__()
        plan = replace(SEEN_STUDENT, name="harry", policy=ANYTHING, template=H264_OFFER)
        self.harry = self.room.add(plan)
        self.fan = self.room.add(replace(plan, name="fan", publish=plan.publish))
        self.room.join(self.harry, self.fan)
        for guest in (self.harry, self.fan):
            guest.camera.stopped = guest.microphone.stopped = True
        self.room.watch(self.fan, ["harry"])
        self.room.watch(self.harry, ["mallory"])
        self.room.run(0.2)
        if not is_bounded:
            self._lift_budgets()

    @property
    def faults(self) -> list[Exception]:
        """What has gone wrong inside the worker."""
        return [error for _, error in self.rig.faults]

    def _lift_budgets(self) -> None:
        for transport in self.rig.worker.routers["class"].transports.values():
            for budget in (transport.workload.budget, transport.workload.unproven):
                budget.burst = budget.credit = ENDLESS

    def check(self) -> None:
        """What holds after any media of theirs."""
        if self.faults:
            raise self.faults[0]
        worker = self.rig.worker
        assert worker.forwarded.packets <= worker.arrivals.datagrams
        assert worker.forwarded.copies <= worker.forwarded.packets * SLOTS
        assert len(worker.by_address) <= 8 * len(self.room.peers)
        assert all(data[0] <= 3 for _, data in self.strays())


def streams_of(guest: Peer) -> list[OutStream]:
    """What a guest sends: sound, then the layers of the picture."""
    return [stream for sender in guest.senders.values() for stream in sender.streams]
