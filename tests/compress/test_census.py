"""What is counted of a connection's weights: by hand, and as plain sums have it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.compress.census import Held, census, gaps, input_major
from hwsearch.compress.masks import runs
from hwsearch.hardware.workload import DELTA_BITS, LANES, WeightCensus


def test_census_by_hand():
    weights = np.zeros((2, 10), dtype=np.int8)
    weights[0, 2], weights[0, 9], weights[1, 7] = 3, 1, -2
    assert census(weights) == WeightCensus(
        2, 10, 1, nonzero=3, blocks=(3, 3), nm_most=(1, 1, 2), planes=3, delta_entries=(3,) * 7,
        row_counts=(7, 3), fan_in_most=2, outputs_used=2,  # 7 inputs are read by nobody, 3 by one output
        lane_reads=(3, 2, 2, 2, 2, 2, 2),  # rows of 2 and 1: one after the other, or both until the first is done
    )  # fmt: skip


def test_census_of_a_convolution_and_fillers_by_hand():
    # input-major row of channel 0: filter 0 is 9 zeros, filter 1 is 5 zeros and a 1: a gap of 14 zeros,
    # 3 fillers of 4 at 2 bits, 1 of 8 at 3 bits, none from 4 bits (16) on. Channel 1: gap 0, no filler.
    weights = np.zeros((2, 2, 3, 3), dtype=np.int64)
    weights[1, 0, 1, 2] = 1
    weights[0, 1, 0, 0] = 1
    # output-major: row 0 has its weight at 9 (run 2 of 4, run 1 of 8), row 1 at 5 (run 1 of 4, run 0 of 8)
    assert census(weights) == WeightCensus(
        2, 2, 9, nonzero=2, blocks=(2, 2), nm_most=(1, 1, 1), planes=2, delta_entries=(5, 3, 2, 2, 2, 2, 2),
        row_counts=(0, 2), fan_in_most=1, outputs_used=2, lane_reads=(2, 1, 1, 1, 1, 1, 1),
    )  # fmt: skip


def test_the_input_major_rows_of_a_depthwise_channel_are_its_own():
    weights = np.zeros((3, 1, 3, 1), dtype=np.int64)
    weights[0, 0, 2], weights[2, 0, :2, 0] = 1, (2, -1)
    counts = census(weights, groups=3)
    assert (counts.input_rows, counts.row_length, counts.row_counts) == (3, 3, (1, 1, 1))
    assert census(weights).row_counts == (0, 0, 0, 1)  # the same array as filters of one input channel


def test_gaps_by_hand():
    matrix = np.array([[0, 0, 1, 1, 0], [0, 0, 0, 0, 0], [1, 0, 0, 1, 0]], bool)
    place, skipped = gaps(matrix)
    assert place.tolist() == [2, 3, 10, 13]
    assert skipped.tolist() == [2, 0, 0, 2]


@pytest.mark.parametrize("shape", [(6, 10), (70, 3), (4, 3, 2, 3), (6, 1, 3, 3)])
@given(density=st.sampled_from((0.0, 0.1, 0.6, 1.0)), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_each_count_is_the_plain_sum(shape, density, seed):
    weights = np.random.default_rng(seed).random(shape) < density
    groups = 6 if shape[1] == 1 else 1
    counts, rows = census(weights, groups), weights.reshape(len(weights), -1)
    fillers = [0] * len(DELTA_BITS)
    for row in input_major(weights, groups):
        last = -1
        for column in np.flatnonzero(row):
            fillers = [n + ((column - last - 1) >> bits) for n, bits in zip(fillers, DELTA_BITS, strict=True)]
            last = column
    assert counts.delta_entries == tuple(weights.sum() + n for n in fillers)
    assert counts.lane_reads == tuple(runs(rows.sum(1)[None], lanes, 0).max(2).sum() for lanes in LANES)
    in_row = input_major(weights, groups).sum(1)
    assert counts.rows == tuple((n, (in_row == n).sum()) for n in np.unique(in_row))
    assert (counts.fan_in_most, counts.outputs_used) == (rows.sum(1).max(), rows.any(1).sum())
    assert Held(weights, groups).outputs.tolist() == rows.reshape(groups, -1, rows.shape[1]).sum(1).tolist()


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="got shape"):
        census(np.zeros((2, 2, 2), dtype=int))
