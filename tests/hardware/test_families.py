"""Device models by hand, and against what toolchains say of the same networks."""

from dataclasses import replace

import numpy as np
import pytest
from builders.devices import conv, fc, mlp, profile

from hwsearch.hardware.cost_model import price
from hwsearch.hardware.families.event_cores import assignment, entries
from hwsearch.hardware.families.fpga import bram18, luts, memory_bytes
from hwsearch.hardware.families.many_core import Piece, axon_bits, core_store, pack_cores, split
from hwsearch.hardware.families.step_cycles import StepNetwork, cycles_per_step, step_network, synapses
from hwsearch.hardware.models import FpgaDataflow
from hwsearch.hardware.workload import Workload

XYLO_2, XYLO_3, XYLO_IMU = (profile(name).model for name in ("xylo_audio2", "xylo_audio3", "xylo_imu"))
LOIHI = profile("loihi1").model
SPECK = profile("speck2f").model


# --- timestep cores: rockpool's power_cycles_model ---------------------------------------------------------------
@pytest.mark.parametrize(
    ("network", "cycles"),
    [
        # nothing fires: 16 inputs, 992 neurons of 22 cycles, 32 outputs of 12
        (StepNetwork(16, 992, 32, 992, 992, 64, 0.0, 0.0), 16 + 992 * 22 + 32 * 12),
        # everything fires in a small net, every neuron recurrent to every other: rockpool's worst case
        (StepNetwork(16, 5, 3, 5, 5, 5, 1.0, 1.0), 16 * (5 * 3.5 + 1) + 5 * (35 + 3) + 5 * 25 + 5 * 22 + 36),
        # the same, without recurrence
        (StepNetwork(16, 5, 3, 5, 5, 0, 1.0, 1.0), 16 * (5 * 3.5 + 1) + 5 * 3 + 5 * 25 + 5 * 22 + 36),
    ],
)
def test_cycles_of_a_step_by_hand(network, cycles):
    assert cycles_per_step(network, XYLO_3) == cycles


def test_full_size_and_worst_case_of_audio_3():
    assert cycles_per_step(StepNetwork(16, 992, 32, 992, 992, 64, 0.0, 0.0), XYLO_3) == 22_224
    usual = StepNetwork(16, 992, 32, 128, 128, 64, 0.2, 0.05)
    # 16 (.2 * 128 * 3.5 + 1) + 992 (64 * .05 * 7 + 22 + .15) + 128 * .05 * 257 + 384
    assert cycles_per_step(usual, XYLO_3) == pytest.approx(1449.6 + 992 * 44.55 + 1644.8 + 384)


def test_unused_neurons_cost_nothing_only_where_they_are_skipped():
    some = StepNetwork(4, 10, 2, 3, 2, 0, 1.0, 1.0)
    every = replace(some, reached=10, read=10)
    assert cycles_per_step(some, XYLO_2) == cycles_per_step(every, XYLO_2)
    saved = cycles_per_step(every, XYLO_IMU) - cycles_per_step(some, XYLO_IMU)
    assert saved == 4 * 7 * 3.5 + 8 * 17


def test_a_network_as_a_step_core_sees_it():
    first = fc("input", "input", [[1, 0], [0, 0], [1, 1]], rate=0.5)
    middle = fc("fc2", "hidden", [[1, 0, 1], [0, 0, 1]], rate=0.25)
    last = fc("readout", "readout", [[1, 0]], rate=0.25)
    network = step_network(Workload(4, 8, (first, middle, last)))
    # 3 weights between 5 hidden neurons; neuron 1 of the first layer reads nothing, neuron 1 of the second is unread
    assert (network.inputs, network.hidden, network.readout) == (2, 5, 1)
    assert (network.reached, network.read, network.fan_out) == (2, 1, 3 / 5)
    assert network.input_rate == 0.5
    assert network.hidden_rate == pytest.approx((3 * 0.5 + 2 * 0.25) / 5)


def test_a_step_core_shares_no_weights():
    middle = conv("c2", "hidden", np.ones((2, 1, 3, 3), int), (4, 5))
    assert synapses(middle) == 18 * 20
    first = conv("c1", "input", np.ones((1, 1, 3, 3), int), (4, 5))
    last = fc("readout", "readout", np.ones((2, 40), int), fan_columns=20)
    network = Workload(4, 8, (first, middle, last))
    assert step_network(network).fan_out == 360 / 60
    assert price(network, profile("xylo_audio3")).weight_bytes == 9 * 20 + 360 + 80


