"""Predicted workloads: by hand, and the measured one where the firing is as predicted."""

from dataclasses import replace

import numpy as np
import pytest
from builders.devices import IDS, profile
from builders.graphs import spec
from builders.random_networks import random_spec
from builders.stacks import CONV, MLP, X
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.compress.masks import prune
from hwsearch.hardware.cost_model import price
from hwsearch.hardware.rules.check import violations
from hwsearch.measure.workload import count_workload
from hwsearch.network.fold import fold
from hwsearch.network.integer import Run, run_integer
from hwsearch.network.integers import IntegerConnection, IntegerNetwork, IntegerPopulation, Widths
from hwsearch.network.params import initial_params
from hwsearch.network.shrink import shrink
from hwsearch.predict import cost
from hwsearch.predict.cost import Counted, predict_workload


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
    assert [c.name for c in work.connections] == ["fc1", "readout"]
    assert [c.weight_bits for c in work.connections] == [4, 2]
    assert work.macs == 36 + 1
    # a channel that was silent in the dense network may fire after training: it is still stored
    assert work.connections[1].census.nonzero == 6
    assert work.synaptic_ops == 4 * 3
    assert work.populations[0].spikes_out == 4.0


def test_a_channel_that_nothing_reads_is_not_counted():
    network = spec("fc2")
    first, readout = np.ones((2, 36), bool), np.ones((3, 2), bool)
    readout[:, 0] = False
    work = predict_workload(network, (first, readout), (8, 8), 3, run(1, [4.0, 2.0]))
    assert work.populations[0].neurons == 1
    assert work.synaptic_ops == 2 * 3


@pytest.mark.parametrize(("topology", "kinds"), [("fc12-fc8", MLP), ("4c3-p2-4c3-fc8", CONV)])
def test_predicted_work_is_an_upper_bound_for_the_dense_network_and_falls_with_its_masks(topology, kinds):
    network = spec(topology, threshold=0.3)
    params = initial_params(network, 0)
    every = [np.ones(weight.shape, bool) for weight in params.weights]
    dense = fold(network, params, every, (8,) * len(every), 3, Widths())
    measured = run_integer(dense, X[:20])
    predicted = predict_workload(network, every, (8,) * len(every), 3, measured)
    counted = count_workload(dense, measured.input_maps, measured.spikes)
    assert [c.spikes_in for c in predicted.connections] == [c.spikes_in for c in counted.connections]
    assert predicted.synaptic_ops > 0
    assert predicted.synaptic_ops >= counted.synaptic_ops  # the quantiser can only add zeros
    for granularity, sparsity, bits in kinds:
        masks = prune(network.connections, params.weights, granularity, sparsity)
        work = predict_workload(network, masks, (bits,) * len(masks), 3, measured)
        nonzero = sum(c.census.nonzero for c in work.connections)
        assert nonzero <= sum(int(mask.sum()) for mask in masks)
        assert work.synaptic_ops <= predicted.synaptic_ops


def test_layers_that_were_counted_are_not_counted_again(monkeypatch):
    network, cache = spec("fc2"), Counted()
    every, holed = (
        (np.ones((2, 36), bool), np.ones((3, 2), bool)),
        (np.ones((2, 36), bool), np.ones((3, 2), bool)),
    )
    holed[0][1, 5] = False
    dense = run(1, [4.0, 2.0])

    def alike(masks, bits, timesteps=3, of=dense):
        work = predict_workload(network, masks, bits, timesteps, of, cache)
        assert work == predict_workload(network, masks, bits, timesteps, of)
        return len(cache.connections)

    assert alike(every, (8, 8)) == 2
    assert alike(every, (4, 8)) == 2  # other bits: the same counts
    assert alike(holed, (4, 8)) == 3  # another hole: not
    assert alike(every, (8, 8), timesteps=2) == 5
    assert alike(every, (8, 8), of=run(2, [4.0, 2.0])) == 2  # nor of another dense network
    monkeypatch.setattr(cost, "_MOST_COUNTED", 2)  # a full memory is emptied, not grown
    assert alike(holed, (8, 8), of=run(2, [4.0, 2.0])) == 2


