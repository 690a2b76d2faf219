"""Counts of a layer's weights, and sums over a network's layers."""

from dataclasses import replace

import numpy as np
from builders.devices import fc, mlp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hwsearch.hardware.workload import LANES

QUICK = settings(deadline=None, max_examples=50, derandomize=True)


def test_lanes_whose_rows_were_not_counted_share_evenly():
    census = replace(fc("input", "input", np.ones((6, 16), int)).connection.census, lane_reads=())
    assert [census.reads(lanes) for lanes in (1, 2, 4)] == [96, 48, 32]


MASK = np.array([[1, 0, 1, 0], [1, 0, 0, 0], [1, 0, 1, 0]])  # inputs reach 3, 0, 2 and 0 of 3 outputs


def test_rows_by_hand():
    counts = fc("input", "input", MASK).connection.census
    assert counts.size == 12
    assert counts.nonzero == 5
    assert counts.rows == ((0, 2), (2, 1), (3, 1))
    assert counts.fan_out_most == 3
    assert counts.fan_in_kept == 2
    assert counts.outputs_used == 3


def test_rows_that_were_not_counted_are_spread_evenly():
    counts = replace(fc("input", "input", MASK).connection.census, row_counts=(), fan_in_most=None)
    assert counts.rows == ((1, 3), (2, 1))  # 5 weights over 4 inputs
    assert (counts.fan_out_most, counts.fan_in_kept) == (3, 4)  # every weight of an input, and of an output
    assert replace(counts, in_channels=0, nonzero=0).rows == ()


@QUICK
@given(st.integers(0, 400), st.integers(1, 40))
def test_evenly_spread_rows_hold_every_weight_once(nonzero, inputs):
    counts = replace(
        fc("input", "input", MASK).connection.census, row_counts=(), nonzero=nonzero, in_channels=inputs
    )
    assert sum(rows for _, rows in counts.rows) == inputs
    assert sum(n * rows for n, rows in counts.rows) == nonzero


@QUICK
@given(arrays(bool, st.tuples(st.integers(1, 20), st.integers(1, 12))))
def test_more_lanes_never_read_more_and_never_less_than_their_share(mask):
    counts = fc("input", "input", mask).connection.census
    reads = [counts.reads(lanes) for lanes in LANES]
    assert reads[0] == counts.nonzero
    assert reads == sorted(reads, reverse=True)
    assert all(n * lanes >= counts.nonzero for n, lanes in zip(reads, LANES, strict=True))


def test_sums_over_layers_by_hand():
    network = mlp([4, 3, 2], analog=True, rate=0.5)  # 4 timesteps
    # the analog input is worked off once, the spikes of 3 neurons in each of 4 timesteps
    assert network.macs == 4 * 0.5 * 3
    assert network.synaptic_ops == 4 * 3 * 0.5 * 2
    assert network.neuron_updates == 4 * 5
