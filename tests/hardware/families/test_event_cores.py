"""Convolution cores by hand, and against what sinabs says of documented networks.

The figures are those of sinabs 3.1.3 (DynapcnnLayer.memory_summary, get_valid_mapping with the constraints of its
DynapcnnConfigBuilder).
"""

from dataclasses import replace

import numpy as np
import pytest
from builders.devices import chain, conv, fc, profile

from hwsearch.hardware.families.event_cores import assignment, entries
from hwsearch.hardware.rules.family_rules import layers_find_cores

SPECK = profile("speck2f")
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


def needs(network):
    return [entries(population, incoming) for population, incoming in network.joined()]


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
    layer = conv("conv", "hidden", np.ones((filters, channels, side, side), int), size)
    (need,) = needs(chain(1, 8, [layer]))
    assert (need.kernel, need.neuron, need.bias) == (kernel, neuron, filters)


def test_a_fully_connected_layer_is_a_convolution_over_its_whole_map():
    (need,) = needs(chain(1, 8, [fc("fc", "hidden", np.ones((10, 8 * 16), int), fan_columns=16)]))
    assert (need.kernel, need.neuron) == (8 * 2 ** (4 + 4), 10)


def test_layers_find_cores_by_a_maximum_flow():
    big = conv(
        "big", "hidden", np.ones((64, 64, 3, 3), int), (8, 8)
    )  # 65 536 kernel entries: cores 5 and 6 only
    small = conv("small", "hidden", np.ones((2, 2, 1, 1), int), (8, 8))
    network = chain(1, 8, (small, small, big, small, big))
    found = assignment(network, SPECK.model)
    assert {found[2], found[4]} == {5, 6}
    assert len(set(found)) == 5
    crowded = assignment(chain(1, 8, (big, big, big)), SPECK.model)
    assert crowded.count(None) == 1


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
    return chain(4, 8, built)


@pytest.mark.parametrize("name", DOCUMENTED)
def test_speck_memories_of_documented_networks(name):
    layers, memories, cores = DOCUMENTED[name]
    network = speck(*layers)
    found = needs(network)
    assert [(layer.kernel, layer.neuron) for layer in found] == memories
    ours = assignment(network, SPECK.model)
    if cores is None:
        assert ours == [None]
        assert [violation.rule for violation in layers_find_cores(network, SPECK)] == ["layers_find_cores"]
        return
    # other cores than sinabs' may hold a layer too: each layer has one, none twice, and sinabs' choice fits as well
    assert sorted(ours) == sorted(set(ours))
    for layer, our_core, their_core in zip(found, ours, cores, strict=True):
        for core in (our_core, their_core):
            assert layer.kernel <= SPECK.model.kernel_entries[core]
            assert layer.neuron <= SPECK.model.neuron_entries[core]
    assert not list(layers_find_cores(network, SPECK))


def test_speck_layers_in_their_own_order_do_not_fit():
    """sinabs refuses its large network on cores 0 to 8 in order: only an assignment places it."""
    layers, _, _ = DOCUMENTED["tests/test_dynapcnn/test_large_net.py"]
    fits = [
        need.kernel <= kernel and need.neuron <= neuron
        for need, kernel, neuron in zip(
            needs(speck(*layers)), SPECK.model.kernel_entries, SPECK.model.neuron_entries, strict=True
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
