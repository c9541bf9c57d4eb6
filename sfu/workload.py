"""Limits the work that one transport makes.

Authentic datagrams are paid from the transport's budget: beyond it they are dropped unread, and a
participant whose page goes on like that is removed; a teacher never. Other datagrams can come from
anywhere with any source address: they have a small budget of their own, and are only dropped.
Pure: no I/O, no clock.
"""

from common.work import Patience, Price, WorkBudget

REMOVED_AFTER = 10.0  # s of refused work on end
UNPROVEN_RATE, UNPROVEN_BURST = 10_000.0, 20_000.0  # units: 1 % of a core
CHECKS_RATE, CHECKS_BURST = 20 * Price.STUN, 100 * Price.STUN  # a browser: 50 at once, one in 2.5 s
KEYFRAME_RATE, KEYFRAME_BURST = 0.5, 3.0  # key frames that one slot may ask for


class Workload:
    """The budgets of one transport. They outlive it when a reloaded page replaces it."""

    __slots__ = (
        "_is_teacher",
        "_keyframes",
        "_patience",
        "_settled",
        "_unpriced",
        "budget",
        "checks",
        "unproven",
    )

    def __init__(self, rate: float, burst: float, now: float, *, is_teacher: bool) -> None:
        self.budget = WorkBudget(rate, burst, now)
        self.checks = WorkBudget(CHECKS_RATE, CHECKS_BURST, now)  # apart: media must not end it
        self.unproven = WorkBudget(UNPROVEN_RATE, UNPROVEN_BURST, now)
        self._keyframes: dict[int, WorkBudget] = {}  # by the SSRC of a slot
        self._patience = Patience(REMOVED_AFTER)
        self._settled = self._unpriced = (0, 0)  # packets and bytes
        self._is_teacher = is_teacher

    def begin(self) -> None:
        """A connection counts from nothing; the debts of the one before stay."""
        self._settled = self._unpriced = (0, 0)

    def settle(self, packets: int, size: int, now: float) -> bool:
        """Pays for the RTP that came since the last time, given all datagrams of the connection
        and their bytes; True while the budget is spent. Once in many packets: counters that are
        there anyway cost the packet path nothing."""
        before, without = self._settled, self._unpriced
        self._settled, self._unpriced = (packets, size), (0, 0)
        packets -= before[0] + without[0]
        size -= before[1] + without[1]
        self.budget.charge(Price.DATAGRAM * packets + Price.DATAGRAM_BYTE * size)
        return self.budget.is_spent(now)

    def exempt(self, size: int) -> None:
        """A datagram was no RTP, or has not been read: `settle` has nothing to take for it."""
        packets, total = self._unpriced
        self._unpriced = (packets + 1, total + size)

    def charge_failed(self, size: int) -> None:
        """A datagram from its address turned out not to be authentic."""
        self.exempt(size)
        self.unproven.charge(Price.FAILED_CHECK)

    def may_ask_keyframe(self, slot_ssrc: int, now: float) -> bool:
        """True when a slot of the subscriber may ask for one more key frame, which goes to all
        who watch. Call it for slots that exist: the table has an entry for each."""
        budget = self._keyframes.get(slot_ssrc)
        if budget is None:
            budget = self._keyframes[slot_ssrc] = WorkBudget(KEYFRAME_RATE, KEYFRAME_BURST, now)
        return budget.take(1.0, now)

    def refuse(self, now: float) -> bool:
        """Notes a datagram dropped for want of budget; True when the participant must go."""
        return self._patience.refused(now) and not self._is_teacher
