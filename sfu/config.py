"""Settings of one worker: what it announces and the limits that keep its tables bounded.

Pure: no I/O, no clock.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """Candidates are (address, port) pairs that browsers can reach the worker's socket at."""

    candidates: tuple[tuple[str, int], ...]
    max_routers: int = 1_000
    max_transports: int = 4_000
    max_transports_per_router: int = 1_000
    max_streams_per_transport: int = 32
    max_datagram: int = 1_500
    work_rate: float = 30_000.0
    """Units of common.work that one participant's packets may cost a second: 3 % of a core. A
    publisher reaches it near 15 Mb/s."""
    work_burst: float = 60_000.0
