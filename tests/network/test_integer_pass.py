"""Graphs of populations against traces worked out by hand: recurrence, joins, sequences, readouts."""

import numpy as np
import pytest
from builders.integer_networks import dense, fc, filters, graph, network, one_neuron, population

from hwsearch.graph.graph import INPUT, Pooling, Readout
from hwsearch.network.integer import run_integer

X2 = np.full((1, 1, 1, 1), 2, np.uint8)
ONE = population("readout", [0])


def trace(net, place, x=X2):
    return (
        run_integer(net, x, trace=True).membranes[place][:, 0].reshape(net.timesteps, -1).squeeze(1).tolist()
    )


def sequence(*frames):
    """Return one sample of one value a frame."""
    return np.array(frames, np.uint8).reshape(1, -1, 1, 1, 1)


def read_by(name="readout", source=0, weight=((1,),), **settings):
    return dense(name, source, settings.pop("target", 1), weight, readout=True, **settings)


def test_a_neuron_that_inhibits_itself_a_timestep_later():
    # 3 * 2 = 6 a timestep, -4 the timestep after a spike, threshold 10: 6; 12 fires; 6 - 4 = 2; 8; 14 fires
    net = graph(
        [population("rec1", [0], [10]), ONE],
        [dense("rec1", INPUT, 0, [[3]]), dense("rec1.back", 0, 0, [[-4]], delay=1), read_by()],
        timesteps=5,
    )
    assert trace(net, 0) == [6, 0, 2, 8, 0]
    assert trace(net, 1) == [0, 1, 1, 1, 2]
    run = run_integer(net, X2)
    # the input is read once; what is sent in the last timestep comes too late for the neuron itself
    assert [events.ravel().tolist() for events in run.input_maps] == [[1.0], [1.0], [2.0]]
    assert run.spikes[0].tolist() == [2.0]


def test_two_populations_that_feed_each_other():
    # the first gets 4 a timestep and fires at 8; the second fires with it, and takes 3 from it a timestep later
    net = graph(
        [population("fc1", [0], [8]), population("fc2", [0], [5]), ONE],
        [
            dense("fc1", INPUT, 0, [[2]]),
            dense("fc1.back", 1, 0, [[-3]], delay=1),
            dense("fc2", 0, 1, [[5]]),
            read_by(source=1, target=2),
        ],
        timesteps=5,
    )
    # 4; 8 fires; 4 - 3 = 1; 5; 9 fires
    assert trace(net, 0) == [4, 0, 1, 5, 0]
    assert trace(net, 2) == [0, 1, 1, 1, 2]


def test_a_delayed_connection_forward_reads_nothing_at_first():
    # 7; 14 fires; 7; 14 fires; read a timestep later: only the first spike arrives
    hidden = population("fc1", [1], [10])
    net = graph([hidden, ONE], [dense("fc1", INPUT, 0, [[3]]), read_by(delay=1)], timesteps=4)
    assert trace(net, 0) == [7, 0, 7, 0]
    assert trace(net, 1) == [0, 0, 1, 1]
    # of a still image, too: 0; 6; 12 fires; 6
    late = graph(
        [population("fc1", [0], [10]), ONE], [dense("fc1", INPUT, 0, [[3]], delay=1), read_by()], timesteps=4
    )
    assert trace(late, 0) == [0, 6, 0, 6]
    assert run_integer(late, X2).input_maps[0].ravel().tolist() == [1.0]


def two_fractions(**settings):
    """x = 3: (3 << 2) + ((15 + 1) >> 1) + 1 = 21 a timestep."""
    connections = [dense("fc1", INPUT, 0, [[1]], f=2), dense("fc1.skip", INPUT, 0, [[5]], f=-1), read_by()]
    return graph([population("fc1", [1], [40]), ONE], connections, timesteps=3, **settings)


def test_two_connections_of_different_fraction_bits():
    x = np.full((1, 1, 1, 1), 3, np.uint8)
    assert trace(two_fractions(), 0, x) == [21, 0, 21]
    # 5 bits: 16 becomes 15 before it is shifted, 12 + 7 + 1 = 20 becomes 15; twice in each of three timesteps
    narrow = two_fractions(accumulator_bits=5)
    assert trace(narrow, 0, x) == [15, 30, 0]
    assert run_integer(narrow, x).sums_clipped == 6


@pytest.mark.parametrize(
    ("binning", "membranes"), [("sum", [6, 0]), ("mean", [4, 0])]
)  # 3, 7: 6; 20 fires. 1.5 -> 2, 3.5 -> 4: 4; 12 fires
def test_an_analog_sequence_is_binned(binning, membranes):
    connections = [dense("fc1", INPUT, 0, [[2]]), read_by()]
    net = graph([population("fc1", [0], [8]), ONE], connections, timesteps=2, frames=4, binning=binning)
    run = run_integer(net, sequence(1, 2, 3, 4), trace=True)
    assert run.membranes[0].ravel().tolist() == membranes
    assert run.input_maps[0].ravel().tolist() == [2.0]  # a value in each of two timesteps, whatever it is


def test_the_mean_of_values_that_are_not_zero_counts_over_time():
    net = graph(
        [population("fc1", [0], [8]), ONE], [dense("fc1", INPUT, 0, [[2]]), read_by()], timesteps=3, frames=3
    )
    run = run_integer(net, np.concatenate([sequence(5, 0, 9), sequence(0, 0, 1)]))
    assert run.input_maps[0].ravel().tolist() == [1.5]


