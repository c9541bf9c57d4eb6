"""The selective forwarding unit: a pure core (no I/O, no clock) and its edges in io/ and dtls."""
