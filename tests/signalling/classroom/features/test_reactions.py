"""Reactions reach everyone, and a class has only so many."""

import pytest

from common.errors import LiveclassError
from tests.support.class_rig import ClassRig


def test_reactions_reach_all_and_are_bounded_for_the_class() -> None:
    rig = ClassRig()
    ravi = rig.join("ravi")
    rig.say(ravi, "reaction", kind="clap")
    assert rig.got("ravi", "reaction") == [{"participant": ravi.id, "kind": "clap"}]
    for _ in range(29):
        rig.say(ravi, "reaction", kind="heart")
    with pytest.raises(LiveclassError, match="too_many_messages"):
        rig.say(ravi, "reaction", kind="heart")
    rig.advance(1)
    rig.say(ravi, "reaction", kind="heart")
