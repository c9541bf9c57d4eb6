"""Which protocol a datagram on the shared port belongs to (RFC 7983, RFC 5761).

Pure: no I/O, no clock.
"""

STUN, DTLS, RTP, RTCP, UNKNOWN = range(5)


def classify(data: bytes) -> int:
    """One of the constants above, from the first two bytes alone."""
    if len(data) < 2:
        return UNKNOWN
    first = data[0]
    # Media is by far the most common, so it is asked first.
    if 128 <= first <= 191:
        # RFC 5761 4: RTCP packet types 192 to 223 are what RTP would read as
        # the marker bit with payload types 64 to 95, which are never negotiated.
        return RTCP if 192 <= data[1] <= 223 else RTP
    if first <= 3:
        return STUN
    return DTLS if 20 <= first <= 63 else UNKNOWN
