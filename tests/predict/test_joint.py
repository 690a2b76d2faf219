"""Joint candidates as arrays: tables between their levels by hand, and the knobs' scales."""

import numpy as np
import pytest
from builders.graphs import spec
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.predict.joint import (
    Joint,
    LayerTables,
    between,
    by_granularity,
    differ,
    feeders,
    knobs_of,
    stretched,
)

LEVELS = np.array([0.0, 0.5, 0.9])


def joint(sparsity, granularity, bits):
    """Return candidates of a chain of two layers; one granularity each."""
    names = np.repeat(np.array(granularity)[:, None], 2, 1)
    return Joint(np.array(sparsity), names, np.array(bits), (-1, 0))


THREE = joint(
    [[0.5, 0.0], [0.9, 0.25], [0.0, 0.7]], ["weight", "channel", "weight"], [[4, 8], [8, 8], [2, 4]]
)


def test_rows_are_taken_together():
    part = THREE[np.array([2, 0])]
    assert len(part) == 2
    assert part.sparsity.tolist() == [[0.0, 0.7], [0.5, 0.0]]
    assert (part.granularity.tolist(), part.bits[0].tolist()) == ([["weight"] * 2] * 2, [2, 4])
    assert {name: rows.tolist() for name, rows in by_granularity(THREE, 1)} == {
        "channel": [1],
        "weight": [0, 2],
    }


def test_between_levels_it_is_a_line_by_hand():
    table = np.array([[0.0, 1.0], [1.0, 3.0], [5.0, 3.0]])
    got = between(table, LEVELS, np.array([0.0, 0.25, 0.5, 0.7, 0.9, 0.99]))
    # 0.7 is half way from 0.5 to 0.9; above the last level nothing is added
    assert got == pytest.approx(np.array([[0, 1], [0.5, 2], [1, 3], [3, 3], [5, 3], [5, 3]]))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
@settings(deadline=None)
def test_between_levels_it_never_leaves_its_neighbours(values):
    table = np.array([0.0, 2.0, -1.0])
    got = between(table, LEVELS, np.array(values))
    assert ((got >= -1.0) & (got <= 2.0)).all()


def test_pruning_and_quantising_add_up_by_hand():
    tables = LayerTables(
        LEVELS,
        np.array([2, 4, 8]),
        {
            "weight": [np.array([0.0, 1.0, 2.0]), np.array([0.0, 10.0, 20.0])],
            "channel": [np.array([0.0, 3.0, 4.0]), np.array([0.0, 30.0, 40.0])],
        },
        [np.array([0.5, 0.25, 0.0]), np.array([5.0, 2.5, 0.0])],
    )
    assert tables.both(THREE, 0) == pytest.approx([1.0 + 0.25, 4.0 + 0.0, 0.0 + 0.5])
    assert tables.both(THREE, 1) == pytest.approx([0.0 + 0.0, 15.0 + 0.0, 15.0 + 2.5])


def test_where_nothing_is_pruned_a_granularity_need_not_be_known():
    table = [np.array([0.0, 3.0, 4.0]), np.array([0.0, 30.0, 40.0])]
    tables = LayerTables(LEVELS, np.array([8]), {"channel": table}, [np.array([0.5]), np.array([5.0])])
    dense = joint([[0.0, 0.0], [0.5, 0.0]], ["weight", "channel"], [[8, 8], [8, 8]])
    assert tables.both(dense, 0) == pytest.approx([0.5, 3.5])
    assert tables.both(dense, 1) == pytest.approx([5.0, 5.0])
    with pytest.raises(KeyError, match="weight"):
        tables.both(joint([[0.5, 0.0]], ["weight"], [[8, 8]]), 0)


def test_layers_differ_by_sparsity_bits_or_granularity_unless_nothing_is_pruned():
    other = joint(
        [[0.5, 0.0], [0.9, 0.25], [0.0, 0.7]], ["channel", "channel", "channel"], [[4, 8], [4, 8], [2, 4]]
    )
    assert differ(THREE, other).tolist() == [[True, False], [True, False], [False, True]]
    assert not differ(THREE, THREE).any()


def test_knobs_by_hand():
    knobs, groups = knobs_of(THREE, ["channel", "weight"])
    assert groups.tolist() == [0, 0, 1, 1, 2, 2]
    # the second layer of a network without channels keeps 0.75 of the 0.1 of its inputs that are there
    surviving = [[0.5, 1.0], [0.1, 0.75 * 0.1], [1.0, 0.3]]
    assert knobs[:, :2] == pytest.approx(np.log10(np.array(surviving) + 0.003))
    assert knobs[:, 2:4] == pytest.approx(np.array([[1.5, 1.75], [1.75, 1.75], [1.0, 1.5]]))
    assert knobs[:, 4:].tolist() == [[0, 1], [1, 0], [0, 1]]


def test_a_layer_may_have_a_granularity_of_its_own():
    names = np.array([["weight", "channel"], ["channel", "weight"]])
    mixed = Joint(np.full((2, 2), 0.5), names, np.full((2, 2), 8), (-1, 0))
    knobs, _ = knobs_of(mixed, ["channel", "weight"])
    # only channels of the first layer take inputs of the second
    assert knobs[:, :2] == pytest.approx(np.log10(np.array([[0.5, 0.5], [0.5, 0.25]]) + 0.003))
    assert knobs[:, 4:].tolist() == [[0.5, 0.5], [0.5, 0.5]]
    tables = LayerTables(
        LEVELS, np.array([8]), {"weight": [LEVELS, LEVELS], "channel": [10 * LEVELS, 10 * LEVELS]},
        [np.zeros(1), np.zeros(1)],
    )  # fmt: skip
    assert tables.both(mixed, 0).tolist() == [0.5, 5.0]
    assert tables.both(mixed, 1).tolist() == [5.0, 0.5]


def test_what_feeds_a_layer_is_the_one_that_decides_for_its_channels():
    # 0: conv1, 1: conv2, 2: conv3, whose join with conv1 ties their channels; 3: the readout
    assert feeders(spec("4c3-res(6c3-4c3)-p2").connections) == (-1, 0, 1, 0)
    # a depthwise layer reads the channels that it has; what reads it reads those of the layer before
    assert feeders(spec("4c3-dw3-6c3").connections) == (-1, -1, 0, 2)
    # the way back of a recurrent layer reads its own channels
    assert feeders(spec("r5-fc4").connections) == (-1, 0, 0, 2)
    # channels of the input stay, and so do those that share them
    assert feeders(spec("dw3-fc4", (2, 6, 6)).connections) == (-1, -1, 1)


def test_a_shallow_network_is_seen_by_the_depth_of_its_layers():
    # two layers, one name: sparsities 0 and 1, bits 4 and 8
    knobs = np.array([[0.0, 1.0, 4.0, 8.0, 0.5]])
    assert stretched(knobs, 2, 2) is knobs
    assert stretched(knobs, 2, 3).tolist() == [[0.0, 0.5, 1.0, 4.0, 6.0, 8.0, 0.5]]
    assert stretched(np.array([[0.3, 2.0, 0.5]]), 1, 3).tolist() == [[0.3] * 3 + [2.0] * 3 + [0.5]]
