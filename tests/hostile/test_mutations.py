"""Real datagrams of every kind, changed in all the ways that hypothesis thinks of."""

from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.siege import STRANGER, Siege

Mutation = Callable[[bytes], bytes]


def flip(position: int, mask: int) -> Mutation:
    def change(data: bytes) -> bytes:
        at = position % len(data)
        return data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :]

    return change


def cut(position: int) -> Mutation:
    return lambda data: data[: position % (len(data) + 1)]


def insert(position: int, extra: bytes) -> Mutation:
    def change(data: bytes) -> bytes:
        at = position % (len(data) + 1)
        return data[:at] + extra + data[at:]

    return change


def swap(position: int) -> Mutation:
    def change(data: bytes) -> bytes:
        at = position % (len(data) + 1)
        return data[at:] + data[:at]

    return change


POSITIONS = st.integers(0, 1_500)
MUTATIONS = st.one_of(
    st.builds(flip, POSITIONS, st.integers(1, 255)),
    st.builds(flip, st.integers(0, 23), st.integers(1, 255)),
    st.builds(cut, POSITIONS),
    st.builds(insert, POSITIONS, st.binary(min_size=1, max_size=40)),
    st.builds(swap, POSITIONS),
)
CHANGED = st.tuples(st.integers(0, 10_000), st.lists(MUTATIONS, min_size=1, max_size=3))


@settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(st.lists(CHANGED, min_size=1, max_size=40), st.sampled_from(["teacher", "student", None]))
def test_nothing_raises_and_the_class_goes_on(
    changed: list[tuple[int, list[Mutation]]], who: str | None
) -> None:
    siege = Siege(seconds=0.3)
    genuine = [data for _, data in siege.captured]
    where = STRANGER if who is None else siege.room.peers[who].connection.path.address
    for which, mutations in changed:
        data = genuine[which % len(genuine)]
        for mutate in mutations:
            data = mutate(data) if data else data
        siege.rig.inject(where, data)
    assert siege.counts()["transport_error"] == 0
    assert all(data[0] <= 3 for _, data in siege.strays())
    siege.assert_class_goes_on(0.5)
