"""Notes the RTP headers that come to an address: run at the other end of a wire.

python -m tests.interop.headers ADDRESS COUNT: prints the ports, reads until standard input ends
and nothing has come for QUIET seconds, then prints the headers of each port as JSON: SSRC, sequence
number, timestamp.
"""

import json
import selectors
import socket
import struct
import sys

HEADER = struct.Struct(">BBHII")
QUIET = 1.0  # s; what waits in a queue on the way comes closer together


def main() -> None:
    """See above."""
    address, count = sys.argv[1], int(sys.argv[2])
    selector = selectors.DefaultSelector()
    selector.register(sys.stdin, selectors.EVENT_READ)
    headers: dict[int, list[tuple[int, int, int]]] = {}
    for _ in range(count):
        far = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        far.bind((address, 0))
        headers[far.getsockname()[1]] = []
        selector.register(far, selectors.EVENT_READ)
    print(*headers, flush=True)
    quiet: float | None = None
    while ready := selector.select(quiet):
        for key, _ in ready:
            if key.fileobj is sys.stdin:
                selector.unregister(sys.stdin)
                quiet = QUIET
                continue
            assert isinstance(key.fileobj, socket.socket)
            data = key.fileobj.recv(2_048)
            if len(data) >= HEADER.size and data[0] >> 6 == 2 and not 192 <= data[1] <= 223:
                _, _, sequence, timestamp, ssrc = HEADER.unpack_from(data)
                headers[key.fileobj.getsockname()[1]].append((ssrc, sequence, timestamp))
    print(json.dumps(headers), flush=True)


if __name__ == "__main__":
    main()
