"""Channels that must stay, by hand, and that shrinking never leaves fewer."""

import numpy as np
import pytest
from builders.graphs import spec
from builders.workloads import integers
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.network.shrink import shrink
from hwsearch.plan.least_channels import least_channels, removable_groups


def test_a_chain_by_hand():
    network = spec("fc10-fc4", (1, 1, 5), classes=2)
    # a channel of the second layer is read by 2 outputs and fed by one channel at least: 3 weights leave one unread, 2
    # leave two unfed; one of the first is read by what is left of the second, and fed by 5 inputs
    assert least_channels(network, [0, 0, 0]) == (10, 4, 2)
    assert least_channels(network, [0, 0, 3]) == (10, 3, 2)
    assert least_channels(network, [0, 2, 3]) == (10 - 2 // 1, 4 - 1 - 2, 2)
    assert least_channels(network, [9, 2, 0]) == (10 - 9 // 5 - 2 // 2, 2, 2)
    assert least_channels(network, [999, 999, 999]) == (1, 1, 2)


def test_what_feeds_itself_is_judged_by_what_others_read():
    network = spec("r6", (1, 1, 5), classes=2)
    assert least_channels(network, [0, 36, 0]) == (6, 2)  # all of its recurrence may go
    assert least_channels(network, [5, 0, 4]) == (6 - 1 - 2, 2)


def test_what_shares_channels_loses_them_together():
    network = spec("6c3-dw3-fc4", (1, 3, 3), classes=2)
    assert removable_groups(network) == [(0, 1), (2,)]
    # a filter of a channel is 9 weights: two of them gone are two channels
    assert least_channels(network, [0, 18, 0, 0])[:2] == (4, 4)
    block = spec("6c1-res(6c1)-fc4", (1, 3, 3), classes=2)
    assert removable_groups(block) == [(0, 1), (2,)]


SPELLINGS = [
    "fc6-fc5",
    "r6-r4",
    "4c3-dw3-fc5",
    "4c3-res(3c3-4c3)-gap",
    "res(r5)-fc4",
    "3c3-dw1s2-res(3c1)-4c1",
]


@settings(deadline=None, max_examples=60, derandomize=True)
@given(st.sampled_from(SPELLINGS), st.integers(0, 9999), st.floats(0.02, 0.9))
def test_shrinking_leaves_no_fewer(spelling, seed, density):
    rng, network = np.random.default_rng(seed), spec(spelling, (2, 4, 4))
    weights = []
    for c in network.connections:
        rows = rng.random((c.weight_shape[0], *[1] * (len(c.weight_shape) - 1))) < density
        columns = rng.random((1, *c.weight_shape[1:])) < max(density, 0.3)
        weights.append(np.ones(c.weight_shape, int) if not c.prunable else (rows & columns).astype(int))
    slim, _ = shrink(integers(network, weights))
    least = least_channels(network, [int((w == 0).sum()) for w in weights])
    assert all(len(p.bias) >= n for p, n in zip(slim.populations, least, strict=True))


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_where_nothing_goes_all_stay(spelling):
    network = spec(spelling, (2, 4, 4))
    channels = tuple(p.channels for p in network.populations)
    assert least_channels(network, [0] * len(network.connections)) == channels
