"""Joint candidates as arrays: tables between their levels by hand, and the knobs' scales."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.predict.joint import Joint, LayerTables, between, by_granularity, differ, knobs_of

LEVELS = np.array([0.0, 0.5, 0.9])


def joint(sparsity, granularity, bits):
    return Joint(np.array(sparsity), np.array(granularity), np.array(bits))


THREE = joint(
    [[0.5, 0.0], [0.9, 0.25], [0.0, 0.7]], ["weight", "channel", "weight"], [[4, 8], [8, 8], [2, 4]]
)


def test_rows_are_taken_together():
    part = THREE[np.array([2, 0])]
    assert len(part) == 2
    assert part.sparsity.tolist() == [[0.0, 0.7], [0.5, 0.0]]
    assert (part.granularity.tolist(), part.bits[0].tolist()) == (["weight", "weight"], [2, 4])
    assert {name: rows.tolist() for name, rows in by_granularity(THREE)} == {"channel": [1], "weight": [0, 2]}


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
