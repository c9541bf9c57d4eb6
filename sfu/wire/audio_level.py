"""The client-to-mixer audio level header extension (RFC 6464).

Pure: no I/O, no clock.
"""

SILENCE = 127


def parse_audio_level(ext: bytes) -> tuple[int, bool]:
    """(level in -dBov: 0 loudest, 127 silence; voice activity). An empty element is silence."""
    if not ext:
        return SILENCE, False
    first = ext[0]
    return first & 0x7F, first > 0x7F
