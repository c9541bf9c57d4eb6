"""Wrap arithmetic for sequence numbers and timestamps, and NTP fixed point.

Pure: no I/O, no clock.
"""

_NTP_FRACTION = 1 << 32


def seq_delta(a: int, b: int) -> int:
    """The distance by which `a` is ahead of `b` on the 16-bit circle: -32768 to 32767."""
    return ((a - b + 0x8000) & 0xFFFF) - 0x8000


def ts_delta(a: int, b: int) -> int:
    """The distance by which `a` is ahead of `b` on the 32-bit circle: -2**31 to 2**31 - 1."""
    return ((a - b + 0x80000000) & 0xFFFFFFFF) - 0x80000000


def extend_seq(seq: int, reference: int) -> int:
    """The index nearest to `reference` whose low 16 bits are `seq`; never negative."""
    index = reference + ((seq - reference + 0x8000) & 0xFFFF) - 0x8000
    return index if index >= 0 else index + 0x10000


def ntp_from_seconds(s: float) -> int:
    """Seconds as 64-bit NTP fixed point (32.32), in the caller's own epoch."""
    return int(s * _NTP_FRACTION) & 0xFFFFFFFFFFFFFFFF


def seconds_from_ntp(n: int) -> float:
    """The inverse of `ntp_from_seconds`, within a float's precision."""
    return n / _NTP_FRACTION


def compact_ntp(n: int) -> int:
    """The middle 32 bits, as LSR carries them (RFC 3550 6.4.1)."""
    return (n >> 16) & 0xFFFFFFFF
