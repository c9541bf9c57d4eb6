"""Money and rates as people read them. Pure: no I/O, no clock."""

_SIGNS = {"INR": "₹"}
_UNITS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
    *("eighteen", "nineteen"),
)
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = ((10_000_000, "crore"), (100_000, "lakh"), (1_000, "thousand"), (100, "hundred"))


def money(paise: int, currency: str) -> str:
    """An amount as "₹1,23,456.00": in lakhs and crores for rupees, in thousands otherwise."""
    whole, part = divmod(abs(paise), 100)
    digits = _grouped(whole) if currency == "INR" else f"{whole:,}"
    sign = "-" if paise < 0 else ""
    return f"{sign}{_SIGNS.get(currency, currency + ' ')}{digits}.{part:02}"


def percent(rate: int) -> str:
    """A rate in thousandths of a percent as "9 %" or "2.5 %"."""
    return f"{rate / 1000:g} %"


def in_words(paise: int) -> str:
    """An amount as "Rupees one lakh five and fifty paise only"; `paise` is not negative."""
    whole, part = divmod(paise, 100)
    words = f"Rupees {_words(whole)}"
    return f"{words} and {_words(part)} paise only" if part else f"{words} only"


def _grouped(whole: int) -> str:
    head, tail = divmod(whole, 1_000)
    if not head:
        return str(whole)
    groups = [f"{tail:03}"]
    while head >= 100:
        head, pair = divmod(head, 100)
        groups.append(f"{pair:02}")
    return ",".join((str(head), *reversed(groups)))


def _words(number: int) -> str:
    for scale, name in _SCALES:
        if number >= scale:
            head, rest = divmod(number, scale)
            return f"{_words(head)} {name}" + (f" {_words(rest)}" if rest else "")
    if number < 20:
        return _UNITS[number]
    tens, unit = divmod(number, 10)
    return _TENS[tens] + (f"-{_UNITS[unit]}" if unit else "")
