"""Counts by hand for each kind of connection, and against NeuroBench itself on pruned networks."""

import numpy as np
import pytest
import torch
from builders.graphs import spec
from builders.random_networks import random_network
from builders.workloads import counted, map_shape
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.compress.census import census
from hwsearch.compress.packing import pack, unpack
from hwsearch.graph.graph import Input
from hwsearch.hardware.storage import FORMATS, stored_bytes
from hwsearch.measure.workload import count_workload, input_bits
from hwsearch.network.fold import fold
from hwsearch.network.integer import run_integer
from hwsearch.network.integers import Widths
from hwsearch.network.params import initial_params
from hwsearch.network.shrink import shrink


def test_a_small_network_by_hand():
    # 2 pixels, one of them zero; neuron 0 reads both, neuron 1 reads only the zero one, and the first fires twice
    weights = [np.array([[2, 1], [0, 4]]), np.array([[1, 0], [1, 1], [0, 1]])]
    maps, spikes = [np.array([[[1.0, 0.0]]]), np.array([2.0, 0.0])], [np.array([2.0, 0.0])]
    work = counted(spec("fc2", (1, 1, 2)), weights, maps, spikes, timesteps=2)
    first, last = work.connections
    # the only non-zero input meets one non-zero weight
    assert (work.macs, first.ops.dense, first.spikes_in) == (1.0, 2.0, 1.0)
    assert [p.spikes_out for p in work.populations] == [2.0, 0.0]
    # 2 spikes of neuron 0, read by two non-zero weights out of three
    assert (work.synaptic_ops, last.ops.dense) == (4.0, 6.0)
    # every row of the readout has a block that holds a non-zero, so every block is stored
    assert last.ops.blocks == (6.0, 6.0)
    assert work.neuron_updates == 2 * (2 + 3)
    assert (work.inputs, work.still, work.analog, work.depth) == (2, True, True, 2)


def ops_of(spelling, shape, weights, events, place=0):
    """Return the operations of one connection of a network, of events on its map."""
    network = spec(spelling, shape)
    maps = [np.zeros(map_shape(network, c)) for c in network.connections]
    maps[place] = np.asarray(events, float)
    every = [np.ones(c.weight_shape, int) for c in network.connections]
    every[place] = np.asarray(weights)
    return counted(network, every, maps).connections[place].ops


def one_pixel(shape, *at):
    events = np.zeros(shape)
    events[at] = 1
    return events


def test_slots_without_a_weight_are_met_by_the_first_input_of_their_group():
    weights = np.zeros((2, 9), int)
    weights[0, :3] = 1  # three slots in each group of 4, since one row has so many
    weights[1, 5] = 1
    events = [5, 0, 0, 0, 2, 7, 0, 0, 3]  # of inputs; groups begin at 0, 4 and 8
    # row 0 leaves 0, 3 and 3 slots, row 1 leaves 3, 2 and 3
    assert ops_of("fc2", (9, 1, 1), weights, events).nm_unused[0] == 5 * 3 + 2 * 5 + 3 * 6
    assert ops_of("2c3", (1, 3, 3), np.ones((2, 1, 3, 3)), one_pixel((1, 3, 3), 0, 1, 1)).nm_unused == (
        0,
        0,
        0,
    )


def test_a_filter_meets_what_lies_below_it():
    # one pixel in the corner of a 3 x 3 map: a 3 x 3 filter has 4 of its 9 taps inside, all ones but the centre
    kernel = np.ones((1, 1, 3, 3), int)
    kernel[0, 0, 1, 1] = 0
    ops = ops_of("1c3", (1, 3, 3), kernel, one_pixel((1, 3, 3), 0, 0, 0))
    assert (ops.nonzero, ops.dense, ops.planes) == (3.0, 4.0, 4.0)