def test_latency_of_a_step_core_is_cycles_with_margin_over_the_clock():
    network = mlp([16, 20, 4])
    cost = price(network, profile("xylo_imu"))
    cycles = 4 * cycles_per_step(step_network(network), XYLO_IMU)
    assert cost.latency_s == pytest.approx(cycles * 1.2 / 6.25e6)
    assert cost.energy_j is None
    assert cost.static_energy_j == pytest.approx(cost.latency_s * 188.2e-6)


# --- many cores: nengo-loihi's block.py --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("synapses", "weight_bits", "index_bits", "bits"),
    [
        # one axon to 256 targets in blocks of 64, header 10 bits, words of 64 bits
        (256, 8, 0, 2304),
        (128, 8, 8, 2176),
        (64, 8, 8, 1088),
        (26, 8, 8, 448),
        (256, 4, 0, 1280),
        (128, 4, 8, 1664),
        (64, 4, 8, 832),
        (256, 1, 0, 512),
        (128, 1, 8, 1280),
        (64, 1, 8, 640),
        (26, 1, 8, 256),
        (0, 8, 8, 0),
    ],
)
def test_bits_of_an_axon(synapses, weight_bits, index_bits, bits):
    assert axon_bits(synapses, weight_bits, index_bits, LOIHI) == bits


def test_a_layer_takes_the_smaller_of_dense_and_sparse_lists():
    weights = np.zeros((256, 3), int)
    weights[:64] = 1
    sparse = core_store(fc("fc", "input", weights), profile("loihi1"), LOIHI)
    assert (sparse.format, sparse.bits) == ("csr", 3 * 1088)
    full = core_store(fc("fc", "input", np.ones((256, 3), int)), profile("loihi1"), LOIHI)
    assert (full.format, full.bits) == ("dense", 3 * 2304)


def test_a_convolution_is_unrolled():
    layer = conv("conv1", "input", np.ones((8, 2, 3, 3), int), (10, 12))
    # 2 * 120 input pixels, each to 8 * 9 = 72 targets: blocks of 64 and 8
    bits = 240 * (576 + 128)
    assert core_store(layer, profile("loihi1"), LOIHI).bits == bits


def test_cores_by_hand():
    # 2000 neurons need 2 cores of 1024; 600 inputs * 2000 dense 8-bit weights, 1.2 MB, need 11 of 128 KiB
    layer = fc("fc", "input", np.ones((2000, 600), int))
    stored = core_store(layer, profile("loihi1"), LOIHI)
    assert stored.n_bytes == 600 * (31 * 576 + 192) // 8  # 31 blocks of 64, one of 16: roundup(138) = 192
    assert len(split(stored, LOIHI)) == 11
    pieces = [Piece("a", 700, 90_000, 10), Piece("b", 700, 30_000, 10), Piece("c", 300, 30_000, 10)]
    assert pack_cores(pieces, LOIHI) == 2  # a and c share one core, b has its own


def test_terms_of_a_many_core_by_hand():
    network = mlp([10, 20, 5], rate=0.5)
    cost = price(network, profile("loihi1"))
    synops = 4 * 0.5 * (10 * 20 + 20 * 5)
    assert cost.charged_ops == synops
    # more operations than neurons in each step: every update is active
    energy = synops * 23.6e-12 + 4 * 25 * 81e-12 + 20 * 0.5 * 4 * 1.7e-12
    assert cost.energy_j == pytest.approx(energy)
    step = max(100 * 3.5e-9 + 20 * 8.4e-9, 50 * 3.5e-9 + 5 * 8.4e-9) + 465e-9
    assert cost.latency_s == pytest.approx((4 + 1) * step)
    assert cost.static_energy_j == pytest.approx(cost.latency_s * (0.104 + 0.000815))


def test_the_share_of_an_operation_that_follows_the_bits():
    prices = replace(LOIHI.price, reference_bits=8, fixed_share=0.25)
    assert [prices.scale(bits) for bits in (8, 4, 2)] == [1.0, 0.625, 0.4375]
    assert prices.scale(4, 0.0) == 0.5
    assert LOIHI.price.scale(4) == 1.0  # unknown: nothing is gained
    (note,) = [n for n in price(mlp([10, 20, 5], bits=4), profile("loihi1")).notes if "lies from" in n]
    cost = price(mlp([10, 20, 5], bits=4), profile("loihi1"))
    low = cost.energy_j - cost.charged_ops * 0.5 * 23.6e-12
    assert f"{low:.3g} J" in note
    assert f"{cost.energy_j:.3g} J" in note


