"""Key frame detection in H.264 payloads (RFC 6184).

Pure: no I/O, no clock.
"""

_IDR, _SPS, _STAP_A, _FU_A = 5, 7, 24, 28


def is_keyframe(payload: bytes) -> bool:
    """True when a key frame begins here: an IDR slice or a parameter set that precedes it."""
    if not payload:
        return False
    kind = payload[0] & 0x1F
    if kind == _FU_A:
        # RFC 6184 5.8: the FU header's S bit marks the first fragment.
        return len(payload) > 1 and payload[1] > 0x7F and payload[1] & 0x1F in (_IDR, _SPS)
    if kind == _STAP_A:
        return _aggregate_has_keyframe(payload)
    return kind in (_IDR, _SPS)


def _aggregate_has_keyframe(payload: bytes) -> bool:
    """RFC 6184 5.7.1: 16-bit sizes, each followed by a NAL unit; a cut one ends the search."""
    position, end = 1, len(payload)
    while position + 2 < end:
        size = payload[position] << 8 | payload[position + 1]
        position += 2
        if size == 0 or position + size > end:
            return False
        if payload[position] & 0x1F in (_IDR, _SPS):
            return True
        position += size
    return False
