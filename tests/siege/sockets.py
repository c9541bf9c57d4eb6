"""Which port a process talks to a server from (proc(5))."""

from contextlib import suppress
from pathlib import Path


def connected_port(pid: int, server_port: int, proc: Path = Path("/proc")) -> int:
    """The local port of the process's UDP socket that is connected there; 0: there is none."""
    inodes = _socket_inodes(proc / str(pid) / "fd")
    with suppress(OSError):
        for line in (proc / "net" / "udp").read_text("ascii").splitlines()[1:]:
            fields = line.split()
            local, remote, inode = fields[1], fields[2], fields[9]
            if inode in inodes and int(remote.rpartition(":")[2], 16) == server_port:
                return int(local.rpartition(":")[2], 16)
    return 0


def _socket_inodes(folder: Path) -> set[str]:
    found = set()
    with suppress(OSError):
        for link in folder.iterdir():
            with suppress(OSError):
                target = str(link.readlink())
                if target.startswith("socket:["):
                    found.add(target[len("socket:[") : -1])
    return found
