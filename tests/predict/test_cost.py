"""Predicted workloads: by hand, and the measured one where the firing is as predicted."""

import numpy as np
import pytest
from builders.stacks import CONV, MLP, X, spec, tickets

from hwsearch.measure.workload import count_workload
from hwsearch.network.fold import fold
from hwsearch.network.integer import Run, run_integer
from hwsearch.network.integers import Widths
from hwsearch.predict.cost import predict_workload


def run(pixels, spikes):
    """Return what a dense network of one hidden layer did: events of each pixel, spikes of each neuron."""
    spikes = np.array(spikes, float)
    return Run(np.zeros((1, 3), np.int64), (np.full((1, 6, 6), float(pixels)), spikes), (spikes,), None)


def test_by_hand():
    # fc2 on 36 inputs of one event each; neuron 0 fires 4 times, neuron 1 never, and the second keeps one weight
    network = spec("fc2")
    first, readout = np.ones((2, 36), bool), np.ones((3, 2), bool)
    first[1, 1:] = False
    work = predict_workload(network, (first, readout), (4, 2), 3, run(1, [4.0, 0.0]))
    assert [layer.name for layer in work.layers] == ["fc1", "readout"]
    assert [layer.weight_bits for layer in work.layers] == [4, 2]
    assert work.macs == 36 + 1
    # a channel that was silent in the dense network may fire after training: it is still stored
    assert work.layers[1].census.nonzero == 6
    assert work.synaptic_ops == 4 * 3
    assert work.layers[0].spikes_out == 4.0


def test_a_channel_that_nothing_reads_is_not_counted():
    network = spec("fc2")
    first, readout = np.ones((2, 36), bool), np.ones((3, 2), bool)
    readout[:, 0] = False
    work = predict_workload(network, (first, readout), (8, 8), 3, run(1, [4.0, 2.0]))
    assert work.layers[0].neurons == 1
    assert work.synaptic_ops == 2 * 3


@pytest.mark.parametrize(("topology", "kinds"), [("fc12-fc8", MLP), ("4c3-p2-4c3-fc8", CONV)])
def test_predicted_work_is_an_upper_bound_for_the_dense_network_and_falls_with_its_masks(topology, kinds):
    network = spec(topology)
    everything, *rest = tickets(network, [("weight", 0.0, 8), *kinds])
    dense = fold(network, everything.params, everything.masks, everything.bits, 3, Widths())
    measured = run_integer(dense, X[:20])
    predicted = predict_workload(network, everything.masks, everything.bits, 3, measured)
    counted = count_workload(dense, measured.input_maps, measured.spikes)
    assert [layer.spikes_in for layer in predicted.layers] == [layer.spikes_in for layer in counted.layers]
    assert predicted.synaptic_ops > 0
    assert predicted.synaptic_ops >= counted.synaptic_ops  # the quantiser can only add zeros
    for ticket in rest:
        work = predict_workload(network, ticket.masks, ticket.bits, 3, measured)
        nonzero = sum(layer.census.nonzero for layer in work.layers)
        assert nonzero <= sum(int(mask.sum()) for mask in ticket.masks)
        assert work.synaptic_ops <= predicted.synaptic_ops


def test_layers_that_were_counted_are_not_counted_again():
    network, cache = spec("fc2"), {}
    masks = (np.ones((2, 36), bool), np.ones((3, 2), bool))
    dense = run(1, [4.0, 2.0])
    first = predict_workload(network, masks, (8, 8), 3, dense, cache)
    assert len(cache) == 2
    assert predict_workload(network, masks, (4, 4), 3, dense, cache).synaptic_ops == first.synaptic_ops
    assert len(cache) == 2
