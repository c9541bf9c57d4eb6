"""Limits STUN requests that fail, for each address that is bound to no transport.

Source addresses are forged at will, so requests beyond the limit are only dropped, and the table
forgets the oldest address. Pure: no I/O, no clock.
"""

from common.work import Price, WorkBudget
from sfu.wire.address import Address

RATE, BURST = 500.0, 2_500.0  # units of one address: 400 requests at once, then 80 a second
MAX_UNBOUND = 1_024


class StunRateLimiter:
    """A budget for each address that sent a failed request lately."""

    __slots__ = ("_budgets",)

    def __init__(self) -> None:
        self._budgets: dict[Address, WorkBudget] = {}  # the oldest first

    def __len__(self) -> int:
        return len(self._budgets)

    def is_spent(self, address: Address, now: float) -> bool:
        """True when no more requests from there are to be read for now."""
        budget = self._budgets.get(address)
        return budget is not None and budget.is_spent(now)

    def charge_failed(self, address: Address, now: float) -> None:
        """Charges for a request from there that was malformed or not authentic."""
        budget = self._budgets.get(address)
        if budget is None:
            if len(self._budgets) >= MAX_UNBOUND:
                del self._budgets[next(iter(self._budgets))]
            budget = self._budgets[address] = WorkBudget(RATE, BURST, now)
        budget.charge(Price.FAILED_CHECK)
