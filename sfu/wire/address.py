"""The address of a datagram's other end. Pure: no I/O, no clock."""

Address = tuple[str, int]  # what recvfrom gives; IPv6 may bring two more items