# --- convolution cores: sinabs ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("channels", "filters", "side", "size", "kernel", "neuron"),
    [
        # c * 2^(ceil(log2 k^2) + ceil(log2 f)); f * 2^(ceil(log2 h) + ceil(log2 w))
        (2, 8, 3, (64, 64), 2 * 2 ** (4 + 3), 8 * 2**12),
        (8, 9, 3, (33, 32), 8 * 2 ** (4 + 4), 9 * 2 ** (6 + 5)),
        (1, 1, 1, (1, 1), 1, 1),
        (16, 32, 5, (16, 16), 16 * 2 ** (5 + 5), 32 * 2**8),
    ],
)
def test_entries_by_hand(channels, filters, side, size, kernel, neuron):
    need = entries(conv("conv", "hidden", np.ones((filters, channels, side, side), int), size))
    assert (need.kernel, need.neuron, need.bias) == (kernel, neuron, filters)


def test_a_fully_connected_layer_is_a_convolution_over_its_whole_map():
    need = entries(fc("fc", "hidden", np.ones((10, 8 * 16), int), fan_columns=16))
    assert (need.kernel, need.neuron) == (8 * 2 ** (4 + 4), 10)


def test_layers_find_cores_by_a_maximum_flow():
    big = conv(
        "big", "hidden", np.ones((64, 64, 3, 3), int), (8, 8)
    )  # 65 536 kernel entries: cores 5 and 6 only
    small = conv("small", "hidden", np.ones((2, 2, 1, 1), int), (8, 8))
    network = Workload(1, 8, (small, small, big, small, big))
    found = assignment(network, SPECK)
    assert {found[2], found[4]} == {5, 6}
    assert len(set(found)) == 5
    crowded = assignment(replace(network, layers=(big, big, big)), SPECK)
    assert crowded.count(None) == 1


# --- FPGA: FINN's formulas ----------------------------------------------------------------------------------------
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


# --- packed formats ---
def test_a_small_format_that_is_slower_than_dense_says_so():
    network = mlp([64, 128, 10], density=0.65)  # csr: 65 % of the operations, each 18 cycles and not 11
    board = replace(profile("nrf52840"), formats=("csr",))
    notes = [note for note in price(network, board).notes if "dense would take" in note]
    assert len(notes) == 2
    ops = network.layers[0].ops
    assert f"{ops.nonzero * 18 - ops.dense * 11:,.0f} cycles fewer" in notes[0]
    sparse = price(mlp([64, 128, 10], density=0.2), board)
    assert not any("dense would take" in note for note in sparse.notes)


# --- crossbars ----------------------------------------------------------------------------------------------------
def test_a_crossbar_charges_every_zero():
    sparse, full = mlp([100, 50, 3], density=0.1), mlp([100, 50, 3])
    odin = profile("odin")
    assert price(sparse, odin).energy_j == price(full, odin).energy_j
    assert price(full, odin).energy_j == pytest.approx(4 * 0.2 * (5000 + 150) * 12.7e-12)
    assert price(full, odin).latency_s is None
    clocked = replace(odin, model=replace(odin.model, clock_hz=1e8))
    events = 0.2 * 4 * 150
    assert price(full, clocked).latency_s == pytest.approx((events * 513 + 4 * 512) / 1e8)


def test_an_all_in_price_takes_nothing_on_top():
    cost = price(mlp([100, 50, 3]), profile("truenorth"))
    assert cost.energy_j == pytest.approx(4 * 0.2 * 5150 * 26e-12)
    assert cost.static_energy_j is None
    assert cost.latency_s == pytest.approx(4e-3)
    assert any("all-in" in note for note in cost.notes)


# --- regression and roofline --------------------------------------------------------------------------------------
def test_an_npu_adds_one_processor_a_layer():
    network = mlp([16, 8, 4], bits=4, timesteps=1)
    cost = price(network, profile("akida_akd1500"))
    assert cost.weight_bytes == 64 + 16 + 2 * 2800
    assert (cost.energy_j, cost.latency_s) == (None, None)


def test_a_roofline_by_hand():
    orin = profile("orin_nano")
    orin = replace(orin, model=replace(orin.model, launch_s=1e-5, power_w=5.0))
    network = mlp([1000, 1000, 10])
    cost = price(network, orin)
    moved = cost.weight_bytes + cost.bias_bytes + 2 * cost.state_bytes + cost.buffer_bytes
    assert cost.latency_s == pytest.approx(4 * (moved / 68e9 + 2e-5))
    assert cost.energy_j == pytest.approx(5 * cost.latency_s)
    sparse = price(mlp([1000, 1000, 10], density=0.1), orin)
    assert sparse.latency_s == cost.latency_s