def test_a_stride_leaves_out_places():
    # filters stand at rows and columns 0, 2, 4 of 5: pixel (2, 2) lies below the centre of one filter only, pixel
    # (1, 1) below a corner of four, and (1, 2) below a side of two
    kernel = np.arange(1, 10).reshape(1, 1, 3, 3)
    for pixel, met in (((2, 2), 1), ((1, 1), 4), ((1, 2), 2)):
        assert ops_of("1c3s2", (1, 5, 5), kernel, one_pixel((1, 5, 5), 0, *pixel)).dense == met
    kernel[0, 0, 1, 1] = 0  # the centre
    assert ops_of("1c3s2", (1, 5, 5), kernel, one_pixel((1, 5, 5), 0, 2, 2)).nonzero == 0


def test_a_rectangular_filter_looks_one_way_only():
    kernel = np.ones((2, 1, 3, 1), int)
    # 3 down, 1 across: a pixel in the middle lies below 3 filters of each of 2 channels, one in the first row below 2
    assert ops_of("2c3x1", (1, 4, 6), kernel, one_pixel((1, 4, 6), 0, 2, 3)).dense == 2 * 3
    assert ops_of("2c3x1", (1, 4, 6), kernel, one_pixel((1, 4, 6), 0, 0, 3)).dense == 2 * 2
    assert (
        ops_of("2c1x3", (1, 4, 6), np.ones((2, 1, 1, 3), int), one_pixel((1, 4, 6), 0, 0, 3)).dense == 2 * 3
    )


def test_a_depthwise_filter_meets_its_own_channel():
    kernel = np.ones((3, 1, 3, 3), int)
    kernel[1] = 0
    kernel[2, 0, 0] = 0
    events = np.zeros((3, 4, 4))
    events[:, 1, 1] = 1.0, 10.0, 100.0  # an inner pixel: 9 taps each
    ops = ops_of("3c1-dw3", (1, 4, 4), kernel, events, place=1)
    assert ops.nonzero == 9 * 1 + 0 + 6 * 100
    assert ops.dense == 9 * 111
    assert ops.planes == 9 * 101  # the plane of channel 1 holds nothing
    assert ops.blocks[1] == 9 * 1 + 9 * 100  # each row of 9 is two runs of 8, the last of one weight


def test_an_identity_meets_each_spike_once():
    network = spec("2c3-res(2c3)", (1, 4, 4))
    skip = next(i for i, c in enumerate(network.connections) if not c.prunable)
    maps = [np.zeros(map_shape(network, c)) for c in network.connections]
    maps[skip] = np.full((2, 4, 4), 0.5)
    work = counted(network, maps=maps)
    assert work.connections[skip].identity
    assert work.connections[skip].ops.dense == work.synaptic_ops == 2 * 16 * 0.5
    # its population is counted once, whatever enters it
    assert work.neuron_updates == 3 * (2 * 16 + 2 * 16 + 3)


def test_recurrent_weights_meet_the_spikes_that_arrive_a_timestep_later():
    network = spec("r4", (1, 1, 2))
    maps = [np.array([[[1.0, 1.0]]]), np.array([1.0, 0.0, 0.0, 2.0]), np.array([1.0, 1.0, 0.0, 2.0])]
    work = counted(network, maps=maps, spikes=[np.array([1.0, 1.0, 0.0, 2.0])])
    first, back, last = work.connections
    assert (back.role, back.delay, back.source, back.target) == ("hidden", 1, 0, 0)
    assert (first.ops.dense, back.ops.dense, last.ops.dense) == (2 * 4, 3 * 4, 4 * 3)
    assert work.depth == 2


def test_what_is_read_pooled_is_counted_pooled():
    network = spec("2c3-p2-fc3", (1, 4, 5))
    maps = [np.zeros((1, 4, 5)), np.arange(8.0), np.zeros(3)]
    fc = counted(network, maps=maps).connections[1]
    assert (fc.inputs, fc.fan_columns, fc.pooling.window) == (8, 4, (2, 2))
    assert fc.ops.dense == 28 * 3


