"""Counts by hand, and against NeuroBench itself on pruned networks."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hwsearch.network.topology import NetworkSpec, layer_shapes

from hwsearch.measure import workload
from hwsearch.measure.workload import count_workload
from hwsearch.network.fold import fold
from hwsearch.network.integer import run_integer
from hwsearch.network.integers import IntegerLayer, IntegerNetwork, Widths
from hwsearch.network.shrink import shrink
from hwsearch.network.stack import initial_params


def test_a_small_network_by_hand():
    # inputs 3 and 0, one step; fc1: neuron 0 reads both, neuron 1 reads only the zero input
    first = IntegerLayer(
        "fc1", "fc", np.array([[2, 1], [0, 4]]), np.array([0, 0]), np.array([5, 5]), 0, 1, (1, 1), 1
    )
    last = IntegerLayer(
        "readout", "fc", np.array([[1, 0], [1, 1], [0, 1]]), np.zeros(3, int), None, 0, 1, (1, 1), 1
    )
    net = IntegerNetwork((first, last), (4, 2), 2, 1, "zero", "max", (1, 1, 2), 10, 4, 16)
    run = run_integer(net, np.array([[[[3, 0]]]], np.uint8))
    work = count_workload(net, run.input_maps, run.spikes)
    # neuron 0 gets 6 >= 5 in both steps: 2 spikes; neuron 1 gets 0. The only non-zero input meets one non-zero weight
    assert work.macs == 1.0
    assert work.layers[0].ops.dense == 2.0
    assert work.layers[0].spikes_in == 1.0
    assert work.layers[0].spikes_out == 2.0
    # 2 spikes of neuron 0, read by two non-zero weights out of three
    assert work.synaptic_ops == 4.0
    assert work.layers[1].ops.dense == 6.0
    # every row of the readout has a block that holds a non-zero, so every block is stored
    assert work.layers[1].ops.blocks == (6.0, 6.0)
    assert work.neuron_updates == 2 * (2 + 3)


def test_a_conv_layer_by_hand():
    # one pixel spikes in the corner of a 3 x 3 map: a 3 x 3 kernel has 4 of its 9 taps inside, all ones but the centre
    kernel = np.ones((1, 1, 3, 3), int)
    kernel[0, 0, 1, 1] = 0
    layer = IntegerLayer("conv1", "conv", kernel, np.array([0]), np.array([99]), 0, 1, (3, 3), 1)
    last = IntegerLayer("readout", "fc", np.ones((2, 9), int), np.zeros(2, int), None, 0, 1, (1, 1), 9)
    net = IntegerNetwork((layer, last), (4, 4), 1, 1, "zero", "max", (1, 3, 3), 10, 4, 16)
    x = np.zeros((1, 1, 3, 3), np.uint8)
    x[0, 0, 0, 0] = 1
    run = run_integer(net, x)
    ops = count_workload(net, run.input_maps, run.spikes).layers[0].ops
    assert (ops.nonzero, ops.dense, ops.planes) == (3.0, 4.0, 4.0)


def test_a_layer_that_was_counted_before_is_not_counted_again(monkeypatch):
    first = IntegerLayer(
        "fc1", "fc", np.array([[2, 1], [0, 4]]), np.array([0, 0]), np.array([5, 5]), 0, 1, (1, 1), 1
    )
    last = IntegerLayer("readout", "fc", np.array([[1, 0], [1, 1]]), np.zeros(2, int), None, 0, 1, (1, 1), 1)
    net = IntegerNetwork((first, last), (4, 2), 2, 1, "zero", "max", (1, 1, 2), 10, 4, 16)
    maps, spikes = [np.array([[[3.0, 1.0]]]), np.array([2.0, 0.5])], [np.array([2.0, 0.5])]
    counted = {}
    assert count_workload(net, maps, spikes, counted) == count_workload(net, maps, spikes)
    assert len(counted) == 2
    # fewer bits, other values at the same places: the same counts; other events or another hole: not
    same = replace(net, layers=(replace(first, weight=first.weight // 2 + first.weight % 2), last))
    assert count_workload(same, maps, spikes, counted) == count_workload(same, maps, spikes)
    assert len(counted) == 2
    busier = [maps[0], maps[1] + 1.0]
    assert count_workload(net, busier, spikes, counted) == count_workload(net, busier, spikes)
    hole = replace(net, layers=(replace(first, weight=np.array([[2, 0], [1, 4]])), last))
    assert count_workload(hole, maps, spikes, counted) == count_workload(hole, maps, spikes)
    assert len(counted) == 4
    monkeypatch.setattr(workload, "_MOST_COUNTED", 4)  # a full memory is emptied, not grown
    whole = replace(net, layers=(replace(first, weight=np.ones((2, 2), int)), last))
    assert count_workload(whole, maps, spikes, counted) == count_workload(whole, maps, spikes)
    assert len(counted) == 2


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("topology", ["fc24-fc16", "4c3-p2-6c3-fc12"])
def test_equals_neurobench_on_a_pruned_network(topology):
    pytest.importorskip("neurobench", reason="the extra `test` installs NeuroBench")
    from builders.spikingjelly_network import spikingjelly_network
    from neurobench.benchmarks import Benchmark
    from neurobench.metrics.workload import ClassificationAccuracy, SynapticOperations
    from neurobench.models import TorchModel
    from spikingjelly.activation_based import functional, neuron
    from torch.utils.data import DataLoader, TensorDataset

    rng = np.random.default_rng(0)
    # integrate-and-fire: without the rounding of a leak, floats and integers spike alike
    spec = NetworkSpec(
        layer_shapes(topology, (1, 8, 8), 5), 1, 0.3, "zero", False, "max", (1, 8, 8), 16, 5, 5,
        quantise_first=False,  # else these random weights leave too few spikes to count
    )  # fmt: skip
    params = initial_params(spec, 1)
    masks = [rng.random(layer.weight.shape) < 0.4 for layer in params]
    net, _ = shrink(fold(spec, params, masks, (4,) * len(params), 6, Widths()))
    x = rng.integers(0, 17, (40, 1, 8, 8)).astype(np.uint8)
    y = rng.integers(0, 5, 40)
    run = run_integer(net, x)
    work = count_workload(net, run.input_maps, run.spikes)
    assert work.synaptic_ops > 100

    class Model(TorchModel):
        def __init__(self, module):
            super().__init__(module)
            self.add_activation_module(neuron.BaseNode)

        def __call__(self, batch):
            functional.reset_net(self.net)
            return self.net(batch.transpose(0, 1)).sum(0)

    module = spikingjelly_network(net).eval()
    sequence = torch.from_numpy(x).double().unsqueeze(1).repeat(1, 6, 1, 1, 1)
    loader = DataLoader(TensorDataset(sequence, torch.from_numpy(y)), 40)
    model = Model(module)
    with torch.no_grad():
        assert np.array_equal(model(sequence).argmax(1).numpy(), run.predictions)
        result = Benchmark(
            model,
            loader,
            [],
            [lambda out: out.argmax(-1)],
            [[], [ClassificationAccuracy, SynapticOperations]],
        ).run(quiet=True)
    theirs = result["SynapticOperations"]
    assert theirs["Effective_ACs"] == pytest.approx(work.synaptic_ops, rel=1e-6)
    # NeuroBench multiplies the static input anew in each of the 6 steps; the device keeps its current
    assert theirs["Effective_MACs"] == pytest.approx(6 * work.macs, rel=1e-6)
