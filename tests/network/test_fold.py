"""Folding of scales, biases and batch normalisation into integers."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from builders.graphs import spec as graph

from hwsearch.compress.census import census
from hwsearch.compress.masks import GRANULARITIES, prune
from hwsearch.compress.packing import pack, unpack
from hwsearch.compress.quantise import Quantiser
from hwsearch.graph.graph import Readout
from hwsearch.hardware.storage import FORMATS, stored_bytes
from hwsearch.measure.floats import logits
from hwsearch.network.fold import fold
from hwsearch.network.integer import run_integer
from hwsearch.network.integers import Widths, overflows
from hwsearch.network.params import Params, Ticket, initial_params
from hwsearch.network.shrink import shrink
from hwsearch.network.stack import Stack


def spec(topology="fc2", shape=(1, 1, 2), classes=2, **changes):
    return graph(topology, shape, classes, **{"input_max": 10} | changes)


def ones(own):
    return tuple(np.ones(c.weight_shape, bool) for c in own.connections)


def params_of(*layers):
    """Return the parameters of a chain: of each layer its weight, bias and norm."""
    return Params(*(tuple(part) for part in zip(*layers, strict=True)))


def chain_of(net):
    """Return each connection of a chain with the population that it enters."""
    return list(zip(net.connections, net.populations, strict=True))


READOUT = np.array([[1.0, -0.5], [0.25, 0.5]], np.float32), np.array([0.1, -0.2], np.float32), None


def test_scales_thresholds_and_biases_by_hand():
    # 8 bits: channel 0 scale 1.27/127 = 0.01, channel 1 0.508/127 = 0.004; an input count is worth 1/10
    first = np.array([[1.27, -0.3], [0.1, 0.508]], np.float32), np.array([0.5, -0.25], np.float32), None
    net = fold(spec(), params_of(first, READOUT), ones(spec()), (8, 8), 4, Widths(32, 32, 32, 32))
    (connection, layer), (last, readout) = chain_of(net)
    assert connection.weight.tolist() == [[127, -30], [25, 127]]
    # S = 0.01 / 10 = 0.001 and 0.0004; f = 8: th = 1 / 0.001 * 256 = 256000, 640000; c = 128000, -160000
    assert connection.fraction_bits == 8
    assert np.abs(layer.threshold - [256000, 640000]).max() <= 1
    assert np.abs(layer.bias - [128000, -160000]).max() <= 1
    # the readout has one scale, 1/127: weights 127, -64 (63.5 rounds to even), 32 (31.75), 64
    assert last.weight.tolist() == [[127, -64], [32, 64]]
    assert readout.threshold is None
    assert np.abs(readout.bias - [0.1 * 127 * 256, -0.2 * 127 * 256]).max() <= 1


def test_the_trace_of_a_folded_network_by_hand():
    # channel 0: w 1.27 and -0.3 on inputs 4 and 2 of 10: 127 * 4 - 30 * 2 = 448 counts of 0.001, plus the bias of 0.1
    first = np.array([[1.27, -0.3], [0.1, 0.508]], np.float32), np.array([0.1, 0.0], np.float32), None
    net = fold(spec(), params_of(first, READOUT), ones(spec()), (8, 8), 4, Widths(32, 32, 32, 32))
    run = run_integer(net, np.array([[[[4, 2]]]], np.uint8), trace=True)
    # 0.548; 0.274 + 0.548 = 0.822; 0.411 + 0.548 = 0.959; 0.4795 + 0.548 = 1.0275 >= 1: reset
    potentials = run.membranes[0][:, 0, 0] * 0.001 / 256
    assert potentials.tolist() == pytest.approx([0.548, 0.822, 0.959, 0.0], abs=1e-4)
    # channel 1: 0.1 * 0.4 + 0.508 * 0.2 = 0.1416 never fires; the readout: one spike of 1.0, 0.25, four biases
    assert [mean.tolist() for mean in run.spikes] == [[1.0, 0.0]]
    readout = run.readout[0] / 127 / 256
    assert readout.tolist() == pytest.approx([1.0 + 4 * 0.1, 32 / 127 - 4 * 0.2], abs=1e-3)


def test_batch_normalisation_by_hand():
    # gain = gamma / sqrt(var + 1e-5): 2 / 4 = 0.5 and -3 / 3 = -1
    # bias = gain (b - mean) + shift: 0.5 (0 - 1) + 0.2 = -0.3; -1 (0 - 0.5) + 0.1 = 0.6
    # a negative gain turns the weights' signs
    norm = np.array([[2.0, -3.0], [0.2, 0.1], [1.0, 0.5], [16.0 - 1e-5, 9.0 - 1e-5]], np.float32)
    first = np.array([[1.27, 0.0], [0.0, 1.27]], np.float32), np.zeros(2, np.float32), norm
    net = fold(spec(norm=True), params_of(first, READOUT), ones(spec()), (8, 8), 4, Widths(32, 32, 32, 32))
    connection, layer = chain_of(net)[0]
    assert connection.weight.tolist() == [[127, 0], [0, -127]]
    # S = 0.5 * 0.01 / 10 = 0.0005 and 1 * 0.01 / 10 = 0.001: th = 2000, 1000; c = -600, 600 (times 2**8)
    assert np.abs(layer.threshold / 256 - [2000, 1000]).max() < 0.5
    assert np.abs(layer.bias / 256 - [-600, 600]).max() < 0.5


def test_the_folded_float_network_and_the_integers_agree():
    rng = np.random.default_rng(0)
    own = spec("fc32-fc16", (1, 4, 4), 5, norm=True)
    fresh = initial_params(own, 0)
    norms = [
        None if norm is None else _norm(rng, len(bias))
        for norm, bias in zip(fresh.norms, fresh.biases, strict=True)
    ]
    params = replace(fresh, norms=tuple(norms))
    masks = tuple(rng.random(weight.shape) < 0.7 for weight in params.weights)
    x = rng.integers(0, 11, (400, 1, 4, 4)).astype(np.uint8)
    for bits in (1, 2, 3, 4, 8, 16):
        ticket = Ticket(params, masks, (bits,) * 3)
        with torch.no_grad():
            floats = Stack(own, [ticket]).eval()(torch.from_numpy(x / np.float32(10)), 6)[0].argmax(1).numpy()
        net = fold(own, params, masks, (bits,) * 3, 6, Widths(32, 32, 32, 32))
        assert (run_integer(net, x).predictions == floats).mean() >= 0.98, bits


def _norm(rng, n):
    rows = [rng.normal(1, 0.5, n), rng.normal(0, 0.3, n), rng.normal(0, 0.2, n), rng.uniform(0.05, 0.3, n)]
    return np.stack(rows).astype(np.float32)


GRAPHS = [
    ("8c3s2-dw3-res(8c3)-gap-fc16", {}),
    ("4c3x1-p2x1-res(6c3s2-6c3)-fc8", {"pool": "sum"}),
    ("p2-6c3-r16", {"leak_shift": 2, "reset": "subtract"}),
    ("4c3-p2-r16", {"frames": 8, "input_max": 3}),
    ("r16", {"frames": 8, "binning": "mean", "readout": Readout(leak_shift=2)}),
    ("res(8c1-1c3)-fc8", {"frames": 6, "input_max": 1, "readout": Readout(last=3)}),
    ("fc16-res(fc16)", {"frames": 6, "readout": Readout(labels="step")}),
]


@pytest.mark.parametrize("bits", [2, 8])
@pytest.mark.parametrize(("layers", "changes"), GRAPHS)
def test_folded_graphs_and_their_integers_agree(layers, changes, bits):
    rng = np.random.default_rng(1)
    own = spec(layers, (1, 6, 6), 4, norm=True, threshold=0.5, **changes)
    fresh = initial_params(own, 1)
    norms = tuple(None if norm is None else _norm(rng, norm.shape[1]) for norm in fresh.norms)
    params, every = replace(fresh, norms=norms), (bits,) * len(own.connections)
    masks = tuple(
        mask & (rng.random(mask.shape) < 0.8) if c.prunable else mask
        for c, mask in zip(own.connections, ones(own), strict=True)
    )
    frames = () if own.input.still else (own.input.frames,)
    x = rng.integers(0, own.input.max + 1, (200, *frames, 1, 6, 6)).astype(np.uint8)
    floats = logits(own, [Ticket(params, masks, every)], x, 6)[0].argmax(-1)
    for widths in (Widths(), Widths(16, 32, 16, 16), Widths(16, 16, 16, 16)):
        guesses = run_integer(fold(own, params, masks, every, 6, widths), x).predictions
        assert (guesses == floats).mean() >= (0.99 if widths == Widths() else 0.9)


@pytest.mark.parametrize("layers", ["r16-fc8", "4c3-res(4c3)-p2-r12", "fc8-res(fc8)"])
def test_where_overflow_is_refused_all_connections_together_stay_within_the_widths(layers):
    own = spec(layers, (1, 6, 6), 4, leak_shift=None, readout=Readout(leak_shift=2))
    params, bits = initial_params(own, 0), (4,) * len(own.connections)
    widths = Widths(14, 14, 14, 14, "reject")
    net = fold(own, params, ones(own), bits, 6, widths)
    assert overflows(net, widths) == ""
    extreme = np.random.default_rng(0).integers(0, 2, (100, 1, 6, 6)).astype(np.uint8) * 10
    run = run_integer(net, extreme, trace=True)
    assert run.sums_clipped == run.membranes_clipped == 0
    assert max(np.abs(trace).max() for trace in run.membranes) < 2**13
    assert sum(spikes.sum() for spikes in run.spikes) > 0


def test_two_connections_into_one_population_by_hand():
    # steps of 0.01 and 0.0025 alone: S = 0.0025, e = 2 and 0; f = 8: th = 1 / 0.0025 * 256, c = 0.5 / 0.0025 * 256
    own = spec("fc1-res(fc1)", (1, 1, 1))
    weights = [[[1.27]], [[1.27]], [[[[0.3175]]]], [[1.0], [1.0]]]
    params = Params(
        tuple(np.array(weight, np.float32) for weight in weights),
        tuple(np.array(bias, np.float32) for bias in ([0.0], [0.5], [0.0, 0.0])),
        (None,) * 3,
    )
    net = fold(own, params, ones(own), (8,) * 4, 4, Widths())
    assert [c.weight.item() for c in net.connections[1:3]] == [127, 127]
    assert [c.fraction_bits for c in net.connections[1:3]] == [10, 8]
    second = net.populations[1]
    assert second.threshold.item() == pytest.approx(102400, abs=1)
    assert second.bias.item() == pytest.approx(51200, abs=1)


def test_pooled_inputs_and_their_largest_value_are_folded_by_hand():
    # a window of four values of up to 10 is worth 1/40 a count; S = 0.01 / 40, th = 4000 * 2**f
    own = spec("p2-fc1", (1, 2, 2), pool="sum")
    readout = np.ones((2, 1), np.float32), np.zeros(2, np.float32), None
    first = np.array([[1.27]], np.float32), np.zeros(1, np.float32), None
    net = fold(own, params_of(first, readout), ones(own), (8, 8), 4, Widths())
    assert net.populations[0].threshold.item() == pytest.approx(
        4000 * 2 ** net.connections[0].fraction_bits, rel=1e-6
    )
    run = run_integer(net, np.full((1, 1, 2, 2), 8, np.uint8), trace=True)
    # 1.27 * 0.8 = 1.016 fires in every timestep
    assert run.spikes[0].tolist() == [4.0]


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_everything_fits_the_widths_of_a_small_device(bits):
    rng = np.random.default_rng(bits)
    own = spec("fc8-fc8", (1, 4, 4), 3, input_max=255)
    fresh = initial_params(own, bits)
    params = Params(
        tuple(weight * np.float32(rng.uniform(0.001, 3)) for weight in fresh.weights),
        tuple(bias * 5 for bias in fresh.biases),
        fresh.norms,
    )
    widths = Widths(state=16, accumulator=32, bias=16, threshold=16)
    for connection, layer in chain_of(fold(own, params, ones(own), (bits,) * 3, 4, widths)):
        assert np.abs(layer.bias).max() < 2**15
        assert np.abs(connection.weight).max() <= max(1, 2 ** (bits - 1) - 1)
        if layer.threshold is not None:
            assert layer.threshold.min() > 0
            assert layer.threshold.max() <= 2**13  # two bits of headroom under the membrane's 15


@pytest.mark.parametrize("reset", ["zero", "subtract"])
@pytest.mark.parametrize("bits", [1, 2, 3, 4, 6, 8])
@pytest.mark.parametrize("granularity", GRANULARITIES)
def test_every_candidate_is_one_network_from_the_quantiser_to_its_bytes(granularity, bits, reset):
    """Quantised, folded, shrunk, packed and unpacked: the same integers, and the same answers."""
    shape = spec("4c3-p2-6c3-fc8", (1, 6, 6), 3, reset=reset)
    params = initial_params(shape, bits)
    masks = prune(shape.connections, params.weights, granularity, 0.5)
    net = fold(shape, params, masks, (bits,) * 4, 3, Widths())
    for connection, floats, mask in zip(net.connections, params.weights, masks, strict=True):
        grid = Quantiser((bits,), not connection.shape.readout, over_all=True)
        both = (torch.from_numpy(array.astype(np.float32))[None] for array in (floats, mask))
        assert np.array_equal(connection.weight, grid.quantise(*both)[0][0].numpy())
        assert not connection.weight[~mask].any()
    slim, _ = shrink(net)
    x = np.random.default_rng(0).integers(0, 11, (12, 1, 6, 6)).astype(np.uint8)
    answer = run_integer(net, x).readout
    assert np.array_equal(run_integer(slim, x).readout, answer)
    n_formats = 0
    for name in FORMATS:
        held = [stored_bytes(name, census(c.weight), bits, 16) is not None for c in slim.connections]
        back = [
            replace(c, weight=unpack(pack(c.weight, bits, name))) if fits else c
            for c, fits in zip(slim.connections, held, strict=True)
        ]
        assert all(np.array_equal(a.weight, b.weight) for a, b in zip(back, slim.connections, strict=True))
        n_formats += any(held)
    assert n_formats >= 5
    assert np.array_equal(run_integer(replace(slim, connections=tuple(back)), x).readout, answer)
