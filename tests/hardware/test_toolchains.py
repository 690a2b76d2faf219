"""What two toolchains themselves say of documented networks: cycles of a Xylo step, memories and cores of Speck.

The Xylo figures are those of rockpool 3.1.0 (devices/xylo/syns63300 and syns61201, power_cycles_model.py, called on
configurations of these shapes); its notebooks print the first three. The Speck figures are those of sinabs 3.1.3
(DynapcnnLayer.memory_summary, get_valid_mapping with the constraints of its DynapcnnConfigBuilder).
"""

from dataclasses import replace

import numpy as np
import pytest
from builders.devices import conv, fc, profile

from hwsearch.hardware.families.event_cores import assignment, entries
from hwsearch.hardware.families.step_cycles import StepNetwork, cycles_per_step
from hwsearch.hardware.rules.mapping_rules import layers_find_cores
from hwsearch.hardware.workload import Workload

XYLO_2, XYLO_3, XYLO_IMU = (profile(name).model for name in ("xylo_audio2", "xylo_audio3", "xylo_imu"))
SPECK = profile("speck2f")


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


def speck(*layers):
    """Return a network of (outputs, inputs, kernel side, side of its map) layers; side 0: fully connected."""
    built = []
    for index, (n_out, n_in, kernel, side) in enumerate(layers):
        name = f"layer{index}"
        if side:
            built.append(conv(name, "hidden", np.ones((n_out, n_in, kernel, kernel), int), (side, side)))
        else:
            weights = np.ones((n_out, n_in * kernel**2), int)
            built.append(fc(name, "hidden", weights, fan_columns=kernel**2))
    return Workload(4, 8, tuple(built))


# name: layers, (kernel, neuron) entries of each, core of each as sinabs assigns (None: no valid mapping)
DOCUMENTED = {
    "tests/test_dynapcnn/test_large_net.py": (
        [(16, 2, 2, 64), (16, 16, 3, 64), (32, 16, 3, 32), (32, 32, 3, 16), (64, 32, 3, 8), (64, 64, 3, 4),
         (256, 64, 2, 1), (128, 256, 1, 1), (1, 128, 1, 1)],
        [(128, 65536), (4096, 65536), (8192, 32768), (16384, 8192), (32768, 4096), (65536, 1024),
         (65536, 256), (32768, 128), (128, 1)],
        [0, 1, 2, 8, 4, 5, 6, 3, 7],
    ),
    "tests/test_dynapcnn/test_auto_mapping.py": (
        [(20, 1, 5, 24), (32, 20, 5, 8), (128, 32, 3, 2), (500, 128, 1, 0), (10, 500, 1, 0)],
        [(1024, 20480), (20480, 2048), (65536, 512), (65536, 500), (8000, 10)],
        [0, 3, 5, 6, 1],
    ),
    "docs/speck/notebooks/nmnist_quick_start.ipynb": (
        [(8, 2, 3, 34), (16, 8, 3, 17), (16, 16, 3, 4), (10, 16, 4, 0)],
        [(256, 32768), (2048, 16384), (4096, 256), (4096, 10)],
        [0, 1, 2, 3],
    ),
    "docs/speck/overview.md": ([(32, 16, 3, 64)], [(8192, 131072)], None),
}  # fmt: skip


@pytest.mark.parametrize("name", DOCUMENTED)
def test_speck_memories_of_documented_networks(name):
    layers, memories, cores = DOCUMENTED[name]
    network = speck(*layers)
    found = [entries(layer) for layer in network.layers]
    assert [(one.kernel, one.neuron) for one in found] == memories
    ours = assignment(network, SPECK.model)
    if cores is None:
        assert ours == [None]
        assert [one.rule for one in layers_find_cores(network, SPECK)] == ["layers_find_cores"]
        return
    # other cores than sinabs' may hold a layer too: each layer has one, none twice, and sinabs' choice fits as well
    assert sorted(ours) == sorted(set(ours))
    for layer, own, theirs in zip(found, ours, cores, strict=True):
        for core in (own, theirs):
            assert layer.kernel <= SPECK.model.kernel_entries[core]
            assert layer.neuron <= SPECK.model.neuron_entries[core]
    assert not list(layers_find_cores(network, SPECK))


def test_speck_layers_in_their_own_order_do_not_fit():
    """sinabs refuses its large network on cores 0 to 8 in order: only an assignment places it."""
    layers, _, _ = DOCUMENTED["tests/test_dynapcnn/test_large_net.py"]
    needs = [entries(layer) for layer in speck(*layers).layers]
    fits = [
        need.kernel <= kernel and need.neuron <= neuron
        for need, kernel, neuron in zip(
            needs, SPECK.model.kernel_entries, SPECK.model.neuron_entries, strict=True
        )
    ]
    assert fits == [True, True, True, True, True, True, True, False, True]


def test_a_layer_too_many_finds_no_core():
    layers, _, _ = DOCUMENTED["tests/test_dynapcnn/test_large_net.py"]
    assert assignment(speck(*layers, (1, 1, 1, 1)), SPECK.model).count(None) == 1
    # three layers of 65536 kernel entries, two cores of them
    assert assignment(speck(*[(64, 64, 3, 4)] * 3), SPECK.model).count(None) == 1
    half = replace(SPECK.model, kernel_entries=(65536,) * 9)
    assert assignment(speck(*[(64, 64, 3, 4)] * 3), half).count(None) == 0
