"""The replay window of RTCP (RFC 3711 3.3.2). Pure: no I/O, no clock.

Media is checked in `InboundStream.open`, without a call.
"""


class ReplayError(Exception):
    """`reason`: "replayed" or "too_old"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def with_index(newest: int, window: int, index: int, size: int) -> tuple[int, int]:
    """The newest index and the window once `index` is in; to be kept only if it is authentic.

    Bit n of the window, of `size` bits: the index n before the newest one was received. Raises
    ReplayError.
    """
    ahead = index - newest
    if ahead > 0:
        # a leap past the whole window would only build a huge number to mask away
        return index, (window << ahead | 1) & ((1 << size) - 1) if ahead < size else 1
    if -ahead >= size:
        raise ReplayError("too_old")
    if window >> -ahead & 1:
        raise ReplayError("replayed")
    return newest, window | 1 << -ahead