def test_frames_of_spikes_are_counted_as_spikes():
    # pooled by sums: windows of two spikes, one, and none; 3 a sample
    connections = [
        dense("fc1", INPUT, 0, [[3]], pooling=Pooling((1, 2), "sum")),
        read_by(),
    ]
    net = graph(
        [population("fc1", [0], [8]), ONE], connections, timesteps=3, frames=3, input_max=1, shape=(1, 1, 2)
    )
    x = np.array([[1, 1], [0, 1], [0, 0]], np.uint8).reshape(1, 3, 1, 1, 2)
    run = run_integer(net, x, trace=True)
    assert run.membranes[0].ravel().tolist() == [6, 0, 0]  # 6; 9 fires; 0
    assert run.input_maps[0].ravel().tolist() == [3.0]


def reads(**readout):
    """Spikes at steps 2 and 4 and a bias of 3: currents 3, 4, 3, 4."""
    layers = [fc([[3]], [1], [10]), fc([[1], [0]], [3, 4], name="readout")]
    return network(layers, timesteps=4, readout=Readout(**readout))


def potentials(net):
    return run_integer(net, X2, trace=True).membranes[1][:, 0].tolist()


def test_a_readout_of_the_last_timesteps():
    assert potentials(reads(last=2)) == [[0, 0], [0, 0], [3, 4], [7, 8]]
    assert potentials(reads(last=9)) == potentials(reads())


def test_a_readout_with_a_leak():
    # 3; 3 - 1 + 4 = 6; 6 - 3 + 3 = 6; 6 - 3 + 4 = 7, and 4; 4 - 2 + 4 = 6; 6 - 3 + 4 = 7; 7 - 3 + 4 = 8
    assert potentials(reads(leak_shift=1)) == [[3, 4], [6, 6], [6, 7], [7, 8]]
    assert potentials(reads(leak_shift=1, last=2)) == [[0, 0], [0, 0], [3, 4], [6, 6]]


def test_a_prediction_after_every_timestep():
    # 3, 7, 10, 14 and 4, 8, 12, 16
    run = run_integer(reads(labels="step"), np.concatenate([X2, X2]))
    assert run.readout[1].tolist() == [[3, 4], [7, 8], [10, 12], [14, 16]]
    assert run.predictions.tolist() == [[1, 1, 1, 1]] * 2
    leaky = run_integer(reads(labels="step", leak_shift=1), X2)
    assert leaky.predictions.tolist() == [[1, 0, 1, 1]]  # the first of equals


def test_global_pooling_adds_up_a_map():
    # pixels 2 0 2 / 1 2 0 through weight 5, threshold 10: three of six neurons fire in every timestep
    net = graph(
        [population("conv1", [0], [10], size=(2, 3)), population("readout", [0, 1])],
        [
            filters("conv1", INPUT, 0, [[[[5]]]], (2, 3)),
            read_by(weight=[[2], [-1]], pooling=Pooling((2, 3), "sum")),
        ],
        timesteps=2,
        shape=(1, 2, 3),
    )
    run = run_integer(net, np.array([[[[2, 0, 2], [1, 2, 0]]]], np.uint8), trace=True)
    # after the second timestep 1 * 5 + 1 * 5 has fired as well: 3 and 4 spikes
    assert run.membranes[1][:, 0].tolist() == [[6, -2], [14, -5]]
    assert run.input_maps[1].tolist() == [[[7.0]]]


def test_a_filter_with_one_side_and_a_stride():
    # 1 2 3 4 padded by a zero at each end, weights 1 10 100, every second place: 10 + 200, 2 + 30 + 400
    net = graph(
        [population("conv1", [0], [10**6], size=(1, 2)), ONE],
        [
            filters("conv1", INPUT, 0, [[[[1, 10, 100]]]], (1, 4), stride=(1, 2)),
            read_by(weight=[[0, 0]], fan_columns=2),
        ],
        timesteps=1,
        shape=(1, 1, 4),
    )
    run = run_integer(net, np.array([[[[1, 2, 3, 4]]]], np.uint8), trace=True)
    assert run.membranes[0].ravel().tolist() == [210, 432]


def test_depthwise_filters_read_their_own_channel():
    net = graph(
        [population("dw1", [0, 1], [100, 100], size=(1, 2)), ONE],
        [
            filters("dw1", INPUT, 0, [[[[1, 0, 0]]], [[[0, 0, 5]]]], (1, 2), groups=2),
            read_by(weight=[[0] * 4], fan_columns=2),
        ],
        timesteps=1,
        shape=(2, 1, 2),
    )
    run = run_integer(net, np.array([[[[3, 4]], [[6, 7]]]], np.uint8), trace=True)
    # each reads its left neighbour, each five times its right one
    assert run.membranes[0][0, 0].tolist() == [[[0, 3]], [[36, 1]]]


def test_a_residual_identity_of_a_flat_population():
    # fires at 2 * 2 >= 4; then 5 + 3 over both ways
    net = graph(
        [population("fc1", [0], [4]), population("fc2", [0], [20]), ONE],
        [
            dense("fc1", INPUT, 0, [[2]]),
            dense("fc2", 0, 1, [[5]]),
            filters("fc2.skip", 0, 1, [[[[3]]]], (1, 1)),
            read_by(source=1, target=2),
        ],
        timesteps=3,
    )
    assert trace(net, 1) == [8, 16, 0]
    assert [events.shape for events in run_integer(net, X2).input_maps] == [(1, 1, 1), (1,), (1, 1, 1), (1,)]


def test_of_still_images_one_timestep_stands_for_all():
    # 7; 11 fires: the same from three frames of the same image
    still = run_integer(one_neuron(timesteps=3), X2, trace=True)
    frames = run_integer(one_neuron(timesteps=3, frames=3), sequence(2, 2, 2), trace=True)
    assert all(np.array_equal(a, b) for a, b in zip(still.membranes, frames.membranes, strict=True))
    assert (still.input_maps[0].item(), frames.input_maps[0].item()) == (1.0, 3.0)
