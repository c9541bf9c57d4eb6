"""One short clip for all tests that need real pictures and sound."""

import pytest

from loadtest.media.encode import make_clip
from loadtest.media.footage import Clip


@pytest.fixture(scope="session")
def short_clip() -> Clip:
    return make_clip(3, count=96)
