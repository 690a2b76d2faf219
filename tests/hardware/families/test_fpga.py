"""Circuits on an FPGA by hand: block memories, look-up tables, cycles, lanes in lock step."""

from dataclasses import replace

import numpy as np
import pytest
from builders.devices import chain, fc, mlp, profile
from builders.workloads import silent

from hwsearch.hardware.cost_model import price
from hwsearch.hardware.families.fpga import bram18, luts, memory_bytes
from hwsearch.hardware.models import FpgaDataflow


@pytest.mark.parametrize(
    ("depth", "width", "blocks"),
    [
        (16384, 1, 1), (16385, 1, 2), (8193, 2, 2), (4096, 4, 1), (4097, 3, 2), (2048, 9, 1), (2049, 8, 2),
        (4096, 5, 2), (1024, 18, 1), (1024, 19, 2), (513, 36, 2), (512, 36, 1), (512, 37, 2), (100, 512, 15), (0, 8, 0),
    ],
)  # fmt: skip
def test_block_memories(depth, width, blocks):
    assert bram18(depth, width) == blocks


def test_blocks_of_one_shape():
    assert memory_bytes(16384, 16, 16384, 16) == 32_768
    assert memory_bytes(16385, 17, 16384, 16) == 4 * 32_768
    assert memory_bytes(512, 36, None, None) == 2304


def test_a_recurrent_layer_reads_its_inputs_and_then_itself():
    cost = price(silent("r20", (1, 1, 30), timesteps=4), profile("zynq7020_spikerplus"))
    assert cost.latency_s == pytest.approx(4 * (30 + 20) / 100e6)


def test_look_up_tables_of_a_unit():
    model = FpgaDataflow(8, 8, None, None, None, None, None, None)
    assert luts(model, 4, 24) == pytest.approx(300 + 1.1 * 8 * (8 * 4 + 5 * 15 + 24))


def test_a_clock_driven_circuit_by_hand():
    network = with_steps(mlp([784, 128, 10], bits=4), 100)
    cost = price(network, profile("zynq7020_spikerplus"))
    assert cost.latency_s == pytest.approx(100 * 784 / 100e6)
    assert cost.energy_j == pytest.approx(cost.latency_s * 138 * 1.304e-3)
    assert cost.weight_bytes == (29 + 2) * 2304  # 784 words of 512 bits; 128 words of 40 bits


def with_steps(network, timesteps):
    return replace(network, timesteps=timesteps)


def test_lanes_in_lock_step_wait_for_their_fullest_row():
    weights = np.zeros((6, 16), int)
    for row, nonzero in enumerate([8, 2, 5, 1, 0, 4]):
        weights[row, :nonzero] = 1
    layer = fc("input", "input", weights, bits=4)
    # pairs of rows: 8 + 5 + 4; fours: 8 + 4; alone: 20
    assert [layer.connection.census.reads(lanes) for lanes in (1, 2, 4, 8)] == [20, 17, 12, 8]
    part = profile("artix7_35t")
    part = replace(part, model=replace(part.model, pe=2, simd=1, clock_hz=1e6))
    skipping = replace(part, skips_cycles=("weight",), skips_storage=("weight",))
    network = chain(4, 8, (layer,))
    assert price(network, part).latency_s == pytest.approx(4 * 3 * 16 / 1e6)
    cost = price(network, skipping)
    assert cost.latency_s == pytest.approx(4 * 17 / 1e6)  # 20 / 2 = 10 reads were ideal
    assert any("1.70 times" in note for note in cost.notes)
    # 17 words of 2 lanes, each a weight of 4 bits and its place of 4
    assert cost.weight_bytes == 2304 * bram18(17, 2 * 8)
    with pytest.raises(ValueError, match="lanes in lock step"):
        layer.connection.census.reads(3)
