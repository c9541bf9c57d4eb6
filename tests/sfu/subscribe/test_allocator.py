import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.publish.producer import LayerInfo
from sfu.subscribe.allocator import SlotRequest, allocate, next_step

SIMULCAST = (LayerInfo(0, 150e3, 180), LayerInfo(1, 500e3, 360), LayerInfo(2, 1500e3, 720))
ONE = (LayerInfo(0, 400e3, 480),)


def slot(key: Any, priority: Any = 0, layers: Any = SIMULCAST, max_height: Any = None) -> Any:
    return SlotRequest(key, priority, layers, max_height)


@pytest.mark.parametrize(
    ("max_height", "expected"),
    [(None, 2), (100, 0), (180, 0), (181, 1), (360, 1), (700, 2), (720, 2), (2160, 2)],
)
def test_without_a_budget_a_slot_gets_the_smallest_layer_that_fills_it(
    max_height: Any, expected: Any
) -> None:
    assert allocate([slot("a", max_height=max_height)], None) == {"a": expected}


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        (0, 0),
        (149e3, 0),
        (150e3, 0),
        (499e3, 0),
        (500e3, 1),
        (1499e3, 1),
        (1500e3, 2),
        (math.inf, 2),
    ],
)
def test_one_slot_gets_the_best_that_fits_and_is_never_paused(budget: Any, expected: Any) -> None:
    assert allocate([slot("a")], budget) == {"a": expected}


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        (100e3, {"a": 0, "b": None, "c": None}),
        (300e3, {"a": 0, "b": 0, "c": None}),
        (450e3, {"a": 0, "b": 0, "c": 0}),
        (800e3, {"a": 1, "b": 0, "c": 0}),
        (1150e3, {"a": 1, "b": 1, "c": 0}),
        (1800e3, {"a": 2, "b": 0, "c": 0}),
        (2150e3, {"a": 2, "b": 1, "c": 0}),
        (4500e3, {"a": 2, "b": 2, "c": 2}),
    ],
)
def test_everyone_gets_the_lowest_first_then_priority_raises(budget: Any, expected: Any) -> None:
    requests = [slot("c", 2), slot("a", 0), slot("b", 1)]
    assert allocate(requests, budget) == expected


def test_equal_priorities_keep_their_order() -> None:
    assert allocate([slot("b"), slot("a")], 650e3) == {"b": 1, "a": 0}
    assert allocate([slot("a"), slot("b")], 150e3) == {"a": 0, "b": None}


def test_a_small_slot_is_not_raised_above_its_goal() -> None:
    requests = [slot("thumbnail", 0, max_height=180), slot("stage", 1)]
    assert allocate(requests, 1e9) == {"thumbnail": 0, "stage": 2}


def test_what_a_large_slot_cannot_use_goes_to_a_smaller_one() -> None:
    requests = [slot("stage", 0), slot("screen", 1, ONE), slot("a", 2)]
    assert allocate(requests, 400e3) == {"stage": 0, "screen": None, "a": 0}


def test_inactive_layers_are_never_chosen_beside_active_ones() -> None:
    layers = (LayerInfo(0, 0, 180), LayerInfo(1, 500e3, 360), LayerInfo(2, 0, 720))
    assert allocate([slot("a", layers=layers)], None) == {"a": 1}
    assert allocate([slot("a", layers=layers, max_height=100)], None) == {"a": 1}
    requests = [slot("stage", 0), slot("a", 1, layers)]
    assert allocate(requests, 600e3) == {"stage": 1, "a": None}


def test_the_lowest_layer_is_chosen_when_none_is_active_yet() -> None:
    layers = tuple(LayerInfo(layer.index, 0, layer.height) for layer in SIMULCAST)
    assert allocate([slot("a", layers=layers)], None) == {"a": 0}
    assert allocate([slot("a", layers=layers)], 0) == {"a": 0}


def test_no_layers_and_no_slots() -> None:
    assert allocate([slot("a", layers=())], None) == {"a": None}
    assert allocate([], 1e6) == {}


def test_a_cheaper_higher_layer_is_taken() -> None:
    layers = (LayerInfo(0, 300e3, 180), LayerInfo(1, 200e3, 360))
    assert allocate([slot("a", layers=layers)], 300e3) == {"a": 1}


def test_heights_unknown_means_the_best() -> None:
    layers = (LayerInfo(0, 100e3, 0), LayerInfo(1, 300e3, 0))
    assert allocate([slot("a", layers=layers, max_height=720)], None) == {"a": 1}


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        ({"a": None, "b": None}, 150e3),
        ({"a": 0, "b": None}, 300e3),
        ({"a": None, "b": 0}, 300e3),
        ({"a": 1, "b": None}, 650e3),
        ({"a": 0, "b": 0}, 650e3),
        ({"a": 1, "b": 0}, 1650e3),
        ({"a": 2, "b": 0}, 2000e3),
        ({"a": 2, "b": 1}, math.inf),
    ],
)
def test_next_step_is_the_budget_for_one_layer_more(plan: Any, expected: Any) -> None:
    assert next_step([slot("b", 1, max_height=360), slot("a", 0)], plan) == expected


def test_next_step_of_a_slot_without_layers_is_infinite() -> None:
    assert next_step([slot("a", layers=())], {"a": None}) == math.inf
    assert next_step([], {}) == math.inf


def test_next_step_reads_a_plan_made_before_the_slot_shrank() -> None:
    assert next_step([slot("a", max_height=180)], {"a": 2}) == math.inf


bitrates = st.floats(1, 3e6)
requests_strategy = st.lists(
    st.builds(
        lambda priority, rates, height: (priority, sorted(rates), height),
        st.integers(0, 3),
        st.lists(bitrates, min_size=1, max_size=3),
        st.sampled_from([None, 180, 360, 720]),
    ),
    max_size=8,
).map(
    lambda rows: [
        SlotRequest(
            key,
            priority,
            tuple(LayerInfo(i, rate, 180 << i) for i, rate in enumerate(rates)),
            height,
        )
        for key, (priority, rates, height) in enumerate(rows)
    ]
)


def cost(requests: Any, plan: Any) -> Any:
    return sum(
        request.layers[plan[request.key]].bitrate
        for request in requests
        if plan[request.key] is not None
    )


@given(requests_strategy, st.floats(0, 1e7))
def test_a_plan_costs_no_more_than_the_budget_or_the_first_slots_least(
    requests: Any, budget: Any
) -> None:
    plan = allocate(requests, budget)
    assert set(plan) == {request.key for request in requests}
    first = min(requests, key=lambda request: request.priority, default=None)
    least = first.layers[0].bitrate if first is not None else 0.0
    assert cost(requests, plan) <= max(budget, least) + 1e-3


@given(requests_strategy)
def test_walking_up_step_by_step_reaches_what_everyone_wants(requests: Any) -> None:
    wanted = allocate(requests, None)
    plan = allocate(requests, 0.0)
    for _ in range(40):
        step = next_step(requests, plan)
        if step == math.inf:
            break
        assert step >= cost(requests, plan)
        plan = allocate(requests, step + 1e-3)
    assert plan == wanted