def test_a_sequence_of_values_is_paid_every_timestep_and_one_of_spikes_is_no_analog_input():
    maps = [np.full((1, 2, 2), 5.0), np.zeros(3)]
    values = counted(spec("fc3", (1, 2, 2), frames=6), maps=maps, timesteps=6)
    assert (values.still, values.analog, values.macs) == (False, True, 4 * 5 * 3)
    events = counted(spec("fc3", (1, 2, 2), frames=6, input_max=1), maps=maps, timesteps=6)
    assert (events.analog, events.macs, events.synaptic_ops) == (False, 0, 4 * 5 * 3)


def test_frames_that_are_added_up_take_more_bits():
    events = Input((1, 2, 2), 1, 1, frames=20)
    assert [input_bits(events, t) for t in (20, 10, 6, 1)] == [1, 2, 3, 5]
    assert input_bits(Input((1, 2, 2), 1, 1, frames=20, binning="mean"), 1) == 1
    assert input_bits(Input((1, 2, 2), 16, 5), 1) == 5


SPELLINGS = ["4c3s2-dw3-gap", "3c3x1-res(3c3)-p2x1-fc4", "res(r5)-fc3", "2c1-dw3s2-res(4c1)-fc5", "r4"]


@settings(deadline=None, max_examples=30, derandomize=True)
@given(st.sampled_from(SPELLINGS), st.integers(0, 999), st.sampled_from([1, 2, 3, 5, 8]))
def test_priced_bytes_are_packed_bytes_in_every_format(spelling, seed, bits):
    rng = np.random.default_rng(seed)
    for c in spec(spelling, (2, 6, 6)).connections:
        most = max(1, 2 ** (bits - 1) - 1)
        weights = rng.integers(1, most + 1, c.weight_shape) * rng.choice([-1, 1], c.weight_shape)
        weights *= rng.random(c.weight_shape) < rng.random()
        for name in FORMATS:
            n_bytes = stored_bytes(name, census(weights, c.groups), bits)
            if n_bytes is not None:
                packed = pack(weights, bits, name, groups=c.groups)
                assert len(packed.data) == n_bytes
                assert np.array_equal(unpack(packed), weights)


@settings(deadline=None, max_examples=200, derandomize=True)
@given(st.integers(0, 2**32 - 1))
def test_priced_bytes_are_packed_bytes_of_random_graphs(seed):
    network, _ = random_network(np.random.default_rng(seed))
    for c in shrink(network)[0].connections:
        for name in FORMATS:
            n_bytes = stored_bytes(name, census(c.weight, c.shape.groups), 4)
            if n_bytes is not None:
                assert len(pack(c.weight, 4, name, groups=c.shape.groups).data) == n_bytes


@settings(deadline=None, max_examples=30, derandomize=True)
@given(st.sampled_from(SPELLINGS), st.integers(0, 999))
def test_operations_are_those_of_the_events_pushed_through_the_weights(spelling, seed):
    rng, network = np.random.default_rng(seed), spec(spelling, (2, 6, 6))
    weights = [(rng.random(c.weight_shape) < 0.5).astype(int) for c in network.connections]
    maps = [rng.random(map_shape(network, c)) for c in network.connections]
    work = counted(network, weights, maps)
    for c, weight, events, found in zip(network.connections, weights, maps, work.connections, strict=True):
        x, w = torch.from_numpy(events)[None], torch.from_numpy(weight).double()
        pushed = {"nonzero": w, "dense": torch.ones_like(w)}
        for what, each in pushed.items():
            if c.kind == "fc":
                out = x.reshape(1, -1) @ each.T
            else:
                maps_in = x.reshape(1, -1, *c.in_size)
                out = torch.nn.functional.conv2d(maps_in, each, None, c.stride, c.padding, 1, c.groups)
                assert out.shape[2:] == c.out_size
            assert getattr(found.ops, what) == pytest.approx(float(out.sum()))


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
    network = spec(
        topology, (1, 8, 8), 5, leak_shift=None, threshold=0.3,
        quantise_first=False,  # else these random weights leave too few spikes to count
    )  # fmt: skip
    params = initial_params(network, 1)
    masks = [rng.random(weight.shape) < 0.4 for weight in params.weights]
    net, _ = shrink(fold(network, params, masks, (4,) * len(masks), 6, Widths()))
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
