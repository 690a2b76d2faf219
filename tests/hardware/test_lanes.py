"""Lanes in lock step: load imbalance from the mask, in time and in memory."""

from dataclasses import replace

import numpy as np
import pytest
from builders.devices import SHIPPED, fc, profile

from hwsearch.hardware.cost_model import price
from hwsearch.hardware.families.fpga import bram18
from hwsearch.hardware.profiles.load import check_profile
from hwsearch.hardware.workload import Workload


def test_lanes_in_lock_step_wait_for_their_fullest_row():
    weights = np.zeros((6, 16), int)
    for row, kept in enumerate([8, 2, 5, 1, 0, 4]):
        weights[row, :kept] = 1
    layer = fc("input", "input", weights, bits=4)
    # pairs of rows: 8 + 5 + 4; fours: 8 + 4; alone: 20
    assert [layer.census.reads(lanes) for lanes in (1, 2, 4, 8)] == [20, 17, 12, 8]
    part = profile("artix7_35t")
    part = replace(part, model=replace(part.model, pe=2, simd=1, clock_hz=1e6))
    skipping = replace(part, skips_cycles=("weight",), skips_storage=("weight",))
    network = Workload(4, 8, (layer,))
    assert price(network, part).latency_s == pytest.approx(4 * 3 * 16 / 1e6)
    cost = price(network, skipping)
    assert cost.latency_s == pytest.approx(4 * 17 / 1e6)  # 20 / 2 = 10 reads were ideal
    assert any("1.70 times" in note for note in cost.notes)
    # 17 words of 2 lanes, each a weight of 4 bits and its place of 4
    assert cost.weight_bytes == 2304 * bram18(17, 2 * 8)
    with pytest.raises(ValueError, match="lanes in lock step"):
        layer.census.reads(3)


def test_lanes_whose_rows_were_not_counted_share_evenly():
    census = replace(fc("input", "input", np.ones((6, 16), int)).census, lane_reads=())
    assert [census.reads(lanes) for lanes in (1, 2, 4)] == [96, 48, 32]


def test_a_number_of_lanes_that_is_not_counted_is_a_fault(tmp_path):
    path = tmp_path / "artix7_35t.yaml"
    text = (SHIPPED / "artix7_35t.yaml").read_text()
    assert "pe: {value: 8," in text
    path.write_text(text.replace("pe: {value: 8,", "pe: {value: 6,"))
    (fault,) = check_profile(path)
    assert (fault.law, fault.got) == ("pe must be one of 1, 2, 4, 8, 16, 32, 64", "6 count")
