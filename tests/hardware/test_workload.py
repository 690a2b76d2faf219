"""Counts of a layer's weights, and sums over a network's layers."""

from dataclasses import replace

import numpy as np
from builders.devices import fc


def test_lanes_whose_rows_were_not_counted_share_evenly():
    census = replace(fc("input", "input", np.ones((6, 16), int)).census, lane_reads=())
    assert [census.reads(lanes) for lanes in (1, 2, 4)] == [96, 48, 32]
