"""What a mask must leave, by hand; and that no drawn mask leaves less."""

import pytest
from builders.records import plan_of_three_rungs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hwsearch.compress.masks import prune
from hwsearch.network.params import initial_params
from hwsearch.plan.remainders import least_remainders, n_weights, widths
from hwsearch.space.candidate import Candidate


@pytest.fixture
def plan(tmp_path, tiny_text):
    return plan_of_three_rungs(tmp_path, tiny_text)  # 64-24-16-10


def test_weights_by_hand(plan):
    # 64 * 24 + 24 * 16 + 16 * 10 = 2080 where nothing goes
    (whole,) = least_remainders(plan, Candidate((0.0,), "weight", (4,), 2))
    assert (whole.total, whole.weights, whole.channels) == (2080, (1536, 384, 160), (24, 16, 10))
    # one in a hundred goes: round(20.8) = 21; the readout keeps its channels, and inputs stay
    (left,) = least_remainders(plan, Candidate((0.01,), "weight", (4,), 2))
    assert left.channels[2] == 10
    assert left.total <= 2080 - 21


def test_channels_by_hand(plan):
    # 40 hidden channels, half of which go: each way to share the 20 that stay over two layers of 24 and 16
    ways = list(least_remainders(plan, Candidate((0.5,), "channel", (4,), 2)))
    assert min(sum(way.channels[:2]) for way in ways) == 20
    assert all(way.channels[2] == 10 for way in ways)
    way = next(way for way in ways if way.channels[:2] == (12, 8))
    assert way.weights == (64 * 12, 12 * 8, 8 * 10)


def test_widths_and_sizes_of_layers(plan):
    connections = plan.spec.connections
    assert [widths(c, (12, 8, 10)) for c in connections] == [(12, 64), (8, 12), (10, 8)]
    assert n_weights(connections[0], 12, 64) == 768


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    sparsity=st.sampled_from([0.1, 0.5, 0.8, 0.95]),
    granularity=st.sampled_from(["weight", "nm:4", "block:4"]),
    seed=st.integers(0, 99),
)
def test_no_drawn_mask_leaves_less(plan, sparsity, granularity, seed):
    weights = initial_params(plan.spec, seed).weights
    masks = prune(plan.spec.connections, weights, granularity, sparsity)
    left = list(least_remainders(plan, Candidate((sparsity,), granularity, (4,), 2)))
    assert min(way.total for way in left) <= sum(int(mask.sum()) for mask in masks)
