"""Every attack of the siege, in the order of the table."""

from tests.siege.attack import Attack
from tests.siege.attacks import (
    addresses,
    admission,
    data_channel,
    endings,
    feedback,
    forged,
    messages,
    publishing,
    strangers,
)

_FAMILIES = (
    *(feedback, strangers, messages, publishing, data_channel),
    *(addresses, admission, forged, endings),
)


def _place(attack: Attack) -> tuple[bool, int, str]:
    """What ends its class goes last: every class takes ten seconds to fill."""
    number = attack.row.rstrip("abcdefgh")
    return attack.ends_class, int(number) if number.isdecimal() else 99, attack.row


ATTACKS: tuple[Attack, ...] = tuple(
    sorted((attack for family in _FAMILIES for attack in family.ATTACKS), key=_place)
)


def find(row: str) -> Attack:
    return next(attack for attack in ATTACKS if attack.row == row)
