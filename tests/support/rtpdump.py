"""Reads recordings in rtptools' rtpdump format."""

from pathlib import Path
from struct import Struct

_FIRST_LINE = b"#!rtpplay1.0 "
_FILE_HEADER = 16
_RECORD = Struct(">HHI")


def read(path: Path) -> list[tuple[int, bytes]]:
    """(milliseconds since the start, packet) of each record."""
    data = path.read_bytes()
    if not data.startswith(_FIRST_LINE):
        raise ValueError(f"{path.name} is not an rtpdump recording")
    position = data.index(b"\n") + 1 + _FILE_HEADER
    records: list[tuple[int, bytes]] = []
    while position < len(data):
        length, _, milliseconds = _RECORD.unpack_from(data, position)
        end = position + length
        if length < _RECORD.size or end > len(data):
            raise ValueError(f"{path.name} has a broken record at byte {position}")
        records.append((milliseconds, data[position + _RECORD.size : end]))
        position = end
    return records
