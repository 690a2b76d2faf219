"""Counts of a layer: rows, lanes and fan, counted or spread evenly; operations of a network."""

from dataclasses import replace

import numpy as np
import pytest
from builders.devices import fc, two_hidden_layers
from hypothesis import given
from hypothesis import strategies as st

from hwsearch.hardware.workload import LANES

MASK = [[1, 1, 0], [0, 1, 0], [0, 1, 0], [0, 0, 0]]
CENSUS = fc("fc", "hidden", MASK).census


def uncounted(census):
    return replace(census, row_counts=(), fan_in_most=None, outputs_used=None, lane_reads=())


def test_rows_and_fan_by_hand():
    assert CENSUS.size == 12
    assert CENSUS.rows == ((0, 1), (1, 1), (3, 1))
    assert (CENSUS.fan_in_nonzero, CENSUS.fan_out_nonzero) == (2, 3)
    assert [CENSUS.reads(lanes) for lanes in (1, 2, 4)] == [4, 3, 2]


def test_what_was_not_counted_is_spread_evenly_or_bounded_from_above():
    census = uncounted(CENSUS)
    assert census.rows == ((1, 2), (2, 1))  # 4 non-zeros over 3 rows
    assert (census.fan_in_nonzero, census.fan_out_nonzero) == (3, 4)
    assert replace(census, in_channels=0).rows == ()


def test_lanes_whose_rows_were_not_counted_share_evenly():
    census = replace(fc("input", "input", np.ones((6, 16), int)).census, lane_reads=())
    assert [census.reads(lanes) for lanes in (1, 2, 4)] == [96, 48, 32]


def test_a_number_of_lanes_that_is_not_counted_is_refused():
    with pytest.raises(ValueError, match="lanes in lock step must be one of"):
        CENSUS.reads(3)


@given(st.data())
def test_rows_hold_every_nonzero_and_more_lanes_never_read_more(data):
    n_out, n_in = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 9))
    bits = data.draw(st.lists(st.booleans(), min_size=n_out * n_in, max_size=n_out * n_in))
    counted = fc("fc", "hidden", np.array(bits, int).reshape(n_out, n_in)).census
    for census in (counted, uncounted(counted)):
        assert sum(rows for _, rows in census.rows) == n_in
        assert sum(n * rows for n, rows in census.rows) == counted.nonzero
        reads = [census.reads(lanes) for lanes in LANES]
        assert reads == sorted(reads, reverse=True)
        assert all(n * lanes >= counted.nonzero for n, lanes in zip(reads, LANES, strict=True))


def test_operations_of_a_network():
    network = two_hidden_layers()
    assert network.synaptic_ops == 4 * (5 * 7 + 26 + 3 * 6)
    assert network.macs == 0
    assert network.neuron_updates == 4 * 14
    first = replace(network.layers[0], analog=True)
    analog = replace(network, layers=(first, *network.layers[1:]))
    assert (analog.macs, analog.synaptic_ops) == (first.ops.nonzero, 4 * (26 + 18))
