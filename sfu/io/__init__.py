"""The edge of the SFU: sockets and the clock."""
