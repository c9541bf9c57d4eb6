"""How much a test tries: an ordinary run takes a sample, a long one goes through everything.

`make test-long` is the long run: pytest with `--hypothesis-profile=long`.
"""

from hypothesis import HealthCheck, settings

ORDINARY, LONG = "ordinary", "long"
TIMES = 10  # examples of the long run for each one of the ordinary run


def register() -> None:
    """Makes both profiles known and begins with the ordinary one; a busy machine is no failure."""
    settings.register_profile(ORDINARY, deadline=None)
    settings.register_profile(
        LONG,
        deadline=None,
        max_examples=settings.get_profile(ORDINARY).max_examples * TIMES,
        derandomize=False,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile(ORDINARY)


def is_long() -> bool:
    """Whether this is the long run. Pytest has chosen when test modules are imported."""
    return settings.get_current_profile_name() == LONG


def tries(ordinary: int) -> int:
    """How many examples of a test whose ordinary number is not hypothesis's own."""
    return ordinary * TIMES if is_long() else ordinary
