"""Addresses of hosts. Pure: no I/O, no clock."""

import ipaddress


def is_loopback(host: str) -> bool:
    """True for names and addresses that only this machine reaches."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_address(host: str) -> bool:
    """True for an IP address as it is written in an address bar."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
