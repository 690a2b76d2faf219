"""Timestep cores by hand, and against what rockpool says of documented networks.

The figures are those of rockpool 3.1.0 (devices/xylo/syns63300 and syns61201, power_cycles_model.py, called on
configurations of these shapes); its notebooks print the first three.
"""

from dataclasses import replace

import numpy as np
import pytest
from builders.devices import chain, conv, fc, mlp, profile
from builders.workloads import silent

from hwsearch.hardware.cost_model import price
from hwsearch.hardware.families.step_cycles import StepNetwork, cycles_per_step, step_network, synapses

XYLO_2, XYLO_3, XYLO_IMU = (profile(name).model for name in ("xylo_audio2", "xylo_audio3", "xylo_imu"))


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
    network = step_network(chain(4, 8, (first, middle, last)))
    # 3 weights between 5 hidden neurons; neuron 1 of the first layer reads nothing, neuron 1 of the second is unread
    assert (network.inputs, network.hidden, network.readout) == (2, 5, 1)
    assert (network.reached, network.read, network.fan_out) == (2, 1, 3 / 5)
    assert network.input_rate == 0.5
    assert network.hidden_rate == pytest.approx((3 * 0.5 + 2 * 0.25) / 5)


def test_recurrent_weights_are_synapses_between_hidden_neurons():
    network = silent("r5", (1, 1, 4))
    seen = step_network(network)
    assert (seen.inputs, seen.hidden, seen.readout, seen.reached, seen.read) == (4, 5, 3, 5, 5)
    assert seen.fan_out == 25 / 5


def test_a_step_core_shares_no_weights():
    middle = conv("c2", "hidden", np.ones((2, 1, 3, 3), int), (4, 5))
    assert synapses(middle.connection) == 18 * 20
    first = conv("c1", "input", np.ones((1, 1, 3, 3), int), (4, 5))
    last = fc("readout", "readout", np.ones((2, 40), int), fan_columns=20)
    network = chain(4, 8, (first, middle, last))
    assert step_network(network).fan_out == 360 / 60
    assert price(network, profile("xylo_audio3")).weight_bytes == 9 * 20 + 360 + 80


def test_latency_of_a_step_core_is_cycles_with_margin_over_the_clock():
    network = mlp([16, 20, 4])
    cost = price(network, profile("xylo_imu"))
    cycles = 4 * cycles_per_step(step_network(network), XYLO_IMU)
    assert cost.latency_s == pytest.approx(cycles * 1.2 / 6.25e6)
    assert cost.energy_j is None
    assert cost.static_energy_j == pytest.approx(cost.latency_s * 188.2e-6)


@pytest.mark.parametrize(
    ("inputs", "weights", "cycles", "step_s", "clock_mhz", "model"),
    [
        (
            2,
            32,
            562,
            1e-3,
            "0.67",
            XYLO_3,
        ),  # docs/devices/quick-xylo/xylo-audio-power.ipynb prints both figures
        (2, 31, 555, 1e-2, "0.07", XYLO_3),  # an earlier run of it: one hidden weight was quantised to zero
        (15, 32, 757, 5e-3, "0.18", XYLO_IMU),  # the 15 channels of the IMU's interface, a step of its 200 Hz
    ],
)
def test_xylo_notebooks(inputs, weights, cycles, step_s, clock_mhz, model):
    """The notebooks' worst case: all fire; 4 neurons, then 4 recurrent ones with a residual connection, 2 outputs.

    The residual connection makes 4 of the 8 neurons aliases of the others. hwsearch builds no residual connection;
    rockpool charges an alias in a network where all fire with 3 cycles at its target and 1 at its source.
    """
    network = StepNetwork(inputs, 8, 2, 4, 4, weights / 8, 1.0, 1.0)
    aliases = 4 * (3 + 1)
    assert cycles_per_step(network, model) + aliases == cycles
    assert f"{cycles * (1 + model.margin) / step_s / 1e6:.2f}" == clock_mhz


@pytest.mark.parametrize(
    ("network", "imu", "audio_2"),
    [
        # the rare-sounds network of Using_XyloSamna_and_XyloMonitor.ipynb: 16-63-63-63-4, dense
        (StepNetwork(16, 189, 4, 63, 63, 7938 / 189, 1.0, 1.0), 65_962.0, 77_176.0),
        (StepNetwork(16, 189, 4, 63, 63, 7938 / 189, 0.2, 0.05), 7_838.2, 9_457.3),
        # random masks: 16-60-40-8 with 474 hidden weights, 58 neurons reached, 37 read; 9-20-5, 6 reached, 3 read
        (StepNetwork(16, 100, 8, 58, 37, 4.74, 1.0, 1.0), 11_583.0, 18_030.0),
        (StepNetwork(16, 100, 8, 58, 37, 4.74, 0.2, 0.05), 3_262.75, 3_937.9),
        (StepNetwork(9, 20, 5, 6, 3, 0.0, 1.0, 1.0), 881.0, 2_019.0),
        (StepNetwork(9, 20, 5, 6, 3, 0.0, 0.2, 0.05), 555.95, 679.0),
    ],
)
def test_xylo_networks_without_aliases(network, imu, audio_2):
    assert cycles_per_step(network, XYLO_IMU) == pytest.approx(imu, rel=1e-12)
    assert cycles_per_step(network, XYLO_3) == pytest.approx(imu, rel=1e-12)
    assert cycles_per_step(network, XYLO_2) == pytest.approx(audio_2, rel=1e-12)