@settings(deadline=None, max_examples=30, derandomize=True)
@given(st.integers(0, 2**32 - 1))
def test_what_was_counted_of_other_candidates_changes_nothing_on_random_graphs(seed):
    rng, cache = np.random.default_rng(seed), Counted()
    own = random_spec(rng)
    timesteps = own.input.frames or 3
    spikes = tuple(rng.random(p.channels) for p in own.populations[:-1])
    maps = tuple(rng.random(n) for n in map(_inputs, own.connections))
    dense = Run(np.zeros((1, 3), np.int64), maps, spikes, None)
    for _ in range(6):
        share = rng.choice([0.1, 0.5, 1.0], len(maps))
        masks = [rng.random(c.weight_shape) < p for c, p in zip(own.connections, share, strict=True)]
        bits = tuple(int(b) for b in rng.choice([2, 4], len(masks)))
        known = predict_workload(own, masks, bits, timesteps, dense, cache)
        assert known == predict_workload(own, masks, bits, timesteps, dense)
        assert price(known, profile("nrf52840")) == price(
            predict_workload(own, masks, bits, timesteps, dense), profile("nrf52840")
        )


def _inputs(connection):
    """Return the shape of what a connection reads."""
    if connection.kind == "fc":
        return (connection.in_channels,)
    return (connection.in_channels, *connection.in_size)


SPELLINGS = [
    "4c3s2-dw3-gap-fc5", "3c3x1-res(3c3-3c3)-p2x1-fc4", "res(r5)-r4", "2c1-dw3s2-res(4c1)-fc5", "r4-res(fc4)",
]  # fmt: skip


@settings(deadline=None, max_examples=25, derandomize=True)
@given(st.sampled_from(SPELLINGS), st.integers(0, 999), st.sampled_from([None, 4, 6]))
def test_predicted_is_measured_where_the_firing_is_the_same(spelling, seed, frames):
    rng = np.random.default_rng(seed)
    own = spec(spelling, (2, 6, 6), frames=frames, input_max=int(rng.choice([1, 9])))
    predicted, measured = predicted_and_measured(rng, own, 4)
    assert predicted == measured
    for ident in IDS:
        assert price(predicted, profile(ident)) == price(measured, profile(ident))


@settings(deadline=None, max_examples=200, derandomize=True)
@given(st.integers(0, 2**32 - 1))
def test_predicted_is_measured_on_random_graphs(seed):
    rng = np.random.default_rng(seed)
    own = random_spec(rng)
    predicted, measured = predicted_and_measured(rng, own, int(rng.integers(1, (own.input.frames or 6) + 1)))
    assert predicted == measured
    device = profile(IDS[seed % len(IDS)])
    assert price(predicted, device) == price(measured, device)


def predicted_and_measured(rng, own, timesteps):
    """Return the work of a pruned network before and after training, if it fires in both as its whole does."""
    # biases that fire: no channel is silent, so what goes hangs on the masks alone
    populations = tuple(
        IntegerPopulation(
            p, np.ones(p.channels, np.int64), None if p.law is None else np.ones(p.channels, np.int64)
        )
        for p in own.populations
    )
    weights = [
        rng.integers(1, 3, c.weight_shape) * (rng.random(c.weight_shape) < 0.3) for c in own.connections
    ]
    connections = tuple(IntegerConnection(c, w, 0) for c, w in zip(own.connections, weights, strict=True))
    bits = (4,) * len(weights)
    whole = IntegerNetwork(populations, connections, bits, timesteps, own.input, own.readout, 16)
    shape = (5, *(() if own.input.still else (own.input.frames,)), *own.input.shape)
    x = rng.integers(0, own.input.max + 1, shape).astype(np.uint16)
    slim, _ = shrink(whole)
    run_of_slim = run_integer(slim, x)
    measured = count_workload(slim, run_of_slim.input_maps, run_of_slim.spikes)
    predicted = predict_workload(own, [w != 0 for w in weights], bits, timesteps, run_integer(whole, x))
    return predicted, measured


@pytest.mark.parametrize("spelling", ["16c3-8c3s2-fc12", "8c3-res(16c3-8c3)-dw3-fc8", "r16-fc8"])
def test_proposals_keep_a_multiple_of_channels(spelling):
    device = profile("nrf52840")
    device = replace(device, limits=replace(device.limits, channel_multiple=4))
    own = replace(spec(spelling, (2, 6, 6)), channel_multiple=4)
    params, rng = initial_params(own, 0), np.random.default_rng(0)
    whole = fold(
        own, params, [np.ones(w.shape, bool) for w in params.weights], (8,) * len(params.weights), 3, Widths()
    )
    dense = run_integer(whole, rng.integers(0, 17, (5, 2, 6, 6)).astype(np.uint8))
    for sparsity in (0.1, 0.3, 0.5, 0.7, 0.9):
        scope = str(rng.choice(["global", "layer"]))
        masks = prune(own.connections, params.weights, "channel", sparsity, scope=scope, multiple=4)
        work = predict_workload(own, masks, (8,) * len(masks), 3, dense)
        assert [v.rule for v in violations(work, device) if v.rule == "channels_in_multiples"] == []
