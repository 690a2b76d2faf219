"""Arrays of axons times neurons by hand: every zero is charged."""

from dataclasses import replace

import numpy as np
import pytest
from builders.devices import chain, fc, mlp, profile
from builders.workloads import silent

from hwsearch.hardware.cost_model import price
from hwsearch.hardware.families.crossbar import arrays, swept_once


def test_a_crossbar_charges_every_zero():
    sparse, full = mlp([100, 50, 3], density=0.1), mlp([100, 50, 3])
    odin = profile("odin")
    assert price(sparse, odin).energy_j == price(full, odin).energy_j
    assert price(full, odin).energy_j == pytest.approx(4 * 0.2 * (5000 + 150) * 12.7e-12)
    assert price(full, odin).latency_s is None
    clocked = replace(odin, model=replace(odin.model, clock_hz=1e8))
    events = 0.2 * 4 * 150
    assert price(full, clocked).latency_s == pytest.approx((events * 513 + 4 * 512) / 1e8)


def test_one_array_sweeps_a_spike_once_whoever_reads_it():
    network = silent("r5", (1, 1, 4))
    odin, truenorth = profile("odin").model, profile("truenorth").model
    # the recurrent spikes arrive a timestep later: they are other events than those that the readout gets
    assert [c.name for c in swept_once(network, odin)] == ["rec1", "rec1.back", "readout"]
    block = silent("fc5-res(fc5)", (1, 1, 4))
    assert [c.name for c in swept_once(block, odin)] == ["fc1", "fc2", "readout"]
    assert len(swept_once(block, truenorth)) == 4


def test_an_all_in_price_takes_nothing_on_top():
    cost = price(mlp([100, 50, 3]), profile("truenorth"))
    assert cost.energy_j == pytest.approx(4 * 0.2 * 5150 * 26e-12)
    assert cost.static_energy_j is None
    assert cost.latency_s == pytest.approx(4e-3)
    assert any("all-in" in note for note in cost.notes)


@pytest.mark.parametrize(("neurons", "taken"), [(1, 1), (256, 1), (257, 2), (512, 2)])
def test_a_layer_takes_whole_arrays(neurons, taken):
    device = profile("truenorth")
    layer = fc("fc", "readout", np.ones((neurons, 3), int))
    assert arrays(layer.population, device.model) == taken
    # 256 x 256 synapses of the widest weight, 2 bits
    assert price(chain(4, 8, (layer,)), device).weight_bytes == taken * 16_384
