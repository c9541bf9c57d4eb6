"""A second host for tests: a network namespace at the end of a wire (ip-netns(8), veth(4)).

Firefox never uses loopback addresses for media, so it runs there and the server at this end.
Needs root. The namespace and both ends of the wire are gone afterwards.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass


class WireError(Exception):
    """The machine does not allow it."""


@dataclass(slots=True, frozen=True)
class Wire:
    """`here` is this end's address; a command line put behind `inside` runs at the other end."""

    here: str
    inside: tuple[str, ...]


def _ip(*words: str) -> str:
    try:
        done = subprocess.run(("ip", *words), capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise WireError(str(error)) from None
    if done.returncode:
        raise WireError(f"ip {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def _free_network() -> str:
    """The first three numbers of a network that this machine does not use."""
    used = _ip("-o", "-4", "address")
    start = os.getpid() % 254
    for number in (*range(start, 255), *range(start)):
        network = f"10.99.{number}"
        if f" {network}." not in used:
            return network
    raise WireError("no network 10.99.x.0/30 is free")


@contextmanager
def wire() -> Iterator[Wire]:
    """A namespace whose only way out is a wire to this one; raises WireError when there is none."""
    name = f"lc{os.getpid()}"
    network = _free_network()
    _ip("netns", "add", name)
    try:
        _ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
        _ip("address", "add", f"{network}.1/30", "dev", name)
        _ip("link", "set", name, "up")
        _ip("-n", name, "address", "add", f"{network}.2/30", "dev", "eth0")
        for device in ("eth0", "lo"):
            _ip("-n", name, "link", "set", device, "up")
        yield Wire(f"{network}.1", ("ip", "netns", "exec", name))
    finally:
        with suppress(WireError):
            _ip("link", "delete", name)
        _ip("netns", "delete", name)
