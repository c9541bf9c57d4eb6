"""A participant's workload as a worker makes it."""

from sfu.config import WorkerConfig
from sfu.workload import Workload

DEFAULTS = WorkerConfig(candidates=())


def workload(*, is_teacher: bool = False, now: float = 0.0) -> Workload:
    """Whole budgets."""
    return Workload(DEFAULTS.work_rate, DEFAULTS.work_burst, now, is_teacher=is_teacher)
