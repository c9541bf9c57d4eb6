"""The limit on open files is raised as far as the system lets it."""

import resource

from common.file_limit import raise_file_limit


def test_file_limit_is_raised_to_the_hard_one() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, soft), hard))
        allowed = raise_file_limit()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == allowed
        assert allowed >= min(256, soft)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
